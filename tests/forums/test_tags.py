"""Tags: a set per forum, a handful per thread, an address for each."""

import asyncio
import re
from html import unescape
from uuid import UUID, uuid4

import pytest

from entente.people.who import Who
from entente.rules import Invalid, Refused
from forums import queries
from forums.models import Forum, Thread
from forums.moderation import service as moderation
from forums.moderation.models import NewPlace
from forums.tags import queries as tags
from forums.tags import rules, service
from forums.tags.models import NamedTag
from world import World


async def add(world: World, name: str, forum: Forum | None = None) -> UUID:
    async with world.working(world.camille) as work:
        return (await service.add_tag(work, forum or world.technique, True, NamedTag(name=name))).id


async def give(world: World, *ids: UUID, who: Who | None = None, thread: Thread | None = None) -> None:
    async with world.working(who or world.awa) as work:
        place = await queries.thread_for(work.db, work.who, (thread or world.snow).id)
        await service.tag_thread(work, place, ids)


async def borne(world: World) -> list[str]:
    async with world.reading() as db:
        return [tag.name for tag in (await tags.tags_on(db, [world.snow.id])).get(world.snow.id, [])]


@pytest.mark.parametrize(
    ("typed", "found"),
    [(" Déneigement ", ("Déneigement", "deneigement")), ("Prêt & retour", ("Prêt & retour", "pret-retour"))],
)
def test_a_tag_has_an_address_of_its_own(typed: str, found: tuple[str, str]) -> None:
    """Spaces go, accents stay in the name and leave the address."""
    assert rules.name_of(typed) == found


@pytest.mark.parametrize("typed", ["", "  ", "!!!", "x" * 41], ids=["none", "spaces", "signs", "long"])
async def test_a_tag_that_cannot_be_read_is_refused(world: World, typed: str) -> None:
    """The form comes back with its sentence and what was typed."""
    async with world.browser(world.camille) as browser:
        answer = await browser.post("/forums/technique/etiquettes", data={"name": typed})
    assert answer.status_code == 422
    assert 'id="error-name"' in answer.text


async def test_a_forum_has_each_tag_once(world: World) -> None:
    """« Sel » and « sel » are the same; of two asked at once, one stays; another forum has its own."""
    await add(world, "Sel")
    with pytest.raises(Invalid):
        await add(world, "sel")
    found = await asyncio.gather(add(world, "Lame"), add(world, "lame"), return_exceptions=True)
    assert sorted(type(each).__name__ for each in found) == ["Invalid", "UUID"]
    await add(world, "Sel", world.invited)
    async with world.reading() as db:
        assert len(await tags.tags_of(db, world.technique.id)) == 2


async def test_its_author_and_the_moderator_say_what_a_thread_is_about(world: World) -> None:
    """Awa opened it, Camille moderates; Bruno only reads it."""
    sel, prêt = await add(world, "Sel"), await add(world, "Prêt")
    await give(world, sel, prêt)
    assert await borne(world) == ["Prêt", "Sel"]
    await give(world, sel, who=world.camille)
    assert await borne(world) == ["Sel"]
    with pytest.raises(Refused):
        await give(world, prêt, who=world.bruno)


async def test_five_tags_of_its_own_forum_at_most(world: World) -> None:
    """Six, one of another forum, or one that never was: refused, and nothing changes."""
    six = [await add(world, f"Mot {number}") for number in range(6)]
    elsewhere = await add(world, "Ailleurs", world.invited)
    await give(world, *six[:5])
    for chosen in (six, [elsewhere], [uuid4()]):
        with pytest.raises(Invalid):
            await give(world, *chosen)
    assert len(await borne(world)) == 5
    async with world.browser(world.awa) as browser:
        answer = await browser.post(
            f"/forums/fils/{world.snow.id}/etiquettes", data={"tags": [str(id_) for id_ in six]}
        )
    assert answer.status_code == 422
    assert answer.text.count(" checked") == 6
    assert service.TOO_MANY in unescape(answer.text)


async def test_a_thread_is_opened_with_its_tags(world: World) -> None:
    """The form offers the tags of the forum; those ticked are in the list and on top of the thread."""
    sel = await add(world, "Sel")
    async with world.browser(world.bruno) as browser:
        assert "Sel" in (await browser.get("/forums/technique/nouveau")).text
        form = {"title": "Du sel", "body": "Combien ?", "tags": str(sel)}
        opened = await browser.post("/forums/technique", data=form)
        assert opened.status_code == 303
        page = (await browser.get(opened.headers["location"])).text
        list_ = (await browser.get("/forums/technique")).text
    assert 'href="/forums/technique?etiquette=sel"' in page
    assert 'data-tags="sel"' in list_


async def test_a_form_that_comes_back_keeps_its_ticks(world: World) -> None:
    """Bruno forgot the title: what he ticked stays ticked."""
    sel = await add(world, "Sel")
    async with world.browser(world.bruno) as browser:
        answer = await browser.post("/forums/technique", data={"title": "", "body": "x", "tags": str(sel)})
    assert answer.status_code == 422
    assert re.search(rf'value="{sel}" checked', answer.text)


