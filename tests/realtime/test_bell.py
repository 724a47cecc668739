"""The bell: rung in one process and heard in the others; lost, killed or forgotten, it comes back."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable

import httpx
import pytest
import redis.asyncio
from prometheus_client import REGISTRY

from entente.house import House
from entente.ids import Ref
from entente.settings import Settings, load
from listening import OwnRedis, Process, Reader, Served, Square, cursor, eventually, reading, say, served, talk
from world import BASE, World

Cookie = dict[str, str]
BESIDE_REDIS = pytest.mark.parametrize("home", [pytest.param("postgres", marks=pytest.mark.redis)], indirect=True)
IN_MEMORY = pytest.mark.parametrize("home", ["sqlite"], indirect=True)


@pytest.fixture
def only_the_bell(monkeypatch: pytest.MonkeyPatch) -> None:
    """No heartbeat: what arrives has come by the bell."""
    monkeypatch.setattr("realtime.hub.HEARTBEAT", 10_000.0)


async def keeps_saying(house: House, stream: Ref, *pages: Reader) -> None:
    """Say one thing after the other until every page has heard a new one."""
    before = [len(page.positions(stream)) for page in pages]
    async with asyncio.timeout(20):
        while any(len(page.positions(stream)) == old for page, old in zip(pages, before, strict=True)):
            await say(house, stream)
            await asyncio.sleep(0.2)


@BESIDE_REDIS
async def test_what_is_said_in_one_process_is_heard_in_the_other(
    only_the_bell: None, pair: tuple[Served, Served], cookie: Cookie
) -> None:
    """The bell alone carries it, both ways."""
    one, two = pair
    stream = talk()
    start = await cursor(one.house, stream)
    async with reading(one.port, cookie, start) as here, reading(two.port, cookie, start) as there:
        await keeps_saying(one.house, stream, here, there)
        await keeps_saying(two.house, stream, here, there)


@BESIDE_REDIS
async def test_a_hundred_changes_at_once_ring_a_few_times(pair: tuple[Served, Served], redis_url: str) -> None:
    """Bells of one tick travel together: the channel layer sends far fewer messages than there are changes."""
    client = redis.asyncio.Redis.from_url(redis_url)
    streams = [talk() for _ in range(5)]
    async with client.pubsub() as eavesdropper:
        await eavesdropper.psubscribe("entente-*__group__entente")
        await eavesdropper.get_message(timeout=1)
        await asyncio.gather(*(say(pair[0].house, *streams) for _ in range(20)))
        heard = 0
        until = time.monotonic() + 1
        while time.monotonic() < until:
            message = await eavesdropper.get_message(ignore_subscribe_messages=True, timeout=0.05)
            heard += message is not None and b"square/talk" in message["data"]
    await client.aclose()

    assert 1 <= heard <= 40


@pytest.fixture
def harmed(settings: Settings, own_redis: OwnRedis) -> Settings:
    """Settings of a house whose Redis will be harmed."""
    return load(**settings.model_dump() | {"redis_url": own_redis.url})


@pytest.fixture
async def harmed_pair(world: World, square: Square, harmed: Settings) -> AsyncIterator[tuple[Served, Served]]:
    """Two processes that share it."""
    async with (
        served(square.app(House.build(harmed))) as one,
        served(square.app(House.build(harmed))) as two,
    ):
        yield one, two


@BESIDE_REDIS
async def test_killed_subscriptions_come_back(
    only_the_bell: None, harmed_pair: tuple[Served, Served], own_redis: OwnRedis, cookie: Cookie
) -> None:
    """Redis cuts every subscriber, twenty times: every process hears again, by the bell alone [F4]."""
    one, two = harmed_pair
    stream = talk()
    start = await cursor(one.house, stream)
    client = redis.asyncio.Redis.from_url(own_redis.url)
    async with reading(one.port, cookie, start) as here, reading(two.port, cookie, start) as there:
        for _ in range(20):
            await client.client_kill_filter(_type="pubsub")
            await asyncio.sleep(0.05)
        await keeps_saying(one.house, stream, there)
        await keeps_saying(two.house, stream, here)

        assert there.positions(stream) == sorted(set(there.positions(stream)))
    await client.aclose()


@BESIDE_REDIS
@pytest.mark.parametrize("garbage", ["forty megabytes", "not a message", "a message of another kind"])
async def test_a_stranger_on_our_channel_does_not_make_us_deaf(
    only_the_bell: None, harmed_pair: tuple[Served, Served], own_redis: OwnRedis, cookie: Cookie, garbage: str
) -> None:
    """Someone publishes rubbish under our name: every process hears again [F4]."""
    one, two = harmed_pair
    stream = talk()
    start = await cursor(one.house, stream)
    client = redis.asyncio.Redis.from_url(own_redis.url)
    [channel] = await client.pubsub_channels("*__group__entente")
    rubbish = {
        "forty megabytes": b"\xc1" * 40_000_000,
        "not a message": b"\xc1 hello",
        "a message of another kind": b"\x81\xa5moved\xa3all",
    }[garbage]
    async with reading(one.port, cookie, start) as here, reading(two.port, cookie, start) as there:
        for _ in range(3):
            await client.publish(channel, rubbish)
        await keeps_saying(one.house, stream, there)
        await keeps_saying(two.house, stream, here)

        # Nothing is left behind for rubbish to pile up in.
        assert [len(place.hub.bell._layer._get_layer().channels) for place in (one, two)] == [1, 1]
    await client.aclose()


@BESIDE_REDIS
async def test_a_redis_that_comes_back_empty_is_subscribed_again(
    only_the_bell: None, harmed_pair: tuple[Served, Served], own_redis: OwnRedis, cookie: Cookie
) -> None:
    """Redis dies and starts again with no memory of us: bells ring again, without any heartbeat [R9, R10]."""
    one, two = harmed_pair
    stream = talk()
    start = await cursor(one.house, stream)
    async with reading(one.port, cookie, start) as here, reading(two.port, cookie, start) as there:
        await keeps_saying(one.house, stream, there)
        own_redis.stop()
        await say(one.house, stream)
        await asyncio.sleep(1)
        own_redis.start()
        await keeps_saying(one.house, stream, there)
        await keeps_saying(two.house, stream, here)


@BESIDE_REDIS
async def test_without_redis_news_still_arrive(
    world: World,
    harmed: Settings,
    own_redis: OwnRedis,
    processes: Callable[[Settings], Process],
    cookie: Cookie,
    long: bool,
) -> None:
    """Two processes lose Redis for a while: what is said in one reaches a page of the other all the same [F3]."""
    one, two = processes(harmed), processes(harmed)
    stream = talk()

    async def say_in(process: Process, count: int = 1) -> int:
        for _ in range(count):
            await client.post(f"http://127.0.0.1:{process.port}/dire", params={"stream": str(stream)})
        return (await cursor(world.house, stream)).position

    async def ready(process: Process) -> str:
        return (await client.get(f"http://127.0.0.1:{process.port}/sante/pret")).text

    headers = {"Host": BASE.removeprefix("http://"), "Sec-Fetch-Site": "same-origin"}
    async with (
        httpx.AsyncClient(headers=headers, cookies=cookie, timeout=20) as client,
        reading(two.port, cookie, await cursor(world.house, stream)) as page,
    ):
        await page.gets(stream, await say_in(one))
        own_redis.stop()
        until = time.monotonic() + (60 if long else 4)
        while time.monotonic() < until:
            await page.gets(stream, await say_in(one))
            assert await ready(one) == await ready(two) == "prêt\n"
        own_redis.start()
        for _ in range(5):
            await page.gets(stream, await say_in(one))
            await asyncio.sleep(0.2)
        assert page.positions(stream) == list(range(1, page.positions(stream)[-1] + 1))
        async with asyncio.timeout(30):
            while [await ready(one), await ready(two)] != ["prêt\n"] * 2:
                await asyncio.sleep(0.1)


async def _mends_itself(place: Served, cookie: Cookie) -> None:
    """After it fell deaf: it says so, then hears again and says so."""
    misses = REGISTRY.get_sample_value("entente_bell_misses_total") or 0.0
    headers = {"Host": BASE.removeprefix("http://")}
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{place.port}", headers=headers) as client:
        for state, status in (("sourd à la cloche\n", 503), ("prêt\n", 200)):
            async with asyncio.timeout(30):
                while (await client.get("/sante/pret")).text != state:
                    await asyncio.sleep(0.02)
            assert place.hub.bell.is_deaf == (status == 503)
    assert (REGISTRY.get_sample_value("entente_bell_misses_total") or 0.0) > misses
    stream = talk()
    async with reading(place.port, cookie, await cursor(place.house, stream)) as page:
        await say(place.house, stream)
        await page.gets(stream, 1)


@IN_MEMORY
async def test_a_layer_that_forgets_us_is_noticed_and_left(
    place: Served, cookie: Cookie, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The in-memory layer forgets its members, as it does by itself after a day: we hear again [R11]."""
    monkeypatch.setattr("realtime.bell.PING_SECONDS", 0.3)
    await eventually(lambda: place.hub.bell._layer.groups)
    place.hub.bell._layer.groups.clear()

    await _mends_itself(place, cookie)


