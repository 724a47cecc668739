"""Feeds for readers elsewhere: valid, secret, and never more than their owner may read now."""

import re
from datetime import timedelta
from pathlib import Path

import feedparser
import httpx
import pytest
from lxml import etree
from sqlalchemy import text, update
from sqlmodel import col, select

from entente.clock import today
from entente.people.models import AuditEntry, Person, PersonStatus, Seat
from entente.people.who import Who
from entente.web.middleware import _without_secrets
from forums import queries, service
from forums.atom.models import AtomAddress
from forums.models import EditedPost, Post
from forums.moderation import service as moderation
from forums.moderation.models import NewHiding
from world import World

SCHEMA = etree.RelaxNG(etree.parse(Path(__file__).parent / "atom.rng"))
YESTERDAY = today() - timedelta(days=1)
ATOM = "{http://www.w3.org/2005/Atom}"


async def address(world: World, who: Who, forum: str = "") -> str:
    """A new secret address, as the page shows it once."""
    async with world.browser(who) as browser:
        page = await browser.post("/forums/flux", data={"forum": forum})
    assert page.status_code == 200
    found = re.search(r'<code class="secret-address"[^>]*>http://entente\.test(/flux/[\w-]+)</code>', page.text)
    assert found is not None
    return found[1]


async def read(world: World, where: str, **headers: str) -> httpx.Response:
    """A reader elsewhere, without any cookie."""
    async with world.browser() as browser:
        return await browser.get(where, headers={name.replace("_", "-"): value for name, value in headers.items()})


def entries(answer: httpx.Response) -> list[etree._Element]:
    return list(etree.fromstring(answer.content).findall(f"{ATOM}entry"))


def contents(answer: httpx.Response) -> list[str]:
    return [str(entry.findtext(f"{ATOM}content")) for entry in entries(answer)]


async def test_a_feed_is_valid_whatever_people_write(world: World) -> None:
    """Marks, entities, quotes, an emoji and half of XML: the schema of RFC 4287 and a real reader accept it."""
    await world.open(world.bruno, world.technique, "Un <b>titre</b> & « d’autres » ]]>", "<![CDATA[ & **gras** 🚜 ]]>")
    for number in range(3):
        await world.post(world.denise, world.snow, f"Suite {number} & <script>alert(1)</script>\n\n> citation")
    answer = await read(world, await address(world, world.bruno))

    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/atom+xml"
    document = etree.fromstring(answer.content)
    assert SCHEMA.validate(document), SCHEMA.error_log
    parsed = feedparser.parse(answer.content)
    assert (parsed.bozo, parsed.version, len(parsed.entries)) == (False, "atom10", 5)
    assert parsed.entries[-1].title == "Lame de déneigement"
    assert {entry.author for entry in parsed.entries} >= {"Denise Astruc, Brioude", "Bruno Chassagne, Brioude"}
    ids = [str(entry.findtext(f"{ATOM}id")) for entry in entries(answer)]
    assert len(set(ids)) == len(ids)
    assert all(identity.startswith("urn:uuid:") for identity in ids)
    assert all("<script" not in content for content in contents(answer))


async def test_an_empty_feed_is_valid_too(world: World) -> None:
    """Nobody has spoken among the guests yet."""
    answer = await read(world, await address(world, world.bruno, "invites"))
    assert SCHEMA.validate(etree.fromstring(answer.content)), SCHEMA.error_log
    assert entries(answer) == []


async def test_the_schema_of_the_test_refuses_what_the_rfc_forbids(world: World) -> None:
    """Without id, with a date that is none, or an entry without author: the test would say so."""
    sound = (await read(world, await address(world, world.awa))).text
    for wrong in (
        re.sub(r"<id>.*?</id>", "", sound, count=1),
        re.sub(r"<updated>.*?</updated>", "<updated>hier</updated>", sound, count=1),
        re.sub(r"<author>.*?</author>", "", sound, count=1),
        sound.replace("<title>", "<titre>", 1).replace("</title>", "</titre>", 1),
    ):
        assert not SCHEMA.validate(etree.fromstring(wrong.encode()))
    assert SCHEMA.validate(etree.fromstring(sound.encode()))


async def test_a_feed_holds_what_its_owner_may_read_and_no_more(world: World) -> None:
    """Awa sits in the CoPil: her feed has its words, Bruno's does not; nobody may ask for a forum that is closed."""
    hers, his = await address(world, world.awa), await address(world, world.bruno)
    assert "Entre nous jusqu’au vote" in (await read(world, hers)).text
    assert "Entre nous" not in (await read(world, his)).text
    async with world.browser(world.bruno) as browser:
        page = await browser.get("/forums/flux")
        assert "CoPil" not in page.text
        assert (await browser.post("/forums/flux", data={"forum": "copil"})).status_code == 404


async def test_rights_are_those_of_today(world: World) -> None:
    """Awa's seat ends: her feed of everything forgets the CoPil, and the one of the CoPil alone opens nothing."""
    everything, copil = await address(world, world.awa), await address(world, world.awa, "copil")
    assert [("Entre nous" in (await read(world, each)).text) for each in (everything, copil)] == [True, True]
    async with world.house.database.writing() as db:
        await db.execute(update(Seat).where(col(Seat.holder_id) == world.awa.id).values(until=YESTERDAY))
    assert "Entre nous" not in (await read(world, everything)).text
    closed = await read(world, copil)
    assert (closed.status_code, closed.content) == (404, b"")


