"""Forums are created and kept by administrators; to whom each is open is said here, and heard at once."""

import asyncio
import re
from html import unescape
from typing import Any

import httpx
import pytest
from sqlalchemy import delete
from sqlalchemy.exc import IntegrityError
from sqlmodel import col, select

from entente.people.models import AuditEntry, FunctionKind
from entente.people.who import Who
from entente.rules import Conflict, Refused
from forums import queries
from forums import service as talk
from forums.keeping import queries as keeping
from forums.keeping import rules, service
from forums.keeping.models import (
    BODY_TO_CHOOSE,
    FUNCTION_TO_CHOOSE,
    GROUP_TO_CHOOSE,
    MOST_MODERATORS,
    TO_FILL,
    KeptForum,
)
from forums.models import Forum, Moderator, Post, Reading, ReadMark, Thread
from listening import reading as listening_to
from listening import served
from world import World

HOME = "/forums-gestion"
OPEN = {"title": "Voirie et réseaux", "slug": "", "purpose": "Enrobé, fossés, éclairage.", "reading": "all"}
TYPED = ("title", "slug", "purpose", "moderators")
HOSTILE = '"><script>alert(1)</script>'


async def _send(world: World, form: dict[str, str], at: str = f"{HOME}/nouveau") -> httpx.Response:
    async with world.browser(world.ines) as browser:
        return await browser.post(at, data=form)


async def _forum(world: World, slug: str) -> Forum | None:
    async with world.reading() as db:
        return (await db.exec(select(Forum).where(col(Forum.slug) == slug))).one_or_none()


async def _moderators(world: World, forum: Forum) -> set[str]:
    async with world.reading() as db:
        return set((await keeping.moderators_of(db, forum.id)).values())


async def _sees(world: World, who: Who, slug: str) -> bool:
    async with world.browser(who) as browser:
        listed = f'href="/forums/{slug}"' in (await browser.get("/forums")).text
        assert (await browser.get(f"/forums/{slug}")).status_code == (200 if listed else 404)
    return listed


async def _acts(world: World, act: str) -> list[AuditEntry]:
    async with world.reading() as db:
        return list((await db.exec(select(AuditEntry).where(col(AuditEntry.act) == act))).all())


async def _edit(world: World, forum: Forum, **changed: Any) -> None:
    known = service.said_of(forum)
    async with world.working(world.ines) as work:
        here = await keeping.forum_at(work.db, forum.slug, held=True)
        await service.edit_forum(work, here, KeptForum.model_validate(known | changed))


# Doors


DOORS = [
    ("GET", "", 200),
    ("GET", "/nouveau", 200),
    ("GET", "/technique", 200),
    ("POST", "/nouveau", 422),
    ("POST", "/technique", 422),
    ("POST", "/technique/suppression", 409),
]


@pytest.mark.parametrize(("method", "path", "status"), DOORS)
async def test_a_member_finds_nothing_here(world: World, method: str, path: str, status: int) -> None:
    """The door answers Inès; for Camille, though she moderates, there is nothing at all."""
    answers = []
    for who in (world.ines, world.camille):
        async with world.browser(who) as browser:
            answers.append((await browser.request(method, HOME + path)).status_code)

    assert answers == [status, 404]


async def test_only_administrators_have_the_way_in_their_rail(world: World) -> None:
    """The rail leads Inès to the forums she keeps; Camille's does not."""
    rails = []
    for who in (world.ines, world.camille):
        async with world.browser(who) as browser:
            rails.append(f'href="{HOME}"' in (await browser.get("/forums")).text)

    assert rails == [True, False]


async def test_the_service_refuses_whoever_is_not_an_administrator(world: World) -> None:
    """Camille reaches the services by another way: they refuse her too."""
    kept = KeptForum.model_validate(OPEN)
    async with world.working(world.camille) as work:
        here = await keeping.forum_at(work.db, "technique")
        with pytest.raises(Refused):
            await service.create_forum(work, kept)
        with pytest.raises(Refused):
            await service.edit_forum(work, here, kept)
        with pytest.raises(Refused):
            await service.delete_forum(work, here)

    assert await _forum(world, "voirie-et-reseaux") is None


@pytest.mark.parametrize("slug", ["nulle-part", "%00"])
async def test_a_forum_that_does_not_exist_is_not_found(world: World, slug: str) -> None:
    """Inès asks for a forum that nobody created."""
    async with world.browser(world.ines) as browser:
        assert (await browser.get(f"{HOME}/{slug}")).status_code == 404


# The list


