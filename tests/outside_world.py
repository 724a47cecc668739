"""A server of somebody else's calendars, on this machine, and the guard that lets a test reach it by a name."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from entente.outside.guard import Guard, is_public

NAME = "agenda.example"
Answer = Callable[["Elsewhere", asyncio.StreamWriter], Awaitable[None]]


def answer(body: bytes = b"", status: str = "200 OK", **headers: str) -> bytes:
    """A whole answer."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    lines = [f"HTTP/1.1 {status}", *(f"{name}: {value}" for name, value in named.items())]
    if "Content-Length" not in named and "Transfer-Encoding" not in named:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join([*lines, "Connection: close", "", ""]).encode() + body


@dataclass
class Elsewhere:
    """What it answers, by path, and what it was asked."""

    port: int = 0
    answers: dict[str, bytes | Answer] = field(default_factory=dict)
    asked: list[dict[str, str]] = field(default_factory=list)
    names: dict[str, Sequence[str]] = field(default_factory=lambda: {NAME: ["127.0.0.1"]})
    """Where each name leads."""

    @property
    def guard(self) -> Guard:
        """This server alone may be reached on this machine, and by its name only; all else is judged as ever."""
        mine = set(self.names.get(NAME, ()))
        return Guard(self.look_up, lambda address: address in mine or is_public(address))

    async def look_up(self, host: str, _port: int) -> Sequence[str]:
        """The addresses of a name of the test."""
        if host not in self.names:
            return [host] if host.replace(".", "").isdigit() or ":" in host else []
        return self.names[host]

    def at(self, path: str = "/a.ics") -> str:
        """An address on this server."""
        return f"http://{NAME}:{self.port}{path}"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One request, one answer."""
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
            path = head[0].split()[1]
            self.asked.append({"path": path, **dict(line.lower().split(": ", 1) for line in head[1:] if line)})
            found = self.answers.get(path, answer(status="404 Not Found"))
            await (found(self, writer) if callable(found) else self._say(writer, found))
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    async def _say(self, writer: asyncio.StreamWriter, content: bytes) -> None:
        writer.write(content)
        await writer.drain()


@asynccontextmanager
async def elsewhere_open() -> AsyncIterator[Elsewhere]:
    """The server, for as long as a test asks it."""
    made = Elsewhere()
    server = await asyncio.start_server(made.serve, "127.0.0.1", 0)
    made.port = server.sockets[0].getsockname()[1]
    try:
        yield made
    finally:
        server.close()


async def without_end(_elsewhere: Elsewhere, writer: asyncio.StreamWriter) -> None:
    """A calendar that never ends, in chunks."""
    writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    while True:
        writer.write(b"10000\r\n" + b"x" * 0x10000 + b"\r\n")
        await writer.drain()


async def drop_by_drop(_elsewhere: Elsewhere, writer: asyncio.StreamWriter) -> None:
    """A header, and never the rest."""
    writer.write(b"HTTP/1.1 200 OK\r\nX-Drop: ")
    while True:
        writer.write(b"x")
        await writer.drain()
        await asyncio.sleep(0.01)
