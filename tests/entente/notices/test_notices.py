"""Someone is told once of what concerns them; their bell moves; what they may not see is not told."""

import asyncio
from collections.abc import Awaitable, Callable
from uuid import UUID

import pytest
from sqlalchemy import func, insert, select
from sqlmodel import col

from entente import journal
from entente.app import worker_of
from entente.centre.queries import PER_GROUP, PER_PAGE, centre_of
from entente.clock import now
from entente.ids import Ref, new_id
from entente.notices import feed, queries, service
from entente.notices.models import News, Notice
from entente.people.models import Person, PersonStatus
from entente.people.who import Who
from entente.rights import stream_of_person
from entente.web.templates import root
from entente.work import Work
from forums.models import Post, Thread
from world import World

WHY = "Vous suivez ce fil."


def of_post(world: World, post: Post, thread: Thread | None = None) -> News:
    about = Ref("forums/thread", (thread or world.snow).id)
    return News("post.posted", Ref("forums/post", post.id), about, post.author_id)


async def tell(world: World, post: Post, *people: Who, why: str = WHY, thread: Thread | None = None) -> None:
    async with world.working(None) as work:
        await service.notify(work, of_post(world, post, thread), {who.id: why for who in people})


async def settle(world: World) -> None:
    worker = worker_of(world.house)
    while await worker.work_once():
        pass


async def notices(world: World, who: Who) -> list[Notice]:
    async with world.reading() as db:
        query = select(Notice).where(col(Notice.person_id) == who.id).order_by(col(Notice.at), col(Notice.id))
        return list((await db.execute(query)).scalars().all())


async def bell(world: World, who: Who) -> int:
    async with world.reading() as db:
        return (await queries.bell_of(db, who.id)).unread


async def answer(world: World, who: Who, words: str, thread: Thread | None = None) -> Post:
    """Someone answers, and nobody is told by the room itself."""
    world.house.followers = {}
    return await world.post(who, thread or world.snow, words)


async def test_someone_is_told_once_whoever_did_it_is_not(world: World) -> None:
    """Bruno answers; Awa and Denise are told, Bruno knows; a second reason changes nothing."""
    said = await answer(world, world.bruno, "Nous en avons une.")
    world.rung.clear()
    await tell(world, said, world.awa, world.bruno, world.denise)
    assert {rung.stream for rung in world.rung} == {str(stream_of_person(who.id)) for who in (world.awa, world.denise)}

    world.rung.clear()
    await tell(world, said, world.awa, why="Vous êtes mentionné.")
    assert world.rung == []
    assert [(each.reason, each.subject) for each in await notices(world, world.awa)] == [
        (WHY, f"forums/post/{said.id}")
    ]
    assert await notices(world, world.bruno) == []
    assert (await bell(world, world.awa), await bell(world, world.bruno)) == (1, 0)


async def test_two_tasks_that_tell_the_same_person_tell_them_once(world: World) -> None:
    """The constraint decides."""
    said = await answer(world, world.bruno, "Nous en avons une.")
    await asyncio.gather(*(tell(world, said, world.awa, world.denise) for _ in range(4)))
    assert (len(await notices(world, world.awa)), len(await notices(world, world.denise))) == (1, 1)


async def test_five_thousand_people_are_told_by_handfuls(world: World) -> None:
    """An announcement to everybody: the change is quick, the worker does the rest, each is told once."""
    crowd = [
        {
            "id": new_id(),
            "email": f"agent{number}@aubrac.example",
            "given_name": "Agent",
            "family_name": str(number),
            "status": PersonStatus.ACTIVE,
            "time_zone": "Europe/Paris",
            "notifications": {},
            "version": 1,
            "created_at": now(),
        }
        for number in range(5_000)
    ]
    async with world.house.database.writing() as db:
        await db.execute(insert(Person), crowd)
    said = await answer(world, world.bruno, "À lire par toutes et tous.")
    with world.counting() as statements:
        async with world.working(None) as work:
            await service.notify(work, of_post(world, said), {each["id"]: WHY for each in crowd})  # type: ignore[misc]
    assert len(statements) < 10
    await settle(world)

    async with world.reading() as db:
        told = (await db.execute(select(func.count()).select_from(Notice))).scalar_one()
        assert (told, (await queries.bell_of(db, UUID(str(crowd[4_321]["id"])))).unread) == (5_000, 1)


@pytest.mark.parametrize(("count", "said"), [(0, "rien de nouveau"), (1, "1\u00a0notification non lue"), (100, "99+")])
def test_a_bell_says_how_many(count: int, said: str) -> None:
    assert said in root(feed.bell(count))
    assert ("badge" in root(feed.bell(count))) == (count > 0)


