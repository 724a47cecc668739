"""Places: so many streams for one person and for one address, wherever in the house they are opened."""

import asyncio
import signal
from collections.abc import Callable, Collection, Sequence
from contextlib import AsyncExitStack
from typing import Any

import pytest
import redis.asyncio

from entente.house import House
from entente.settings import Settings, load
from listening import OwnRedis, Process, Reader, Served, Square, connect, cursor, served, talk
from realtime import crowd
from realtime.bell import prefix_of
from realtime.crowd import PER_PERSON, Crowd, Knock
from world import World

Cookie = dict[str, str]
BESIDE_REDIS = pytest.mark.parametrize("home", [pytest.param("postgres", marks=pytest.mark.redis)], indirect=True)
AWA, TOWN_HALL = "awa", "203.0.113.7"
pytestmark = BESIDE_REDIS


async def opened(port: int, cookie: Cookie, stream: object, count: int) -> list[Reader]:
    """So many streams, one after the other, all of them open."""
    readers = [await connect(port, cookie, str(stream)) for _ in range(count)]
    assert [each.status for each in readers] == [200] * count
    return readers


async def status(port: int, cookie: Cookie, stream: object) -> int:
    """What whoever asks for one more stream is answered; it is closed again."""
    reader = await connect(port, cookie, str(stream))
    await reader.close()
    return reader.status


async def test_a_person_holds_so_many_streams_in_the_whole_house(
    pair: Sequence[Served], world: World, cookie: Cookie
) -> None:
    """Awa has ten streams in each process: neither opens one more; a place given back serves elsewhere."""
    one, two = pair
    stream = await cursor(one.house, talk())
    readers = await opened(one.port, cookie, stream, 10) + await opened(two.port, cookie, stream, PER_PERSON - 10)

    assert [await status(each.port, cookie, stream) for each in pair] == [429, 429]
    assert await status(two.port, await world.cookie(world.bruno), stream) == 200
    await readers.pop().close()
    await reopened(one.port, cookie, stream, readers)
    assert [await status(each.port, cookie, stream) for each in pair] == [429, 429]
    for reader in readers:
        await reader.close()


async def reopened(port: int, cookie: Cookie, stream: object, readers: list[Reader]) -> None:
    """One more stream, as soon as there is a place."""
    async with asyncio.timeout(20):
        while (reader := await connect(port, cookie, str(stream))).status == 429:
            await reader.close()
    readers.append(reader)


