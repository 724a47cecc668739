"""A square where people talk, servers that carry it, and readers that listen over real sockets."""

import asyncio
import os
import socket
import struct
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

import uvicorn
from sqlmodel.ext.asyncio.session import AsyncSession
from starlette.applications import Starlette

import realtime.room
from entente import journal
from entente.app import create_app
from entente.house import House
from entente.ids import Ref, new_id
from entente.journal import Cursor, Entry
from entente.journal import Verb as AnyVerb
from entente.live import Feed, Fragment
from entente.people.who import Who
from entente.room import Room
from entente.rules import NotFound
from entente.serving import configure, listening
from entente.settings import Settings
from realtime.hub import Hub
from world import BASE

PATIENCE = 8.0
"""How long a test waits for what must come; it never measures."""


class Verb(AnyVerb):
    """What happens on the square."""

    SAID = "thing.said"
    MUTTERED = "thing.muttered"
    BROKEN = "thing.broken"
    MOVED = "thing.moved"


class Square:
    """A room of one feed: it counts what it renders, and may close its gate to someone."""

    def __init__(self) -> None:
        self.barred: set[UUID] = set()
        self.rendered: list[int] = []
        self.padding = ""
        """Makes what is shown as long as a real message."""
        self.gate = asyncio.Event()
        """Closed, it holds back whatever is being rendered."""
        self.gate.set()
        self.incident: Exception | None = None
        """Met once, by whatever is rendered next."""
        self.feed = Feed("square/talk", watch=self._watch, has_presence=True)
        self.feed.shows(Verb.SAID)(self._said)
        self.feed.shows(Verb.BROKEN)(self._broken)
        self.feed.renews(Verb.MOVED)
        self.room = Room("square", feeds=[self.feed])

    async def _watch(self, _db: AsyncSession, who: Who, _id: UUID) -> object:
        if who.id in self.barred:
            raise NotFound
        return who

    async def _said(self, _db: AsyncSession, entry: Entry) -> Fragment:
        self.rendered.append(entry.position)
        await self.gate.wait()
        incident, self.incident = self.incident, None
        if incident:
            raise incident
        return Fragment("", "delete", f"said-{entry.subject_id}{self.padding}")

    async def _broken(self, _db: AsyncSession, _entry: Entry) -> Fragment:
        raise RuntimeError("cannot be shown")

    def app(self, house: House) -> Starlette:
        """A house of two rooms: the square, and what carries it live."""
        return create_app(house, rooms_=[self.room, realtime.room.room])


def talk() -> Ref:
    """A conversation that nobody has begun."""
    return Ref("square/talk", new_id())


async def say(
    house: House, *streams: Ref, times: int = 1, who: Who | None = None, of: UUID | None = None
) -> list[UUID]:
    """Things are said, in one transaction, each of its own subject or all of one; returns what they are called."""
    ids = [of or new_id() for _ in range(times)]
    async with house.working(who) as work:
        for id_ in ids:
            for stream in streams:
                work.record(stream, Verb.SAID, id_)
    return ids


async def cursor(house: House, stream: Ref) -> Cursor:
    """Where a stream stands now."""
    async with house.database.reading() as db:
        return await journal.cursor(db, stream)


@dataclass
class Served:
    """An app behind a real server."""

    app: Starlette
    server: uvicorn.Server
    port: int

    @property
    def hub(self) -> Hub:
        """What carries news in that server."""
        hub: Hub = self.app.state.hub
        return hub

    @property
    def house(self) -> House:
        """The house it serves."""
        house: House = self.app.state.house
        return house


class _Server(uvicorn.Server):
    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Signals stay with the test runner."""
        yield


@asynccontextmanager
async def served(app: Starlette, port: int = 0) -> AsyncIterator[Served]:
    """Serve an app on a free port unless told which, with the settings of production."""
    with listening("127.0.0.1", port) as bound:
        config = configure(app, app.state.house.settings)
        config.timeout_graceful_shutdown = 2
        server = _Server(config)
        running = asyncio.create_task(server.serve(sockets=[bound]))
        async with asyncio.timeout(PATIENCE):
            while not server.started:
                await asyncio.sleep(0.01)
        place = Served(app, server, bound.getsockname()[1])
        try:
            yield place
        finally:
            place.hub.refuse()
            server.should_exit = True
            await running


@dataclass(frozen=True)
class Event:
    """One event, as a browser understands it."""

    type: str
    data: str
    id: str = ""

    @property
    def position(self) -> int:
        """Where it stands in its stream."""
        return Cursor.parse(self.id).position


def parse(text: str) -> list[Event]:
    """Complete events of a stream of text, as the HTML standard reads them (§9.2.6)."""
    events: list[Event] = []
    data: list[str] = []
    kind, last = "", ""
    for line in text.replace("\r\n", "\n").replace("\r", "\n").split("\n"):
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if not line:
            if data:
                events.append(Event(kind or "message", "\n".join(data), last))
            kind, data = "", []
        elif name == "event":
            kind = value
        elif name == "data":
            data.append(value)
        elif name == "id" and "\0" not in value:
            last = value
    return events


@dataclass
class Reader:
    """A browser's live connection, over a raw socket."""

    writer: asyncio.StreamWriter
    status: int
    headers: dict[str, str]
    events: list[Event] = field(default_factory=list)
    raw: str = ""
    has_ended: bool = False
    _news: asyncio.Event = field(default_factory=asyncio.Event)
    _task: asyncio.Task[None] | None = None

    def listen(self, reader: asyncio.StreamReader) -> None:
        """Take what comes, for as long as it comes."""
        self._task = asyncio.create_task(self._listen(reader))

    async def _listen(self, reader: asyncio.StreamReader) -> None:
        rest = ""
        try:
            while size := int(await reader.readline() or b"0", 16):
                chunk = (await reader.readexactly(size + 2))[:-2].decode()
                self.raw += chunk
                whole, end, rest = (rest + chunk).rpartition("\n\n")
                self.events += parse(whole + end)
                self._tell()
        except (OSError, asyncio.IncompleteReadError, ValueError):
            pass
        finally:
            self.has_ended = True
            self._tell()

    def _tell(self) -> None:
        self._news.set()
        self._news = asyncio.Event()

    async def until(self, holds: Callable[["Reader"], Any], seconds: float = PATIENCE) -> None:
        """Wait until something holds."""
        try:
            async with asyncio.timeout(seconds):
                while not holds(self):
                    await self._news.wait()
        except TimeoutError:
            raise AssertionError(f"never came; the last events are {self.events[-5:]}") from None

    async def gets(self, stream: Ref, position: int) -> None:
        """Wait until a position of a stream has arrived."""
        await self.until(lambda reader: position in reader.positions(stream))

    async def ends(self) -> None:
        """Wait until the server closes."""
        await self.until(lambda reader: reader.has_ended)

    def positions(self, stream: Ref) -> list[int]:
        """The positions of a stream that arrived, in order of arrival."""
        mine = f"{stream}@"
        return [event.position for event in self.events if event.type in NEWS and event.id.startswith(mine)]

    def of(self, kind: str) -> list[str]:
        """The data of every event of one kind."""
        return [event.data for event in self.events if event.type == kind]

    async def close(self) -> None:
        """Leave as a browser does."""
        self.writer.close()
        with suppress(OSError):
            await self.writer.wait_closed()
        if self._task:
            await self._task


