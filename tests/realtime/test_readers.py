"""Readers: when a thing is no longer open to someone, their pages that follow it stop, and others' go on."""

import asyncio
from uuid import UUID

import pytest
from sqlmodel.ext.asyncio.session import AsyncSession

from entente.ids import Ref
from entente.people.who import Who
from entente.rights import Verb
from listening import Served, Square, connect, cursor, reading, say, talk
from world import World

Cookie = dict[str, str]


async def narrow(world: World, square: Square, stream: Ref) -> None:
    """The square closes to Bruno, whose own rights stay what they are."""
    square.barred.add(world.bruno.id)
    async with world.working(world.ines) as work:
        work.record(stream, Verb.READERS_CHANGED, stream.id)


async def test_a_page_stops_when_its_thing_is_no_longer_open(
    place: Served, world: World, square: Square, cookie: Cookie
) -> None:
    """Bruno follows two talks and the first says its readers changed: both are asked again, both stop [R19]."""
    stream, other = talk(), talk()
    starts = [await cursor(place.house, each) for each in (stream, other)]
    async with (
        reading(place.port, await world.cookie(world.bruno), *starts) as bruno,
        reading(place.port, cookie, *starts) as awa,
    ):
        await narrow(world, square, stream)
        await bruno.until(lambda page: len(page.of("gone")) == 2)
        await say(place.house, other)
        await awa.gets(other, 1)
        await asyncio.sleep(0.1)

        assert set(bruno.of("gone")) == {str(stream), str(other)}
        assert bruno.positions(other) == []
        assert awa.of("gone") == []


async def test_readers_that_change_while_a_page_comes_are_noticed(
    place: Served, world: World, square: Square, cookie: Cookie, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The square closes to Bruno just after he was told that he may follow it: his page hears nothing."""
    stream = talk()
    start = await cursor(place.house, stream)
    watch, asked = square.feed.watch, list[Who]()

    async def then_closed(db: AsyncSession, who: Who, id_: UUID) -> object:
        answer = await watch(db, who, id_)
        if who.id == world.bruno.id and not asked:
            asked.append(who)
            await narrow(world, square, stream)
            # Everyone who was there has been asked again; Bruno's page is not there yet.
            await awa.gets(stream, 1)
        return answer

    bruno = await world.cookie(world.bruno)
    async with reading(place.port, cookie, start) as awa:
        monkeypatch.setattr(square.feed, "watch", then_closed)
        page = await connect(place.port, bruno, start)
        assert page.status == 200
        await page.until(lambda page: page.of("gone"))
        await say(place.house, stream)
        await awa.gets(stream, 2)
        await asyncio.sleep(0.1)

        assert page.positions(stream) == []
        await page.close()
