"""Rights: what someone may no longer read stops reaching them, here and in every other process."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from sqlalchemy import delete, select, update
from sqlmodel import col

from entente.house import House
from entente.ids import Ref
from entente.people.models import Person, PersonStatus, Session
from entente.people.queries import hash_of
from entente.rights import Verb, rights_changed, stream_of_person
from listening import Reader, Served, Square, connect, cursor, eventually, reading, say, served, talk
from listening import Verb as Moved
from realtime.page import Page
from world import World

Cookie = dict[str, str]


@pytest.fixture
async def elsewhere(place: Served, square: Square) -> AsyncIterator[Served]:
    """A second process of the same house: its own hub, its own bell, its own connections."""
    if place.house.settings.is_embedded:
        yield place
        return
    async with served(square.app(House.build(place.house.settings))) as other:
        yield other


async def bar(world: World, square: Square) -> None:
    """Bruno loses the square."""
    square.barred.add(world.bruno.id)
    async with world.working(world.ines) as work:
        await rights_changed(work, world.bruno.id)


async def hears_nothing_more(world: World, page: Reader, other: Reader, stream: Ref) -> None:
    """Something is said again: Awa hears it, Bruno does not."""
    before = page.positions(stream)
    await say(world.house, stream)
    tip = await cursor(world.house, stream)
    await other.gets(stream, tip.position)
    await asyncio.sleep(0.1)
    assert page.positions(stream) == before


async def test_rights_taken_away_stop_an_open_page(
    place: Served, elsewhere: Served, world: World, square: Square, cookie: Cookie
) -> None:
    """Bruno reads the square in two processes and loses it: both pages are told, and hear nothing more [R19]."""
    stream = talk()
    start = await cursor(place.house, stream)
    bruno = await world.cookie(world.bruno)
    async with (
        reading(place.port, bruno, start) as here,
        reading(elsewhere.port, bruno, start) as there,
        reading(place.port, cookie, start) as awa,
    ):
        await say(place.house, stream)
        for page in (here, there, awa):
            await page.gets(stream, 1)
        await bar(world, square)
        for page in (here, there):
            await page.until(lambda page: page.of("gone"))
            assert page.of("gone") == [str(stream)]
        await hears_nothing_more(world, here, awa, stream)
        assert there.positions(stream) == [1]


async def test_rights_taken_away_without_a_bell_stop_an_open_page(
    place: Served, world: World, square: Square, cookie: Cookie
) -> None:
    """Nobody rings, as when another tool writes to the database: the heartbeat finds the change."""
    stream = talk()
    start = await cursor(place.house, stream)
    async with (
        reading(place.port, await world.cookie(world.bruno), start) as bruno,
        reading(place.port, cookie, start) as awa,
    ):
        world.house.announce = lambda rungs: None
        await bar(world, square)
        await bruno.until(lambda page: page.of("gone"))
        await hears_nothing_more(world, bruno, awa, stream)


async def test_rights_taken_away_meanwhile_refuse_the_return(place: Served, world: World, square: Square) -> None:
    """Bruno was away when he lost the square: his cursor opens nothing."""
    stream = talk()
    bruno = await world.cookie(world.bruno)
    async with reading(place.port, bruno, await cursor(place.house, stream)):
        pass
    left = await cursor(place.house, stream)
    await say(place.house, stream, times=3)
    await bar(world, square)

    assert (await connect(place.port, bruno, left)).status == 403


@pytest.mark.parametrize("turn", range(6))
async def test_rights_taken_away_during_a_replay_stop_it(
    place: Served, world: World, square: Square, cookie: Cookie, turn: int
) -> None:
    """Bruno comes back to a long story and loses the square meanwhile: nothing said afterwards reaches him."""
    stream = talk()
    left = await cursor(place.house, stream)
    await say(place.house, stream, times=100)
    bruno = await world.cookie(world.bruno)
    async with reading(place.port, cookie, await cursor(place.house, stream)) as awa:
        coming = asyncio.create_task(connect(place.port, bruno, left))
        await asyncio.sleep(turn * 0.002)
        await bar(world, square)
        page = await coming
        if page.status == 200:
            await page.until(lambda page: page.of("gone") or page.has_ended)
            await hears_nothing_more(world, page, awa, stream)
            await page.close()
        else:
            assert page.status == 403
        assert max(page.positions(stream), default=0) <= 100


async def test_rights_taken_away_during_a_replay_that_fails_are_not_given_back(
    place: Served, world: World, square: Square, cookie: Cookie
) -> None:
    """Bruno's story has become too long to replay and he loses the square meanwhile: no reset lets him in again."""
    stream = talk()
    left = await cursor(place.house, stream)
    await say(place.house, stream, times=100)
    square.padding = "x" * 4_000
    async with reading(place.port, cookie, await cursor(place.house, stream)) as awa:
        square.gate.clear()
        coming = asyncio.create_task(connect(place.port, await world.cookie(world.bruno), left))
        await eventually(lambda: 1 in square.rendered)
        await bar(world, square)
        await eventually(
            lambda: all(stream not in [topic.ref for topic in page.cursors] for page in _pages_of(place, world))
        )
        square.gate.set()
        page = await coming
        await page.until(lambda page: page.of("gone"))
        await hears_nothing_more(world, page, awa, stream)

        assert page.of("reset") == []
        await page.close()