async def test_the_bell_of_the_page_is_the_one_that_arrives(world: World) -> None:
    """Awa's page holds the bell of her stream, from the place it stood at, and stops there for a lost page."""
    said = await answer(world, world.bruno, "Nous en avons une.")
    await tell(world, said, world.awa)
    async with world.browser(world.awa) as browser:
        page = await browser.get("/forums")
        lost = await browser.get("/nulle-part")
    async with world.reading() as db:
        here = await queries.bell_of(db, world.awa.id)
        entries = await _entries(world, world.awa)
        shown = await feed.rung(db, entries[-1])
    assert shown is not None
    assert root(shown) in page.text
    assert f'["{here.cursor}"]' in page.text
    assert root(shown) in lost.text
    assert "data-streams='[]'" in lost.text


async def _entries(world: World, who: Who) -> list[journal.Entry]:
    async with world.reading() as db:
        return list(await journal.since(db, str(stream_of_person(who.id)), 0, 100))


async def test_what_was_read_moves_the_bell_once(world: World) -> None:
    """One, one thread, everything; again, and nothing rings."""
    first, second = [await answer(world, world.bruno, words) for words in ("Oui.", "Et un camion.")]
    elsewhere = await answer(world, world.awa, "Le calendrier.", world.secret)
    await tell(world, first, world.awa)
    await tell(world, second, world.awa)
    async with world.working(None) as work:
        news = of_post(world, elsewhere, world.secret)._replace(by=None)
        await service.notify(work, news, {world.awa.id: WHY})
    (one, *_) = await notices(world, world.awa)
    counts = []
    acts: list[Callable[[Work], Awaitable[bool]]] = [
        lambda work: service.read_one(work, world.awa.id, one.id),
        lambda work: service.read_one(work, world.awa.id, one.id),
        lambda work: service.read_about(work, world.awa.id, Ref("forums/thread", world.snow.id)),
        lambda work: service.read_all(work, world.awa.id),
        lambda work: service.read_all(work, world.awa.id),
    ]
    for read in acts:
        world.rung.clear()
        async with world.working(world.awa) as work:
            changed = await read(work)
        counts.append((await bell(world, world.awa), changed, len(world.rung)))
    assert counts == [(2, True, 1), (2, False, 0), (1, True, 1), (0, True, 1), (0, False, 0)]


async def test_one_reads_ones_own_notices_alone(world: World) -> None:
    """Bruno names a notice of Awa's: nothing happens."""
    said = await answer(world, world.denise, "Oui.")
    await tell(world, said, world.awa)
    (hers,) = await notices(world, world.awa)
    async with world.browser(world.bruno) as browser:
        assert (await browser.post(f"/notifications/{hers.id}/lecture")).status_code == 404
        await browser.post("/notifications/lecture", data={"about": hers.about})
        await browser.post("/notifications/lecture")
    assert await bell(world, world.awa) == 1


async def test_what_is_withdrawn_is_told_no_more(world: World) -> None:
    """The message goes, and with it what everybody was told of it."""
    said = await answer(world, world.bruno, "Oui.")
    await tell(world, said, world.awa, world.denise)
    async with world.working(None) as work:
        await service.withdraw(work, subjects=[Ref("forums/post", said.id)])
    assert (await bell(world, world.awa), await bell(world, world.denise)) == (0, 0)


async def test_someone_who_lost_a_right_is_told_nothing_any_more(world: World) -> None:
    """Awa leaves the CoPil: what she was told of its thread leaves her bell, the rest stays."""
    said = await answer(world, world.denise, "Oui.")
    async with world.working(None) as work:
        news = News("post.posted", Ref("forums/thread", world.secret.id), Ref("forums/thread", world.secret.id), None)
        await service.notify(work, news, {world.awa.id: WHY})
    await tell(world, said, world.awa)
    assert await bell(world, world.awa) == 2
    worker_of(world.house)
    async with world.working(None) as work:
        from sqlalchemy import text

        from entente.rights import rights_changed

        await work.db.execute(text("DELETE FROM seat"))
        await rights_changed(work, world.awa.id)
    await settle(world)
    assert [each.subject for each in await notices(world, world.awa)] == [f"forums/post/{said.id}"]
    assert await bell(world, world.awa) == 1


