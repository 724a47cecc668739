"""Someone has left and is forgotten: what they said stays, and nobody says any more who it was."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from sqlmodel import col, select

from booking.approvals.models import Level
from booking.models import State
from booking_world import between, park
from entente import mail
from entente.app import worker_of
from entente.forgetting.names import GONE
from entente.forgetting.service import ALREADY, CLOSE_FIRST, LAST_ONE, Forgetting
from entente.ids import Ref
from entente.journal import Entry
from entente.live import Verb
from entente.mail import NOWHERE
from entente.outbox import Task
from entente.people.models import AuditEntry, Person
from entente.people.who import Who
from entente.rules import Conflict
from forums import feed, queries, service
from forums.history.models import Revision
from forums.models import EditedPost, Post
from world import World

Leave = Callable[[Who], Awaitable[None]]


async def forget(world: World, known: Forgetting, who: Who) -> None:
    """Inès forgets someone."""
    async with world.working(world.ines) as work:
        await known.forget(work, who.id)


async def page(world: World, address: str, **asked: str) -> str:
    """A page as Bruno reads it."""
    async with world.browser(world.bruno) as browser:
        answer = await browser.get(address, params=asked)
    assert answer.status_code == 200
    return answer.text


async def test_what_they_said_stays_and_their_name_goes(world: World, known: Forgetting, leave: Leave) -> None:
    """Awa's words, and those of Bruno who calls her and Camille: both are read, and one name only is left."""
    called = await world.post(world.bruno, world.snow, "Merci @awa-diallo et @camille-rey, vive Awa Diallo !")
    before = await page(world, f"/forums/fils/{world.snow.id}")
    await leave(world.awa)
    await forget(world, known, world.awa)
    after = await page(world, f"/forums/fils/{world.snow.id}")
    assert ("Awa Diallo" in before, "Diallo" in after, "Awa" in after) == (True, False, False)
    assert "Qui en a une de" in after
    assert "Personne partie" in after
    async with world.reading() as db:
        said = await db.get_one(Post, called.id)
    assert said.body == f"Merci {GONE} et @camille-rey, vive {GONE} !"
    assert f'<a href="/annuaire/{world.camille.id}"' in said.html
    assert str(world.awa.id) not in said.html


async def test_a_search_finds_the_words_and_not_the_name(world: World, known: Forgetting, leave: Leave) -> None:
    """The thread of the snow is found by what it says; nothing is found by « Diallo » any more."""
    await world.post(world.bruno, world.snow, "Voir Awa Diallo pour le déneigement.")
    await worker_of(world.house).work_once()
    assert "Voir" in await page(world, "/recherche", q="diallo")
    await leave(world.awa)
    await forget(world, known, world.awa)
    assert f"/forums/fils/{world.snow.id}" not in await page(world, "/recherche", q="diallo")
    assert f"/forums/fils/{world.snow.id}" in await page(world, "/recherche", q="déneigement")


async def test_a_correction_before_ones_eyes_does_not_bring_a_name_back(
    world: World, known: Forgetting, leave: Leave
) -> None:
    """Bruno corrects the version that named Awa: he is told; its history goes on without a hole."""
    said = await world.post(world.bruno, world.snow, "Un mot d’Awa Diallo.")

    async def correct(version: int, body: str) -> None:
        async with world.working(world.bruno) as work:
            mine, place = await queries.post_for(work.db, world.bruno, said.id)
            await service.edit_post(work, place, mine, EditedPost(body=body, version=version))

    await correct(1, "Deux mots d’Awa Diallo.")
    await leave(world.awa)
    await forget(world, known, world.awa)
    with pytest.raises(Conflict):
        await correct(2, "Trois")
    await correct(3, "Trois")
    async with world.reading() as db:
        kept = select(Revision).where(col(Revision.post_id) == said.id).order_by(col(Revision.version))
        texts = {each.version: each.body for each in await db.exec(kept)}
        latest = (await db.get_one(Post, said.id)).version
    assert texts == {1: f"Un mot d’{GONE}.", 3: f"Deux mots d’{GONE}.", latest: "Trois"}


async def test_whatever_stops_it_halfway_it_is_done_by_doing_it_again(
    world: World, known: Forgetting, leave: Leave
) -> None:
    """The power fails before the commit: nothing was done, and the second time all of it is."""
    await leave(world.awa)

    async def fail() -> None:
        async with world.working(world.ines) as work:
            await known.forget(work, world.awa.id)
            raise ConnectionError

    with pytest.raises(ConnectionError):
        await fail()
    async with world.reading() as db:
        assert (await db.get_one(Person, world.awa.id)).name == "Awa Diallo"
    await forget(world, known, world.awa)
    with pytest.raises(Conflict, match=ALREADY):
        await forget(world, known, world.awa)