@BESIDE_REDIS
async def test_a_listener_that_died_is_noticed_and_replaced(
    place: Served, cookie: Cookie, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The task that reads from Redis is gone and nobody says so: we hear again, over new connections [R11]."""
    monkeypatch.setattr("realtime.bell.PING_SECONDS", 0.3)
    layer = place.hub.bell._layer
    await eventually(lambda: layer._get_layer().groups)
    layer._get_layer()._shards[0]._receive_task.cancel()

    await _mends_itself(place, cookie)

    assert place.hub.bell._layer is not layer
    assert layer._get_layer()._shards[0]._redis is None


@IN_MEMORY
async def test_the_memory_layer_forgets_nobody_by_itself(place: Served) -> None:
    """Its own expiry would make an embedded server deaf overnight."""
    layer = place.hub.bell._layer
    await eventually(lambda: layer.groups)
    [members] = layer.groups.values()
    for name in members:
        members[name] -= 400 * 86_400
    layer._clean_expired()

    assert list(layer.groups.values()) == [members]
    assert len(members) == 1


@BESIDE_REDIS
async def test_a_closed_bell_leaves_no_connection(
    world: World, square: Square, harmed: Settings, own_redis: OwnRedis
) -> None:
    """Three processes come and go: Redis keeps no connection of theirs."""
    client = redis.asyncio.Redis.from_url(own_redis.url)
    for _ in range(3):
        async with served(square.app(House.build(harmed))) as place:
            await eventually(place.hub.bell._layer._get_layer().groups.copy)
    async with asyncio.timeout(30):
        while len(await client.client_list()) > 1:
            await asyncio.sleep(0.05)
    await client.aclose()
