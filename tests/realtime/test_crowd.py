"""Crowds: those who stop reading harm nobody, and whoever leaves is forgotten."""

import asyncio
import contextlib
import gc
import socket

import psutil
import pytest
from prometheus_client import REGISTRY

from listening import (
    Served,
    Square,
    connect,
    cursor,
    deaf_socket,
    eventually,
    parse,
    reading,
    request,
    reset,
    say,
    talk,
)
from realtime import crowd
from realtime import page as pages
from realtime.page import WAITING_BYTES
from realtime.topic import RING_BYTES, RING_FRAMES
from world import World

Cookie = dict[str, str]


@pytest.fixture
def many(monkeypatch: pytest.MonkeyPatch) -> None:
    """One person may hold as many connections as the test needs."""
    monkeypatch.setattr(crowd, "PER_PERSON", 30_000)
    monkeypatch.setattr(crowd, "PER_ADDRESS", 30_000)


def _waits_for(page: pages.Page) -> int:
    """How many bytes the server holds for a page."""
    transport = pages._transport(page._send)
    return transport.get_write_buffer_size() if transport else 0


def drains() -> list[asyncio.Task[object]]:
    """Tasks that wait for a socket to take more."""
    return [task for task in asyncio.all_tasks() if "_drain" in repr(task.get_coro())]


async def test_those_who_stop_reading_harm_nobody(
    place: Served, square: Square, cookie: Cookie, many: None, monkeypatch: pytest.MonkeyPatch, long: bool
) -> None:
    """A hundred clients stop reading while six read on: the six miss nothing, the others are cut [R17, F5]."""
    monkeypatch.setattr(pages, "SEND_SECONDS", 2.0)
    square.padding = "x" * 4_000
    stream, messages = talk(), 150
    start = await cursor(place.house, stream)
    stalled = REGISTRY.get_sample_value("entente_live_stalled_total") or 0.0
    deaf = [deaf_socket(place.port, request(cookie, [start])) for _ in range(1_000 if long else 100)]
    await eventually(lambda: sum(page.is_joined for page in place.hub.pages) == len(deaf), 60)
    held = list(place.hub.pages)
    readers = [await connect(place.port, cookie, start) for _ in range(6)]

    most = 0
    for number in range(messages):
        await say(place.house, stream)
        # As fast as those who read: what is measured is not how soon a ring turns over.
        for reader in readers:
            await reader.gets(stream, number + 1)
        most = max(most, *(_waits_for(page) for page in held))
        assert max(len(page.extra) for page in held) <= 3
        frames, size = place.hub.topics[str(stream)].weight
        assert frames <= RING_FRAMES
        assert size <= RING_BYTES
    await eventually(lambda: len(place.hub.pages) == len(readers), 30)

    assert [reader.positions(stream) for reader in readers] == [list(range(1, messages + 1))] * len(readers)
    assert [reader.of("reset") for reader in readers] == [[]] * len(readers)
    assert 0 < most <= WAITING_BYTES + RING_BYTES + 1_000
    assert REGISTRY.get_sample_value("entente_live_stalled_total") == stalled + len(deaf)
    await eventually(lambda: not drains())
    for reader in readers:
        await reader.close()
    for each in deaf:
        each.close()