async def test_of_two_who_forget_someone_at_once_one_does(world: World, known: Forgetting, leave: Leave) -> None:
    """The row's lock decides; the audit says it once, by ids alone."""
    await leave(world.awa)
    done = await asyncio.gather(*(forget(world, known, world.awa) for _ in range(2)), return_exceptions=True)
    assert sorted(type(each).__name__ for each in done) == ["Conflict", "NoneType"]
    async with world.reading() as db:
        (entry,) = (await db.exec(select(AuditEntry).where(col(AuditEntry.act) == "person.forgotten"))).all()
    assert (entry.person_id, entry.subject, entry.detail) == (
        world.ines.id,
        str(Ref("entente/person", world.awa.id)),
        {},
    )


async def test_someone_of_the_same_name_is_still_named(world: World, known: Forgetting, leave: Leave) -> None:
    """Another Awa Diallo, of Brioude: what calls the one who left is known by her number, the rest is left alone."""
    called = await world.post(world.bruno, world.snow, "Merci @awa-diallo, et à Awa Diallo de Brioude.")
    async with world.house.database.writing() as db:
        db.add(Person(email="autre@brioude.example", given_name="Awa", family_name="DIALLO"))
    await leave(world.awa)
    await forget(world, known, world.awa)
    async with world.reading() as db:
        assert (await db.get_one(Post, called.id)).body == f"Merci {GONE}, et à Awa Diallo de Brioude."


async def test_what_must_be_settled_first_is_said(world: World, known: Forgetting, leave: Leave) -> None:
    """An open account, a seat, a loan, an agreement, the last administrator: each has its sentence, and holds it up."""

    async def said(who: Who) -> str:
        async with world.reading() as db:
            return " ".join(await known.obstacles(db, await db.get_one(Person, who.id)))

    fleet = await park(world)
    lent = await fleet.reserve(world.awa, "nacelle", between(8, 12))
    async with world.house.database.writing() as db:
        type_id = fleet.types["chair"].id
        db.add(Level(type_id=type_id, number=1, person_id=world.awa.id, minutes=60))
    first = await said(world.awa)
    assert all(words in first for words in (CLOSE_FIRST, "Comité de pilotage", "Nacelle", "Chaises"))
    with pytest.raises(Conflict, match="Nacelle"):
        await forget(world, known, world.awa)
    assert LAST_ONE in await said(world.ines)
    assert await said(world.bruno) == CLOSE_FIRST

    await leave(world.awa)
    async with world.house.database.writing() as db:
        lent.state = State.CANCELLED
        db.add(await db.merge(lent))
        level = await db.get_one(Level, (type_id, 1))
        await db.delete(level)
    assert await said(world.awa) == ""
    await forget(world, known, world.awa)


async def test_nothing_is_written_to_nobody(world: World, known: Forgetting, leave: Leave) -> None:
    """The address that is left leads nowhere, and no mail waits for it."""
    await leave(world.awa)
    await forget(world, known, world.awa)
    async with world.reading() as db:
        email = (await db.get_one(Person, world.awa.id)).email
    async with world.working(world.ines) as work:
        mail.post(work, email, "Rappel", "Bonjour")
        mail.post(work, "bruno@brioude.example", "Rappel", "Bonjour")
    async with world.reading() as db:
        waiting = (await db.exec(select(Task).where(col(Task.kind) == mail.MAIL))).all()
    assert email.endswith(f"@{NOWHERE}")
    assert [task.payload["to"] for task in waiting] == ["bruno@brioude.example"]


async def test_open_pages_that_show_someone_start_afresh(world: World, known: Forgetting, leave: Leave) -> None:
    """The thread where Awa spoke, the list of its forum, and a thread where Bruno names her; not one without her."""
    other = await world.open(world.bruno, world.technique, "Sel", "Vu avec Awa Diallo.")
    without = await world.open(world.bruno, world.technique, "Sable", "Vu avec Camille.")
    await leave(world.awa)
    await forget(world, known, world.awa)
    async with world.reading() as db:
        renewing = select(Entry).where(col(Entry.verb) == Verb.FACES_CHANGED)
        entries: list[Any] = list((await db.exec(renewing)).all())
    streams = {entry.stream for entry in entries}
    assert all(feed.thread_feed.is_renewed_by(entry) for entry in entries)
    assert {str(queries.stream_of(thread.id)) for thread in (world.snow, other)} <= streams
    assert str(queries.stream_of_forum(world.technique.id)) in streams
    assert str(queries.stream_of(without.id)) not in streams