NEWS = ("fragment", "passed")


def request(cookies: dict[str, str], cursors: Sequence[Cursor | str], headers: dict[str, str] | None = None) -> bytes:
    """The bytes with which a browser asks for a stream."""
    query = urlencode([("s", str(each)) for each in cursors])
    lines = {
        "Host": BASE.removeprefix("http://"),
        "Accept": "text/event-stream",
        "Cookie": "; ".join(f"{name}={value}" for name, value in cookies.items()),
        **(headers or {}),
    }
    head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    return f"GET /live?{query} HTTP/1.1\r\n{head}\r\n".encode()


async def connect(
    port: int, cookies: dict[str, str], *cursors: Cursor | str, headers: dict[str, str] | None = None
) -> Reader:
    """Open a stream; whoever is refused has a status and no events."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(request(cookies, cursors, headers))
    async with asyncio.timeout(PATIENCE):
        head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
    found = dict(line.lower().split(": ", 1) for line in head[1:] if line)
    opened = Reader(writer, int(head[0].split()[1]), found)
    if opened.status == 200:
        opened.listen(reader)
    else:
        opened.raw = (await reader.readexactly(int(found["content-length"]))).decode()
    return opened


@asynccontextmanager
async def reading(
    port: int, cookies: dict[str, str], *cursors: Cursor | str, headers: dict[str, str] | None = None
) -> AsyncIterator[Reader]:
    """A stream for the length of a block, once its first bytes are there."""
    reader = await connect(port, cookies, *cursors, headers=headers)
    assert reader.status == 200, (reader.status, reader.raw)
    await reader.until(lambda reader: reader.raw or reader.has_ended)
    try:
        yield reader
    finally:
        await reader.close()


def deaf_socket(port: int, asked: bytes, buffer: int = 4096) -> socket.socket:
    """A connection whose owner asks and then reads nothing."""
    made = socket.socket()
    made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
    made.connect(("127.0.0.1", port))
    made.sendall(asked)
    return made


def reset(made: socket.socket) -> None:
    """Cut a connection without a word (RST)."""
    made.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    made.close()


async def eventually(holds: Callable[[], Any], seconds: float = PATIENCE) -> None:
    """Wait until something holds."""
    try:
        async with asyncio.timeout(seconds):
            while not holds():
                await asyncio.sleep(0.02)
    except TimeoutError:
        raise AssertionError("it never came to hold") from None


class OwnRedis:
    """A Redis server of the test's own, which may be stopped, killed and started again."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Listen, with nothing remembered."""
        self._process = subprocess.Popen(
            ["redis-server", "--port", str(self.port), "--save", "", "--bind", "127.0.0.1"],
            cwd=self.folder,
            stdout=subprocess.DEVNULL,
        )
        for _ in range(200):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.02)
        raise AssertionError("redis-server does not start")

    def stop(self) -> None:
        """Disappear."""
        if self._process:
            self._process.kill()
            self._process.wait()
            self._process = None


class Process:
    """A server process of its own, told what to do by its environment."""

    def __init__(self, settings: Settings) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        known = settings.model_dump(include={"data_dir", "database_url", "redis_url", "base_url", "worker"})
        environment = {f"ENTENTE_{name.upper()}": str(value) for name, value in known.items() if value}
        root = Path(__file__).parents[1]
        self.process = subprocess.Popen(
            [sys.executable, str(root / "tests/realtime/serving.py"), str(self.port)],
            env=os.environ | environment | {"PYTHONPATH": f"{root}:{root / 'platform'}:{root / 'tests'}"},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout
        assert self.process.stdout.readline() == "open\n", self.process.communicate()

    def stop(self) -> tuple[int, str]:
        """Ask it to stop, and return how it ended and what it complained of."""
        self.process.terminate()
        return self.ended()

    def ended(self) -> tuple[int, str]:
        """How it ended, and what it complained of."""
        try:
            _, complaints = self.process.communicate(timeout=45)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.communicate()
            raise AssertionError("the server did not stop") from None
        return self.process.returncode, complaints