async def test_the_list_says_to_whom_each_forum_is_open(world: World) -> None:
    """Three forums: open to all with one thread, to the CoPil with one, to guests with none."""
    async with world.browser(world.ines) as browser:
        page = (await browser.get(HOME)).text
    lines = [re.sub(r"<[^>]+>", "|", row) for row in re.findall(r"<tr><th scope=\"row\">.*?</tr>", page)]

    assert [[cell for cell in line.split("|") if cell] for line in lines] == [
        ["Technique", "Tous les membres", "Tous", "1"],
        ["CoPil", "Une instance", "Comité de pilotage", "1"],
        ["Invités", "Sur invitation", "Invités", "0"],
    ]


async def test_an_installed_house_is_told_what_to_do_first(world: World) -> None:
    """No forum was created yet: the page says so and leads to the form."""
    async with world.house.database.writing() as db:
        for table in (Moderator, ReadMark, Post, Thread, Forum):
            await db.execute(delete(table))
    async with world.browser(world.ines) as browser:
        page = await browser.get(HOME)

    assert "Aucun forum pour l’instant" in unescape(page.text)
    assert page.text.count(f'href="{HOME}/nouveau"') == 2


# Creation


async def test_a_forum_for_all_is_open_to_every_member(world: World) -> None:
    """Its address comes from its title, it is last in the list; Bruno and Inès find it, Gaspard who left does not."""
    answer = await _send(world, OPEN | {"moderators": " DENISE@brioude.example \n\ndenise@brioude.example\n"})
    made = await _forum(world, "voirie-et-reseaux")
    seen = [await _sees(world, who, "voirie-et-reseaux") for who in (world.bruno, world.ines, world.gone)]

    assert (answer.status_code, answer.headers["location"]) == (303, HOME)
    assert made is not None
    assert (made.title, made.purpose, made.place) == (OPEN["title"], OPEN["purpose"], 3)
    assert await _moderators(world, made) == {"denise@brioude.example"}
    assert seen == [True, True, False]
    assert [(each.subject, each.person_id) for each in await _acts(world, "forum.created")] == [
        (f"forums/forum/{made.id}", world.ines.id)
    ]


async def test_a_forum_for_a_body_is_open_to_those_who_sit_in_it(world: World) -> None:
    """Awa sits in the CoPil and Camille moderates; Bruno, and Inès who created it, do not find it."""
    form = OPEN | {"slug": "Schéma", "reading": "body", "body_id": str(world.copil.id), "group_id": ""}
    assert (await _send(world, form | {"moderators": "camille@aubrac.example"})).status_code == 303

    seen = [await _sees(world, who, "schema") for who in (world.awa, world.camille, world.bruno, world.ines)]
    assert seen == [True, True, False, False]


async def test_a_forum_on_invitation_is_open_to_its_guests(world: World) -> None:
    """Bruno is in the group, Awa is not; a body left chosen in the form counts for nothing."""
    form = OPEN | {"reading": "invited", "group_id": str(world.guests.id), "body_id": str(world.copil.id)}
    assert (await _send(world, form)).status_code == 303

    assert [await _sees(world, who, "voirie-et-reseaux") for who in (world.bruno, world.awa)] == [True, False]


async def test_a_forum_for_a_function_is_open_to_those_who_have_it(world: World) -> None:
    """Awa buys, Bruno does not; the list says to whom it is open, and a body left chosen counts for nothing."""
    form = OPEN | {"reading": "function", "function": "acheteur", "body_id": str(world.copil.id)}
    assert (await _send(world, form)).status_code == 303

    assert [await _sees(world, who, "voirie-et-reseaux") for who in (world.awa, world.bruno)] == [True, False]
    made = await _forum(world, "voirie-et-reseaux")
    assert made is not None
    assert (made.reading, made.function, made.body_id) == ("function", "acheteur", None)
    async with world.browser(world.ines) as browser:
        listed = (await browser.get(HOME)).text
        page = (await browser.get(f"{HOME}/voirie-et-reseaux")).text
    assert "<td>Une fonction</td><td>Acheteur</td>" in listed
    assert '<option value="acheteur" selected>Acheteur</option>' in page


async def test_a_forum_given_to_another_function_has_other_readers(world: World) -> None:
    """From buyers to technicians: Bruno reads in the place of Awa, and those who are there hear of it."""
    assert (await _send(world, OPEN | {"reading": "function", "function": "acheteur"})).status_code == 303
    made = await _forum(world, "voirie-et-reseaux")
    assert made is not None
    world.rung.clear()

    await _edit(world, made, function="technicien")

    assert [await _sees(world, who, made.slug) for who in (world.awa, world.bruno)] == [False, True]
    assert {rung.stream for rung in world.rung} == {f"forums/{heard}/{made.id}" for heard in ("forum", "readers")}


@pytest.mark.parametrize(("reading", "function"), [("function", None), ("all", FunctionKind.ACHETEUR)])
async def test_a_forum_open_to_a_function_says_which_and_no_other_does(
    world: World, reading: Reading, function: FunctionKind | None
) -> None:
    """The database itself refuses a half-told forum."""
    with pytest.raises(IntegrityError, match="forum_function"):
        async with world.house.database.writing() as db:
            db.add(Forum(slug="voirie", title="Voirie", reading=reading, function=function))


