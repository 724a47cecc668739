"""A live page without a browser: the stream's own bytes, read through ASGI."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import NamedTuple
from urllib.parse import urlencode

from starlette.applications import Starlette
from starlette.types import Message, Scope


class Event(NamedTuple):
    """One event of a stream."""

    kind: str
    data: str


@dataclass
class Line:
    """What one browser receives, for as long as it stays."""

    status: int = 0
    received: bytes = b""
    is_ended: bool = False
    _left: asyncio.Event = field(default_factory=asyncio.Event)
    _moved: asyncio.Event = field(default_factory=asyncio.Event)

    async def send(self, message: Message) -> None:
        """What the server calls: never full, never slow."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
        else:
            self.received += message.get("body", b"")
            self.is_ended = not message.get("more_body", False)
        self._moved.set()

    async def receive(self) -> Message:
        """A browser that says nothing until it leaves."""
        await self._left.wait()
        return {"type": "http.disconnect"}

    def leave(self) -> None:
        """Close the page."""
        self._left.set()

    def events(self) -> list[Event]:
        """The events so far, heartbeats and presence aside."""
        found = []
        for block in self.received.decode().split("\n\n"):
            lines = [line.partition(": ") for line in block.split("\n")]
            kind = "".join(value for name, _, value in lines if name == "event")
            if kind and kind not in ("beat", "presence"):
                found.append(Event(kind, "\n".join(value for name, _, value in lines if name == "data")))
        return found

    async def until(self, kind: str, seconds: float = 30.0) -> Event:
        """The first event of this kind."""
        async with asyncio.timeout(seconds):
            while True:
                for event in self.events():
                    if event.kind == kind:
                        return event
                self._moved.clear()
                await self._moved.wait()

    async def answered(self) -> int:
        """The status of the answer."""
        async with asyncio.timeout(30):
            while not self.status:
                await asyncio.sleep(0.005)
        return self.status


@asynccontextmanager
async def following(app: Starlette, cookies: dict[str, str], *cursors: str, last: str = "") -> AsyncIterator[Line]:
    """A page that follows these cursors, and leaves on the way out."""
    line = Line()
    headers = [(b"host", b"entente.test"), (b"sec-fetch-site", b"same-origin")]
    headers += [(b"cookie", f"{name}={value}".encode()) for name, value in cookies.items()]
    if last:
        headers.append((b"last-event-id", last.encode()))
    scope: Scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": "/live",
        "raw_path": b"/live",
        "query_string": urlencode([("s", cursor) for cursor in cursors]).encode(),
        "root_path": "",
        "headers": headers,
        "server": ("entente.test", 80),
        "client": ("192.0.2.7", 50_000),
    }
    page = asyncio.create_task(app(scope, line.receive, line.send))
    try:
        await line.answered()
        yield line
    finally:
        line.leave()
        with suppress(TimeoutError):
            await asyncio.wait_for(page, 30)