async def test_an_address_holds_so_many_streams_in_the_whole_house(
    pair: Sequence[Served], world: World, cookie: Cookie, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two streams from one address, one in each process: whoever comes third from there waits, wherever they knock."""
    monkeypatch.setattr(crowd, "PER_ADDRESS", 2)
    one, two = pair
    stream = await cursor(one.house, talk())
    readers = await opened(one.port, cookie, stream, 1) + await opened(two.port, cookie, stream, 1)

    bruno = await world.cookie(world.bruno)
    assert [await status(each.port, bruno, stream) for each in pair] == [429, 429]
    for reader in readers:
        await reader.close()


async def test_of_many_who_knock_everywhere_at_once_only_so_many_enter(pair: Sequence[Served], cookie: Cookie) -> None:
    """Awa knocks twenty times at each of two processes in the same instant: twenty of her forty streams open."""
    stream = await cursor(pair[0].house, talk())
    knocks = [connect(each.port, cookie, stream) for each in pair for _ in range(PER_PERSON)]
    readers = await asyncio.gather(*knocks)

    assert sorted(each.status for each in readers) == [200] * PER_PERSON + [429] * PER_PERSON
    for reader in readers:
        await reader.close()


async def test_the_places_of_a_killed_process_come_back(
    place: Served, cookie: Cookie, settings: Settings, processes: Callable[[Settings], Process]
) -> None:
    """All of Awa's streams were in a process that is killed -9: when its time is over she has all her places again."""
    stream = await cursor(place.house, talk())
    other = processes(settings)
    await opened(other.port, cookie, stream, PER_PERSON)
    assert await status(place.port, cookie, stream) == 429

    other.process.send_signal(signal.SIGKILL)
    other.process.wait()
    assert await status(place.port, cookie, stream) == 429
    async with redis.asyncio.Redis.from_url(str(settings.redis_url)) as client:
        told = {name.decode() async for name in client.scan_iter(f"{prefix_of(settings)}:crowd:*")}
        [left] = told - {place.hub.crowd._mine}
        # Its end is written down and nobody puts it off: here it only comes at once.
        assert 0 < await client.pttl(left) <= crowd.LASTS * 1000
        await client.pexpire(left, 1)
    readers: list[Reader] = []
    for _ in range(PER_PERSON):
        await reopened(place.port, cookie, stream, readers)
    assert await status(place.port, cookie, stream) == 429
    for reader in readers:
        await reader.close()


async def test_without_redis_reading_goes_on_and_with_it_all_are_counted_again(
    world: World, square: Square, cookie: Cookie, own_redis: OwnRedis
) -> None:
    """Redis dies: each process opens up to its own limit. It comes back knowing nothing: the house counts as before."""
    harmed = load(**world.house.settings.model_dump() | {"redis_url": own_redis.url})
    async with AsyncExitStack() as stack:
        one, two = [await stack.enter_async_context(served(square.app(House.build(harmed)))) for _ in range(2)]
        stream = await cursor(one.house, talk())
        readers = await opened(one.port, cookie, stream, PER_PERSON)
        assert await status(two.port, cookie, stream) == 429

        own_redis.stop()
        readers += await opened(two.port, cookie, stream, 5)
        assert await status(one.port, cookie, stream) == 429
        own_redis.start()
        # Whoever had nothing to say meanwhile finds out when it next says that it is alive.
        async with asyncio.timeout(30):
            while await status(two.port, cookie, stream) != 429:
                await asyncio.sleep(0.1)

        assert [await status(each.port, cookie, stream) for each in (one, two)] == [429, 429]
        for reader in readers:
            await reader.close()


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Processes that tell more often what they hold."""
    monkeypatch.setattr(crowd, "RENEW", 0.05)


async def test_a_process_that_was_forgotten_tells_again_what_it_holds(settings: Settings, hurried: None) -> None:
    """Whoever sleeps for longer than it is remembered says everything again when it wakes."""
    one, two = Crowd(settings), Crowd(settings)
    await one.open()
    await two.open()
    for _ in range(PER_PERSON):
        assert await one.enter(AWA, TOWN_HALL)
    assert not await two.enter(AWA, "elsewhere")

    async with redis.asyncio.Redis.from_url(str(settings.redis_url)) as client:
        await client.delete(one._mine)
        async with asyncio.timeout(20):
            # Awa, the town hall, and the word that says that all was told.
            while await client.hlen(one._mine) < 3:
                await asyncio.sleep(0.01)
    assert not await two.enter(AWA, "elsewhere")
    await one.close()
    await two.close()


async def test_whoever_leaves_leaves_nothing(settings: Settings, hurried: None) -> None:
    """A thousand come and go, some of them while others come: nothing of them is left, here or in Redis."""
    place = Crowd(settings)
    await place.open()
    people = [f"person {number}" for number in range(1_000)]

    async def pass_by(person: str) -> None:
        assert await place.enter(person, TOWN_HALL)
        place.leave(person, TOWN_HALL)

    await asyncio.gather(*map(pass_by, people))
    assert place._here == {}
    async with redis.asyncio.Redis.from_url(str(settings.redis_url)) as client:
        async with asyncio.timeout(20):
            while await client.hkeys(place._mine) != [crowd._TOLD.encode()]:
                await asyncio.sleep(0.01)
        await place.enter(AWA, TOWN_HALL)
        await place.close()
        assert not await client.exists(place._mine)
        assert 0 < await client.ttl(place._all) <= crowd.LASTS


async def test_hundreds_who_knock_together_are_asked_for_together(settings: Settings) -> None:
    """Five hundred people open their pages in one instant: Redis is asked a few times, not once for each."""
    place = Crowd(settings)
    written: list[int] = []
    write = place._write

    async def noting(client: Any, knocks: Sequence[Knock], told: Collection[str]) -> list[bool]:
        written.append(len(knocks))
        return await write(client, knocks, told)

    place._write = noting  # type: ignore[assignment]
    await place.open()
    came = await asyncio.gather(*(place.enter(f"person {number}", TOWN_HALL) for number in range(500)))
    await place.close()

    assert all(came)
    assert sum(written) == 500
    assert sum(map(bool, written)) < 5


async def test_nobody_waits_for_a_house_that_closes(settings: Settings) -> None:
    """Someone knocks in the instant in which the house closes: they are answered."""
    place = Crowd(settings)
    await place.open()
    knocking = asyncio.create_task(place.enter(AWA, TOWN_HALL))
    await asyncio.sleep(0)
    await place.close()

    async with asyncio.timeout(20):
        assert await knocking