WRONG = [
    ({"title": " \u200b"}, "title", TO_FILL),
    ({"title": "é" * 121}, "title", "120 caractères au plus"),
    ({"slug": "technique"}, "slug", service.TAKEN),
    ({"slug": "Fils"}, "slug", "mène déjà ailleurs"),
    ({"title": "Nouveau !"}, "slug", "mène déjà ailleurs"),
    ({"title": "車"}, "slug", "lettres sans accent"),
    ({"purpose": "a" * 301}, "purpose", "300 caractères au plus"),
    ({"reading": "everybody"}, "reading", "Choisissez dans la liste"),
    ({"reading": "body"}, "body_id", BODY_TO_CHOOSE),
    ({"reading": "body", "body_id": "00000000-0000-0000-0000-000000000000"}, "body_id", BODY_TO_CHOOSE),
    ({"reading": "body", "body_id": HOSTILE}, "body_id", "Choisissez dans la liste"),
    ({"reading": "function"}, "function", FUNCTION_TO_CHOOSE),
    ({"reading": "function", "function": HOSTILE}, "function", "Choisissez dans la liste"),
    ({"reading": "invited"}, "group_id", GROUP_TO_CHOOSE),
    ({"reading": "invited", "group_id": "00000000-0000-0000-0000-000000000000"}, "group_id", GROUP_TO_CHOOSE),
    ({"moderators": "awa@aubrac.example\nxavier@aubrac.example"}, "moderators", "l’adresse xavier@aubrac.example"),
    ({"moderators": HOSTILE}, "moderators", "n’est pas une adresse e-mail"),
    ({"moderators": "\n".join(f"a{n}@b.example" for n in range(MOST_MODERATORS + 1))}, "moderators", "50 personnes"),
]


@pytest.mark.parametrize(("wrong", "field", "sentence"), WRONG, ids=[f"{w[1]}-{n}" for n, w in enumerate(WRONG)])
async def test_a_wrong_form_comes_back_as_it_was(
    world: World, wrong: dict[str, str], field: str, sentence: str
) -> None:
    """The form says what is wrong, beside the field and in its summary, and keeps the rest; nothing is saved."""
    answers = [await _send(world, OPEN | wrong), await _send(world, OPEN | wrong, f"{HOME}/copil")]

    for answer in answers:
        page = unescape(answer.text)
        assert answer.status_code == 422
        assert sentence in page.partition(f'id="error-{field}"')[2]
        assert f'<a href="#field-{field}">' in page
        assert [typed for name, typed in (OPEN | wrong).items() if name in TYPED and typed not in page] == []
        assert "<script>alert" not in answer.text
    async with world.reading() as db:
        assert set((await db.exec(select(Forum.slug))).all()) == {"technique", "copil", "invites"}


async def test_a_hostile_title_is_only_words(world: World) -> None:
    """A title made of marks is shown as it is written, in the list, the form and the sentence that greets it."""
    assert (await _send(world, OPEN | {"title": HOSTILE})).status_code == 303
    async with world.browser(world.ines) as browser:
        pages = [(await browser.get(address)).text for address in (HOME, f"{HOME}/script-alert-1-script", "/forums")]

    for page in pages:
        assert "<script>alert" not in page
        assert HOSTILE in unescape(page)


async def test_of_two_forums_at_one_address_one_is_created(world: World) -> None:
    """Two administrators choose the same address at once: one forum, and one form that says why."""
    answers = await asyncio.gather(*(_send(world, OPEN | {"title": title, "slug": "voirie"}) for title in "AB"))

    assert sorted(answer.status_code for answer in answers) == [303, 422]
    assert any(service.TAKEN in unescape(answer.text) for answer in answers)
    assert len(await _acts(world, "forum.created")) == 1


@pytest.mark.parametrize(
    ("words", "slug"),
    [
        ("  Œuvres & Cœur d’Été ", "oeuvres-coeur-d-ete"),
        ("../../etc", "etc"),
        ("a" * 59 + " suite", "a" * 59),
        ("Forum n°\u00a02", "forum-n-2"),
    ],
)
def test_an_address_is_made_of_plain_letters(words: str, slug: str) -> None:
    """Accents, marks and spaces become what an address can hold."""
    assert rules.slug_of(words) == slug


# Changes