async def test_whoever_reads_again_after_a_pause_is_told_to_start_afresh(
    place: Served, square: Square, cookie: Cookie, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A client stops reading, the ring turns over, it reads again: an unbroken story, a reset, then the news."""
    monkeypatch.setattr(pages, "SEND_SECONDS", 60.0)
    square.padding = "x" * 4_000
    stream = talk()
    paused = deaf_socket(place.port, request(cookie, [await cursor(place.house, stream)]))
    await eventually(lambda: any(page.is_joined for page in place.hub.pages))
    [page] = place.hub.pages
    while not page.is_stuck:
        await say(place.house, stream)
        await asyncio.sleep(0.01)
    await say(place.house, stream, times=2 * RING_FRAMES)
    said_last = (await cursor(place.house, stream)).position
    await eventually(lambda: place.hub.topics[str(stream)].tip == said_last, 20)

    paused.setblocking(False)
    loop, taken = asyncio.get_running_loop(), b""
    async with asyncio.timeout(20):
        while b"event: reset" not in taken:
            taken += await loop.sock_recv(paused, 65_536)
        [said] = await say(place.house, stream)
        while str(said).encode() not in taken:
            taken += await loop.sock_recv(paused, 65_536)
    paused.close()
    events = [event for event in parse(_without_chunks(taken)) if event.type in ("fragment", "reset")]
    told = [event.type for event in events].index("reset")
    before = [event.position for event in events[:told]]

    assert before == list(range(1, len(before) + 1))
    assert [event.type for event in events].count("reset") == 1
    after = [event.position for event in events[told:]]
    assert after == list(range(after[0], after[0] + len(after)))


def _without_chunks(taken: bytes) -> str:
    _, _, rest = taken.partition(b"\r\n\r\n")
    body = b""
    while rest:
        size, _, rest = rest.partition(b"\r\n")
        body, rest = body + rest[: int(size, 16)], rest[int(size, 16) + 2 :]
    return body.decode()


async def test_one_page_never_makes_the_server_hold_more_than_a_ring(
    place: Served, square: Square, cookie: Cookie
) -> None:
    """A page comes back to twenty long stories at once: they reach it in turn, each whole."""
    square.padding = "x" * 4_000
    streams = [talk() for _ in range(20)]
    start = [await cursor(place.house, stream) for stream in streams]
    await say(place.house, *streams, times=40)
    sizes: list[int] = []
    write = pages.Page.write

    def measured(page: pages.Page, data: bytes) -> None:
        sizes.append(len(data))
        write(page, data)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pages.Page, "write", measured)
        async with reading(place.port, cookie, *start) as page:
            for stream in streams:
                await page.gets(stream, 40)
            assert [page.positions(stream) for stream in streams] == [list(range(1, 41))] * 20
    assert max(sizes) <= 2 * RING_BYTES


@pytest.mark.parametrize("home", [pytest.param("postgres", marks=pytest.mark.redis)], indirect=True)
async def test_thousands_who_come_and_go_leave_nothing(
    place: Served, world: World, cookie: Cookie, many: None, monkeypatch: pytest.MonkeyPatch, long: bool
) -> None:
    """Connections are opened by thousands, half of them cut without a word: all is as it was before [F10]."""
    monkeypatch.setattr("realtime.hub.IDLE_SECONDS", 0.2)
    devices = [cookie, await world.cookie(world.bruno)]
    me = psutil.Process()
    total, at_once = (20_000 if long else 1_000), 250
    sizes = []
    await _come_and_go(place, devices, at_once)
    await eventually(lambda: _is_empty(place), 20)
    tasks, sockets, memory = len(asyncio.all_tasks()), me.num_fds(), me.memory_info().rss
    for _ in range(total // at_once):
        await _come_and_go(place, devices, at_once)
        # A server collects rarely (see `entente.app`): what is measured is what stays.
        gc.collect()
        sizes.append(me.memory_info().rss)
    await eventually(lambda: _is_empty(place), 20)
    await eventually(lambda: len(asyncio.all_tasks()) <= tasks)

    # Database connections may have been opened meanwhile; they are pooled.
    await eventually(lambda: me.num_fds() <= sockets + 20)
    assert place.hub.crowd.here(str(world.awa.id)) == place.hub.crowd.here("127.0.0.1") == 0
    assert place.hub.presence._newcomers == {}
    assert place.hub.presence._told == {}
    assert sizes[-1] - memory < 30_000_000


def _is_empty(place: Served) -> bool:
    return not place.hub.pages and not place.hub.topics and not place.hub._hungry


async def _come_and_go(place: Served, devices: list[Cookie], count: int) -> None:
    """So many open a stream, and leave before, while or after it opens: half of them with a reset."""
    streams = [await cursor(place.house, talk()) for _ in range(5)]
    asked = [request(devices[number % 2], [streams[number % 5]]) for number in range(count)]
    opened = await asyncio.gather(*(_opened(place.port, each, number) for number, each in enumerate(asked)))
    for number, each in enumerate(opened):
        if number % 2:
            reset(each)
        else:
            each.close()


async def _opened(port: int, asked: bytes, number: int) -> socket.socket:
    loop = asyncio.get_running_loop()
    made = socket.socket()
    made.setblocking(False)
    await loop.sock_connect(made, ("127.0.0.1", port))
    await loop.sock_sendall(made, asked)
    if number % 10:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(20):
                assert (await loop.sock_recv(made, 12)).endswith(b"200")
    return made