async def test_the_centre_gathers_by_thread_unread_first(world: World) -> None:
    """Three threads: what was read goes below what was not, whatever its age; the page says why."""
    threads = [await world.open(world.bruno, world.technique, f"Fil {number}", "Bonjour.") for number in range(3)]
    for thread in threads:
        for number in range(PER_GROUP + 2 if thread is threads[0] else 1):
            await tell(world, await answer(world, world.bruno, f"Réponse {number}", thread), world.awa, thread=thread)
    async with world.working(world.awa) as work:
        await service.read_about(work, world.awa.id, Ref("forums/thread", threads[2].id))
    async with world.reading() as db:
        centre = await centre_of(db, world.house.tellers, world.awa)
    assert [(group.title, group.unread, len(group.items), group.more) for group in centre.groups] == [
        ("Fil 1", 1, 1, 0),
        ("Fil 0", PER_GROUP + 2, PER_GROUP, 2),
        ("Fil 2", 0, 1, 0),
    ]
    assert centre.older is None
    async with world.browser(world.awa) as browser:
        page = (await browser.get("/notifications")).text
    assert "Pourquoi je reçois ceci : Vous suivez ce fil." in page
    assert "Tout marquer comme lu" in page
    assert page.index("Fil 1") < page.index("Fil 0") < page.index("Fil 2")


async def test_the_centre_is_read_page_after_page_and_costs_the_same(world: World) -> None:
    """Twenty-five threads in two pages, none twice, none forgotten."""
    for number in range(PER_PAGE + 5):
        thread = await world.open(world.bruno, world.technique, f"Fil {number}", "Bonjour.")
        await tell(world, await answer(world, world.bruno, "Réponse", thread), world.awa, thread=thread)
        if number == 1:
            async with world.reading() as db:
                with world.counting() as few:
                    await centre_of(db, world.house.tellers, world.awa)
        if number % 3 == 0:
            async with world.working(world.awa) as work:
                await service.read_about(work, world.awa.id, Ref("forums/thread", thread.id))
    async with world.reading() as db:
        with world.counting() as many:
            first = await centre_of(db, world.house.tellers, world.awa)
        second = await centre_of(db, world.house.tellers, world.awa, first.older)
    titles = [group.title for page in (first, second) for group in page.groups]
    assert len(many) == len(few)
    assert (len(first.groups), second.older) == (PER_PAGE, None)
    assert sorted(titles, key=lambda title: int(title.split()[1])) == [
        f"Fil {number}" for number in range(PER_PAGE + 5)
    ]


@pytest.mark.parametrize("before", ["x", "1_2", "1_99999999999999999999_forums/thread/x", "1_0_pas/une/ref", "_"])
async def test_a_page_that_never_was_is_not_found(world: World, before: str) -> None:
    async with world.browser(world.awa) as browser:
        assert (await browser.get("/notifications", params={"avant": before})).status_code == 404


async def test_buttons_work_without_scripts_and_with_them(world: World) -> None:
    """A form leads back to the centre; htmx receives the list as it is now."""
    said = await answer(world, world.bruno, "Oui.")
    await tell(world, said, world.awa)
    async with world.browser(world.awa, htmx=True) as browser:
        listed = await browser.get("/notifications")
        (one,) = await notices(world, world.awa)
        read = await browser.post(f"/notifications/{one.id}/lecture")
    async with world.browser(world.awa) as browser:
        form = await browser.post("/notifications/lecture", data={"about": "n’importe quoi"})
        plain = await browser.post("/notifications/lecture")
    assert listed.text.lstrip().startswith('<div id="notices"')
    assert "Tout marquer comme lu" in listed.text
    assert "Tout marquer comme lu" not in read.text
    assert "Lame de déneigement" in read.text
    assert (form.status_code, plain.status_code, plain.headers["location"]) == (422, 303, "/notifications")


async def test_opening_the_thread_reads_what_was_told_of_it(world: World) -> None:
    """Awa opens the thread: her bell is quiet, on every device; Denise’s is not."""
    said = await answer(world, world.bruno, "Oui.")
    await tell(world, said, world.awa, world.denise)
    world.rung.clear()
    async with world.browser(world.awa) as browser:
        await browser.get(f"/forums/fils/{world.snow.id}")
    assert (await bell(world, world.awa), await bell(world, world.denise)) == (0, 1)
    assert {rung.stream for rung in world.rung} == {str(stream_of_person(world.awa.id))}


async def test_an_empty_centre_says_what_will_come(world: World) -> None:
    async with world.browser(world.awa) as browser:
        page = (await browser.get("/notifications")).text
    assert "Rien à vous dire" in page
    assert "Tout marquer" not in page