async def test_a_forum_is_edited_and_the_audit_says_what_changed(world: World) -> None:
    """Inès gives a forum another title and address: only these are said to have changed, and no reader is disturbed."""
    form = {"title": "Voirie", "slug": "voirie", "purpose": "Ateliers et voirie.", "reading": "all"}
    form["moderators"] = "camille@aubrac.example"
    assert (await _send(world, form, f"{HOME}/technique")).status_code == 303

    assert await _sees(world, world.bruno, "voirie")
    (act,) = await _acts(world, "forum.edited")
    assert (act.subject, act.detail) == (f"forums/forum/{world.technique.id}", {"changed": ["slug", "title"]})
    assert world.rung == []


async def test_the_form_shows_the_forum_as_it_is(world: World) -> None:
    """Sent back untouched, the form changes nothing and the audit stays silent."""
    async with world.browser(world.ines) as browser:
        page = (await browser.get(f"{HOME}/technique")).text
        form = dict(re.findall(r'<input id="field-(title|slug)"[^>]* value="([^"]*)"', page))
        form |= dict(re.findall(r'<textarea id="field-(\w+)"[^>]*>\n(.*?)</textarea>', page, re.S))
        form |= dict(re.findall(r'name="(reading)" type="radio" value="(\w+)" checked', page))
        assert (await browser.post(f"{HOME}/technique", data=form)).status_code == 303

    assert form == {
        "title": "Technique",
        "slug": "technique",
        "purpose": "Ateliers et voirie.",
        "reading": "all",
        "moderators": "camille@aubrac.example",
    }
    assert await _acts(world, "forum.edited") == []


async def test_a_new_moderator_takes_the_place_of_another(world: World) -> None:
    """Camille hands over to Denise: the readers of the forum have changed, and its list and its threads hear of it."""
    await _edit(world, world.technique, moderators="denise@brioude.example")

    assert await _moderators(world, world.technique) == {"denise@brioude.example"}
    streams = {rung.stream for rung in world.rung}
    assert streams == {f"forums/{heard}/{world.technique.id}" for heard in ("forum", "readers")}


async def test_a_forum_that_is_narrowed_stops_reaching_those_who_read_it(world: World) -> None:
    """Bruno reads a thread live when its forum is narrowed to the CoPil: Awa hears what follows, he does not."""
    async with served(world.app) as place:
        cursors = []
        for who in (world.bruno, world.awa):
            async with world.browser(who) as browser:
                page = unescape((await browser.get(f"/forums/fils/{world.snow.id}")).text)
            found = re.search(r"data-streams='\[([^\]]*)\]'", page)
            assert found is not None
            cursors.append(re.findall(r'"([^"]+)"', found[1]))
        thread = queries.stream_of(world.snow.id)
        async with (
            listening_to(place.port, await world.cookie(world.bruno), *cursors[0]) as bruno,
            listening_to(place.port, await world.cookie(world.awa), *cursors[1]) as awa,
        ):
            await world.post(world.camille, world.snow, "Encore pour tous.")
            await bruno.gets(thread, 2)
            await _edit(
                world,
                world.technique,
                reading="body",
                body_id=str(world.copil.id),
                moderators="camille@aubrac.example",
            )
            await bruno.until(lambda page: len(page.of("gone")) == 2)
            await world.post(world.camille, world.snow, "Entre nous.")
            await awa.gets(thread, 3)
            await asyncio.sleep(0.1)

            assert bruno.positions(thread) == [2]
            assert "Entre nous." not in bruno.raw
            assert awa.of("gone") == []


# Removal


async def test_a_forum_in_which_nothing_was_said_can_be_removed(world: World) -> None:
    """The guests' forum is empty: its page offers to remove it, and it goes with its moderators."""
    await _edit(world, world.invited, moderators="camille@aubrac.example")
    async with world.browser(world.ines) as browser:
        page = (await browser.get(f"{HOME}/invites")).text
        answer = await browser.post(f"{HOME}/invites/suppression")

    assert f'action="{HOME}/invites/suppression"' in page
    assert (answer.status_code, answer.headers["location"]) == (303, HOME)
    assert await _forum(world, "invites") is None
    assert [each.subject for each in await _acts(world, "forum.deleted")] == [f"forums/forum/{world.invited.id}"]


async def test_a_forum_with_threads_stays_even_when_they_were_withdrawn(world: World) -> None:
    """The only thread was withdrawn: the page offers no removal, and asking for it anyway is refused with a reason."""
    async with world.working(world.camille) as work:
        await talk.delete_thread(work, await queries.thread_for(work.db, world.camille, world.snow.id))
    async with world.browser(world.ines) as browser:
        page = (await browser.get(f"{HOME}/technique")).text
        answer = await browser.post(f"{HOME}/technique/suppression")

    assert "suppression" not in page
    assert (answer.status_code, service.NOT_EMPTY in unescape(answer.text)) == (409, True)
    assert await _forum(world, "technique") is not None
    async with world.working(world.ines) as work:
        with pytest.raises(Conflict):
            await service.delete_forum(work, await keeping.forum_at(work.db, "technique"))