async def test_a_tag_is_an_address_that_shows_its_threads_alone(world: World) -> None:
    """Of two threads one bears the tag; the page follows the forum and hides by its style what bears another."""
    await world.open(world.awa, world.technique, "Benne", "Samedi ?")
    await give(world, await add(world, "Sel"))
    async with world.browser(world.bruno) as browser:
        page = (await browser.get("/forums/technique?etiquette=sel")).text
        assert (await browser.get("/forums/technique?etiquette=jamais")).status_code == 404
    assert re.findall(r'<h2 class="thread-title">.*?<a [^>]*>(.*?)</a>', page) == ["Lame de déneigement"]
    assert '#threads > :not([data-tags~="sel"])' in page
    assert f"forums/forum/{world.technique.id}@" in page


async def test_tags_of_a_list_cost_one_question(world: World) -> None:
    """One thread or three, with tags: as many questions."""
    sel, prêt = await add(world, "Sel"), await add(world, "Prêt")
    await give(world, sel, prêt)
    costs = []
    for count in (0, 2):
        for number in range(count):
            await give(world, sel, thread=await world.open(world.awa, world.technique, f"Fil {number}", "x"))
        async with world.reading() as db:
            with world.counting() as statements:
                found = await queries.threads_in(db, world.bruno, world.technique)
        costs.append(len(statements))
    assert [len(thread.tags) for thread in found.threads] == [1, 1, 2]
    assert costs[0] == costs[1]


async def test_moderators_and_administrators_keep_the_tags(world: World) -> None:
    """Camille in her forum, Inès from the administration, even of a forum that she does not read; Awa nowhere."""
    names = {}
    for who, path in (
        (world.camille, "/forums/technique/etiquettes"),
        (world.ines, "/forums-gestion/copil/etiquettes"),
        (world.awa, "/forums/copil/etiquettes"),
        (world.awa, "/forums-gestion/copil/etiquettes"),
        (world.ines, "/forums/copil/etiquettes"),
    ):
        async with world.browser(who) as browser:
            asked = await browser.get(path)
            added = await browser.post(path, data={"name": "Budget"})
        names[who.given_name, path] = (asked.status_code, added.status_code)
    assert list(names.values()) == [(200, 303), (200, 303), (404, 404), (404, 404), (404, 404)]


async def test_a_tag_is_renamed_and_taken_away(world: World) -> None:
    """Threads follow the new name, then lose it; a name that is taken comes back beside its own field."""
    sel, _ = await add(world, "Sel"), await add(world, "Lame")
    await give(world, sel)
    path = f"/forums/technique/etiquettes/{sel}"
    async with world.browser(world.camille) as browser:
        taken = await browser.post(path, data={"name": "Lame"})
        assert (taken.status_code, f'id="error-name-{sel}"' in taken.text) == (422, True)
        assert (await browser.post(path, data={"name": "Sel de mer"})).status_code == 303
        assert await borne(world) == ["Sel de mer"]
        assert (await browser.post(f"/forums/invites/etiquettes/{sel}/retrait")).status_code == 404
        assert (await browser.post(f"{path}/retrait")).status_code == 303
    assert await borne(world) == []


async def test_a_move_warns_before_tags_are_lost(world: World) -> None:
    """The other forum knows « Sel » and not « Prêt »: first a warning that names it, then only « Sel » remains."""
    ateliers = Forum(slug="ateliers", title="Ateliers", place=9)
    async with world.house.database.writing() as db:
        db.add(ateliers)
    await give(world, await add(world, "Sel"), await add(world, "Prêt"))
    await add(world, "Sel", ateliers)
    address = f"/forums/fils/{world.snow.id}/deplacement"
    async with world.browser(world.camille) as browser:
        warned = await browser.post(address, data={"forum": "ateliers"})
        assert warned.status_code == 422
        assert "ne connaît pas «\u00a0Prêt\u00a0»" in unescape(warned.text)
        assert await borne(world) == ["Prêt", "Sel"]
        assert (await browser.post(address, data={"forum": "ateliers", "agreed": "1"})).status_code == 303
    assert await borne(world) == ["Sel"]


async def test_a_forum_with_tags_and_no_thread_may_go(world: World) -> None:
    """Its tags, and the addresses of its feed, go with it."""
    await add(world, "Sel", world.invited)
    async with world.browser(world.bruno) as browser:
        await browser.post("/forums/flux", data={"forum": "invites"})
    async with world.browser(world.ines) as browser:
        assert (await browser.post("/forums-gestion/invites/suppression")).status_code == 303


async def test_moving_where_every_tag_is_known_asks_nothing(world: World) -> None:
    """No tag is lost: no question."""
    async with world.house.database.writing() as db:
        db.add(Forum(slug="ateliers", title="Ateliers", place=9))
    async with world.working(world.camille) as work:
        place = await queries.thread_for(work.db, world.camille, world.snow.id)
        await moderation.move_thread(work, place, NewPlace(forum="ateliers"))
