"""The life of a connection: it beats, it is renewed, it ends when the process stops."""

import asyncio
import contextlib
import socket
import time
from collections.abc import Callable

import pytest
import uvloop

from entente.settings import Settings
from listening import Process, Served, connect, cursor, eventually, reading, say, talk
from realtime.page import Page
from world import World

Cookie = dict[str, str]


async def _nowhere(_message: object) -> None:
    """A wire that leads nowhere."""


class Wire:
    """A wire whose socket can be closed, as uvicorn's is."""

    def __init__(self, transport: asyncio.WriteTransport) -> None:
        self.transport = transport

    async def send(self, message: object) -> None:
        """Nobody is there to take it."""


async def test_whoever_leaves_before_the_stream_opens_is_no_fault(world: World) -> None:
    """The socket is closed already when the page is made: nothing is raised, and nothing goes to the log."""

    async def knock_and_leave() -> bool:
        ours, theirs = socket.socketpair()
        transport, _ = await asyncio.get_running_loop().create_connection(asyncio.Protocol, sock=ours)
        transport.abort()
        theirs.close()
        await asyncio.sleep(0)
        return Page(world.awa, "", Wire(transport).send, 100.0, lambda page: None).is_stuck

    assert await asyncio.to_thread(uvloop.run, knock_and_leave()) is False


async def test_beats_and_renewals_are_spread(world: World) -> None:
    """Two hundred pages opened at the same instant beat, and come back, each at a time of its own."""
    pages = [Page(world.awa, "", _nowhere, 100.0, lambda page: None) for _ in range(200)]
    beats, ends = [page.next_beat for page in pages], [page.expires for page in pages]

    assert 120 <= min(beats) < 121.5 < 122.5 < max(beats) <= 125
    assert 580 <= min(ends) < 600 < 680 < max(ends) <= 700


async def test_a_quiet_page_hears_a_heart_beat(place: Served, cookie: Cookie) -> None:
    """Nothing is said: a beat comes all the same, and the next one is planned 20 to 25 s later."""
    async with reading(place.port, cookie, await cursor(place.house, talk())) as awa:
        [page] = place.hub.pages
        page.next_beat = 0
        await awa.until(lambda page: page.of("beat"))

        assert 19 <= page.next_beat - asyncio.get_running_loop().time() <= 25


async def test_a_page_past_its_life_is_renewed(place: Served, cookie: Cookie) -> None:
    """Ten minutes are over: the page is told to come again, with what it had not yet seen still to come."""
    stream = talk()
    start = await cursor(place.house, stream)
    async with reading(place.port, cookie, start) as page:
        [mine] = place.hub.pages
        mine.expires = 0
        await page.ends()

        assert page.events[-1].type == "renew"
        assert page.raw.endswith("\n\n")
        await eventually(lambda: place.hub.pages == set())
    await say(place.house, stream)
    async with reading(place.port, cookie, start) as page:
        await page.gets(stream, 1)


async def test_a_hub_that_stops_leaves_no_task(place: Served, cookie: Cookie) -> None:
    """Thirty pages are open when the process stops: each is told to come again, and nothing runs on."""
    before = {task for task in asyncio.all_tasks() if task.get_name().startswith(("hub", "bell"))}
    assert len(before) == 6
    stream = talk()
    start = await cursor(place.house, stream)
    pages = [await connect(place.port, cookie, start) for _ in range(15)]
    await say(place.house, stream)
    place.hub.refuse()
    for page in pages:
        await page.ends()
    place.server.should_exit = True
    await eventually(lambda: all(task.done() for task in before))

    assert [page.of("renew") for page in pages] == [[""]] * 15
    assert place.hub.pages == set()


@pytest.mark.parametrize("count", [0, 30])
async def test_a_stopped_process_sends_its_pages_elsewhere_and_ends_well(
    settings: Settings, world: World, processes: Callable[[Settings], Process], count: int
) -> None:
    """SIGTERM: every page is told to come again, newcomers are refused, the process ends with 0 and no complaint."""
    server = processes(settings)
    stream = talk()
    start = await cursor(world.house, stream)
    devices = [await world.cookie(who) for who in (world.awa, world.bruno)]
    pages = [await connect(server.port, devices[number % 2], start) for number in range(count)]
    for page in pages:
        await page.until(lambda page: page.raw)
    began = time.monotonic()
    server.process.terminate()
    for page in pages:
        await page.ends()
        assert page.of("renew") == [""]
    with contextlib.suppress(OSError):
        assert (await connect(server.port, devices[0], start)).status == 503
    code, complaints = await asyncio.to_thread(server.ended)

    assert code == 0, complaints
    assert time.monotonic() - began < 15
    for sign in ("Traceback", "Task was destroyed", "never awaited", "[error", "[warning"):
        assert sign not in complaints
