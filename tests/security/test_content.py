"""What people type never becomes part of a page: it is read, and nothing else."""

import pytest
from security.estate import Estate
from security.pages import pieces_of, taken_apart
from security.surfaces import SURFACES
from sqlalchemy import text, update

from entente.people.models import Organisation, Person, Session
from entente.web.templates import root
from forums import feed, queries
from forums.models import Forum, Thread
from world import World

HOSTILE = "\"'><img src=x onerror=alert(1)><script>alert(2)</script>{{7*7}}<b id=forge hx-get=/x style=x>"
"""It closes an attribute, an element and a template, and opens what it should not."""

SHORT = "\"'><i onx>"
"""The same in twenty letters."""

BODY = (
    f'{HOSTILE}\n\n[x](javascript:alert(3)) ![x](/x" onerror=alert(4))\n\n<svg onload=alert(5)>\n\n<style>*{{}}</style>'
)


async def _deface(estate: Estate) -> None:
    """Give everything in the world a hostile name."""
    world = estate.world
    async with world.house.database.writing() as db:
        await db.execute(update(Person).values(given_name=HOSTILE[:80], family_name=HOSTILE[:80]))
        await db.execute(update(Session).values(device=HOSTILE, address=SHORT))
        for table in ("organisation", "body", "circle", "service"):
            # Names are unique: each attack is signed.
            for id_ in (await db.execute(text(f"SELECT id FROM {table}"))).scalars().all():
                named = text(f"UPDATE {table} SET name = :name WHERE id = :id")
                await db.execute(named, {"name": f"{HOSTILE}{str(id_)[-8:]}", "id": id_})
        await db.execute(update(Organisation).values(short_name=SHORT))
        await db.execute(update(Forum).values(title=HOSTILE, purpose=HOSTILE))
        await db.execute(update(Thread).values(title=HOSTILE))
    awa = await world.again(world.awa)
    await world.post(awa, estate.thread, BODY)
    await world.open(awa, world.technique, HOSTILE, BODY)


@pytest.mark.parametrize("person", ["awa", "ines", "anonymous"])
async def test_hostile_names_make_no_element(estate: Estate, person: str) -> None:
    """Everything is called by an attack; on every page, each element and attribute is one that we wrote.

    None has an inline handler, a style attribute, an address that runs, or a script without the page's nonce.
    """
    await _deface(estate)
    seen = 0
    async with estate.world.browser(estate.someone(person)) as browser:
        for surface in SURFACES:
            answer = await surface.knock(browser, estate)
            if surface.ends_session or "html" not in answer.headers.get("content-type", ""):
                continue
            page = pieces_of(answer)
            seen += "alert(1)" in answer.text
            assert page.forbidden() == [], surface.door
            assert [tag for tag, known in page.elements if known.get("id") == "forge" or "onx" in known] == [], (
                surface.door
            )
            assert [tag for tag, known in page.elements if known.get("src") == "x"] == [], surface.door
            assert "49<b" not in answer.text, surface.door
    # The attack was really there to be read: otherwise nothing was tried.
    assert seen > (0 if person == "anonymous" else 8)


async def test_htmx_never_evaluates(world: World) -> None:
    """The page tells htmx not to evaluate, not to keep pages, and to ask this house alone."""
    async with world.browser(world.awa) as browser:
        page = pieces_of(await browser.get("/"))
    (config,) = [
        known["content"] for tag, known in page.elements if tag == "meta" and known.get("name") == "htmx-config"
    ]
    assert config is not None
    for rule in ('"allowEval":false', '"selfRequestsOnly":true', '"historyCacheSize":0'):
        assert rule in config


async def test_a_hostile_fragment_travels_as_words(estate: Estate) -> None:
    """The same attack on the wire: the fragment that live pages receive holds no element of its author's."""
    await _deface(estate)
    async with estate.world.reading() as db:
        keys = await queries.post_keys(db, estate.thread.id, 0)
        shown = await queries.shown_posts(db, [key.id for key in keys])
        rows = (await queries.threads_with_news(db, await estate.world.again(estate.world.bruno), 8)).threads
    fragments = [root(feed.shown(post)) for post in shown] + [root(feed.listed(row)) for row in rows]
    assert len(fragments) > 4

    page = taken_apart("".join(fragments))
    assert page.forbidden() == []
    assert [tag for tag, known in page.elements if known.get("src") == "x" or known.get("id") == "forge"] == []


async def test_a_file_with_a_hostile_name_is_only_a_name(estate: Estate) -> None:
    """Inès brings in a file whose name and lines are attacks: the page shows them as words."""
    lines = f"courriel;prénom;nom;organisation;fonction\r\nx@aubrac.example;{HOSTILE};{HOSTILE};{HOSTILE};agent\r\n"
    async with estate.world.browser(estate.world.ines) as browser:
        answer = await browser.post(
            "/administration/personnes/import", files={"file": (f"{SHORT}.csv", lines.encode(), "text/csv")}
        )
    assert answer.status_code in (200, 422)
    assert pieces_of(answer).forbidden() == []


UNSEEN = ["\u202e", "\u2066", "\u200b", "\u200d", "\ufeff", "\u00ad", "\0", "\u2028"]


async def test_a_name_holds_nothing_the_eye_cannot_see(world: World) -> None:
    """Awa puts marks that turn or hide letters in her name and in a title: none is kept."""
    async with world.browser(world.awa) as browser:
        for mark in UNSEEN:
            names = {"given_name": f"A{mark}wa", "family_name": f"Dial{mark}lo"}
            await browser.post("/profil", data=names | {"time_zone": "Europe/Paris", "mail": "daily"})
            await browser.post("/forums/technique", data={"title": f"Lame{mark} neuve", "body": "Bonjour."})
            page = await browser.get("/forums/technique")
            shown = page.text + (await world.again(world.awa)).name
            assert (repr(mark), "Lame" in shown, mark in shown) == (repr(mark), True, False)