@pytest.mark.parametrize("how", ["suspended", "revoked", "renewed", "unknown"])
async def test_an_address_that_opens_no_more_says_nothing(world: World, how: str) -> None:
    """Suspended, revoked, renewed or never given: 404, the same and empty, even to who knows the last tag."""
    where = await address(world, world.bruno)
    tag = (await read(world, where)).headers["etag"]
    if how == "suspended":
        async with world.house.database.writing() as db:
            await db.execute(
                update(Person).where(col(Person.id) == world.bruno.id).values(status=PersonStatus.SUSPENDED)
            )
    elif how == "revoked":
        async with world.reading() as db:
            (mine,) = (await db.exec(select(AtomAddress))).all()
        async with world.browser(world.awa) as browser:
            assert (await browser.post(f"/forums/flux/{mine.id}/revocation")).status_code == 404
        async with world.browser(world.bruno) as browser:
            assert (await browser.post(f"/forums/flux/{mine.id}/revocation")).status_code == 303
    elif how == "renewed":
        assert (await read(world, await address(world, world.bruno))).status_code == 200
    else:
        where = f"{where[:-3]}xyz"
    answer = await read(world, where, If_None_Match=tag)
    assert (answer.status_code, answer.content, "etag" in answer.headers) == (404, b"", False)


async def test_a_feed_that_has_not_changed_is_not_sent_again(world: World) -> None:
    """With its tag, 304 and nothing; after an edit, the same entry with its new words and date."""
    where = await address(world, world.awa)
    first = await read(world, where)
    again = await read(world, where, If_None_Match=f'"autre", W/{first.headers["etag"]}')
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["etag"] == first.headers["etag"]

    async with world.reading() as db:
        post = (await db.exec(select(Post).where(Post.thread_id == world.snow.id))).one()
    async with world.working(world.awa) as work:
        mine, place = await queries.post_for(work.db, world.awa, post.id)
        await service.edit_post(work, place, mine, EditedPost(body="Corrigé", version=1))
    changed = await read(world, where, If_None_Match=first.headers["etag"])
    assert changed.status_code == 200
    before, after = [
        {entry.findtext(f"{ATOM}id"): entry.findtext(f"{ATOM}updated") for entry in entries(answer)}
        for answer in (first, changed)
    ]
    assert before.keys() == after.keys()
    assert after[post.id.urn] > before[post.id.urn] or "Corrigé" in changed.text


async def test_words_that_are_hidden_withdrawn_or_removed_leave_the_feed(world: World) -> None:
    """Three posts; one is hidden, one withdrawn, and then the thread goes: each time fewer remain, and a new tag."""
    where = await address(world, world.denise)
    posts = [await world.post(world.bruno, world.snow, f"Mot {number}") for number in range(2)]
    tags = [(await read(world, where)).headers["etag"]]

    async def now_told() -> int:
        answer = await read(world, where, If_None_Match=tags[-1])
        tags.append(answer.headers["etag"])
        assert answer.status_code == 200
        return len(entries(answer))

    async with world.working(world.camille) as work:
        said, place = await queries.post_for(work.db, world.camille, posts[0].id)
        await moderation.hide_post(work, place, said, NewHiding(reason="Hors sujet"))
    assert await now_told() == 2
    async with world.working(world.bruno) as work:
        said, place = await queries.post_for(work.db, world.bruno, posts[1].id)
        await service.delete_post(work, place, said)
    assert await now_told() == 1
    async with world.working(world.camille) as work:
        await service.delete_thread(work, await queries.thread_for(work.db, world.camille, world.snow.id))
    assert await now_told() == 0


async def test_the_newest_fifty_come_from_everywhere(world: World) -> None:
    """Sixty posts in one thread and one in another: the fifty newest, in order, at a fixed price."""
    where = await address(world, world.bruno, "technique")
    costs = []
    for count in (1, 3, 56):
        for number in range(count):
            await world.post(world.denise, world.snow, f"{count} {number}")
        with world.counting() as statements:
            await read(world, where)
        costs.append(len(statements))
    await world.open(world.awa, world.technique, "Sel", "Le dernier")
    told = contents(await read(world, where))
    assert len(told) == 50
    assert "Le dernier" in told[0]
    assert "56 55" in told[1]
    assert len(set(costs)) == 1


async def test_the_secret_is_kept_nowhere(world: World) -> None:
    """The database holds its hash alone, the log its place alone, the audit neither."""
    where = await address(world, world.bruno)
    secret = where.rpartition("/")[2]
    assert len(secret) >= 32
    assert _without_secrets(where) == "/flux/…"
    async with world.reading() as db:
        kept = str([(await db.execute(text("SELECT * FROM atom_address"))).all()])
        audited = (await db.exec(select(AuditEntry).where(col(AuditEntry.act).startswith("feed.")))).all()
    assert secret not in kept
    assert [entry.act for entry in audited] == ["feed.created"]
    assert secret not in str([(entry.subject, entry.detail) for entry in audited])
    async with world.browser(world.bruno) as browser:
        assert secret not in (await browser.get("/forums/flux")).text


async def test_a_feed_gives_no_cookie_and_takes_none(world: World) -> None:
    """Whoever is signed in as someone else reads the feed of its owner, and no session is opened by it."""
    where = await address(world, world.awa, "copil")
    async with world.browser(world.bruno) as browser:
        answer = await browser.get(where)
    assert "Entre nous" in answer.text
    assert "set-cookie" not in answer.headers
    assert answer.headers["cache-control"] == "private, no-cache"