def _pages_of(place: Served, world: World) -> list[Page]:
    return [page for page in place.hub.pages if page.who.id == world.bruno.id]


async def test_rights_taken_away_between_the_door_and_the_hub_are_noticed(
    place: Served, world: World, square: Square, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Bruno was let in with yesterday's rights: his page is sent back to the door at once."""
    stream = talk()
    start = await cursor(place.house, stream)
    join = place.hub.join

    async def late(*arguments: object) -> object:
        async with world.working(None) as work:
            await rights_changed(work, world.bruno.id)
        return await join(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(place.hub, "join", late)
    page = await connect(place.port, await world.cookie(world.bruno), start)
    await page.ends()

    assert page.of("renew") == [""]
    await eventually(lambda: place.hub.pages == set())


async def test_a_suspended_person_is_shown_out_everywhere(
    place: Served, elsewhere: Served, world: World, cookie: Cookie
) -> None:
    """Bruno's account is suspended: his pages end with a sentence, Awa's stay."""
    start = await cursor(place.house, talk())
    bruno = await world.cookie(world.bruno)
    async with (
        reading(place.port, bruno, start) as here,
        reading(elsewhere.port, bruno, start) as there,
        reading(place.port, cookie, start) as awa,
    ):
        async with world.working(world.ines) as work:
            suspended = update(Person).where(col(Person.id) == world.bruno.id)
            await work.db.execute(suspended.values(status=PersonStatus.SUSPENDED))
            await rights_changed(work, world.bruno.id)
        for page in (here, there):
            await page.ends()
            assert page.of("refused") == ["Votre compte n’est plus actif."]
        assert not awa.has_ended


async def test_signing_out_closes_one_device_only(place: Served, elsewhere: Served, world: World) -> None:
    """Bruno signs out on his telephone: its pages end, those of his office stay."""
    start = await cursor(place.house, talk())
    telephone, office = await world.cookie(world.bruno), await world.cookie(world.bruno)
    async with (
        reading(place.port, telephone, start) as here,
        reading(elsewhere.port, telephone, start) as there,
        reading(place.port, office, start) as desk,
    ):
        mine = col(Session.hash) == hash_of(telephone["entente"])
        async with world.working(world.bruno) as work:
            session = (await work.db.execute(select(col(Session.id)).where(mine))).scalar_one()
            await work.db.execute(delete(Session).where(mine))
            work.record(stream_of_person(world.bruno.id), Verb.SESSION_ENDED, session)
        for page in (here, there):
            await page.ends()
            assert page.of("refused") == ["Vous n’êtes plus connecté sur cet appareil."]
        await say(place.house, start.stream)
        await desk.gets(start.stream, 1)


async def test_rights_are_asked_again_until_the_database_answers(
    place: Served, world: World, square: Square, cookie: Cookie, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The database fails just when rights are asked again: they are asked again at the next heartbeat."""
    stream = talk()
    start = await cursor(place.house, stream)
    recheck = place.hub.recheck
    failed: list[bool] = []

    async def failing(person_id: object) -> None:
        if not failed:
            failed.append(True)
            raise OSError("connection reset")
        await recheck(person_id)  # type: ignore[arg-type]

    monkeypatch.setattr(place.hub, "recheck", failing)
    async with (
        reading(place.port, await world.cookie(world.bruno), start) as bruno,
        reading(place.port, cookie, start) as awa,
    ):
        await bar(world, square)
        await bruno.until(lambda page: page.of("gone"))
        await hears_nothing_more(world, bruno, awa, stream)
    assert failed == [True]


async def test_a_thing_that_moves_closes_to_some_and_starts_afresh_for_the_others(
    place: Served, world: World, square: Square, cookie: Cookie
) -> None:
    """The square goes where Bruno may not follow: his page is told so, Awa's starts afresh from there, and hears on."""
    stream = talk()
    start = await cursor(place.house, stream)
    async with (
        reading(place.port, await world.cookie(world.bruno), start) as bruno,
        reading(place.port, cookie, start) as awa,
    ):
        await say(place.house, stream)
        for page in (bruno, awa):
            await page.gets(stream, 1)
        square.barred.add(world.bruno.id)
        async with place.house.working(None) as work:
            work.record(stream, Verb.READERS_CHANGED, stream.id)
            work.record(stream, Moved.MOVED, stream.id)
        await bruno.until(lambda page: page.of("gone"))
        await awa.until(lambda page: page.of("reset"))
        assert (bruno.of("reset"), awa.of("reset"), awa.of("gone")) == ([], [str(stream)], [])
        await hears_nothing_more(world, bruno, awa, stream)
