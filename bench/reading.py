"""A child: thousands of open streams that count the messages they receive, and how old each one is."""

import asyncio
import time
from array import array
from collections.abc import Mapping
from typing import Any, cast

import uvloop

from bench.ground import HOST, obey, percentile

MARK = b"~"
"""Each message holds this byte once, followed by the moment of its publication in nanoseconds."""
DIGITS = 19
PER_ADDRESS = 1_900
MOST = 10_000


class Reader:
    """Counts what all streams receive."""

    def __init__(self) -> None:
        self.received = 0
        self.bytes = 0
        self.open = 0
        self.refused = 0
        self.is_timing = False
        self.ages = array("d")
        self.goal = 0
        self.reached = asyncio.Event()
        self.buffer = bytearray(256 * 1024)
        self.streams: list[asyncio.BaseTransport] = []

    async def connect(self, port: int, count: int, path: str, cookies: list[str]) -> Mapping[str, Any]:
        """Open that many streams, some dozens at a time."""
        assert count <= MOST
        loop = asyncio.get_running_loop()
        few = asyncio.Semaphore(40)

        async def one(number: int) -> None:
            async with few:
                cookie = cookies[number % len(cookies)] if cookies else ""
                made = _Stream(self, _request(path, port, cookie))
                # Loopback has many addresses: one alone would look like a crowd.
                source = (f"127.0.0.{1 + number // PER_ADDRESS}", 0)
                transport, _ = await loop.create_connection(lambda: made, HOST, port, local_addr=source)
                self.streams.append(transport)
                await asyncio.wait_for(made.begun, 60)

        await asyncio.gather(*map(one, range(count)))
        if self.refused:
            raise RuntimeError(f"{self.refused} streams were refused")
        return {"open": self.open}

    async def close(self) -> Mapping[str, Any]:
        """Leave every stream at once."""
        for transport in self.streams:
            cast(asyncio.WriteTransport, transport).abort()
        self.streams.clear()
        await asyncio.sleep(0.2)
        return {"open": self.open}

    async def expect(self, count: int, timing: bool = False) -> Mapping[str, Any]:
        """Get ready for that many messages more, all streams together."""
        self.goal = self.received + count
        self.bytes = 0
        self.is_timing = timing
        self.ages = array("d")
        self.reached.clear()
        return {}

    async def reach(self, seconds: float = 30) -> Mapping[str, Any]:
        """Wait until every expected message has come."""
        try:
            await asyncio.wait_for(self.reached.wait(), seconds)
        except TimeoutError:
            raise RuntimeError(f"{self.goal - self.received} messages never came") from None
        return {"at": time.monotonic(), "bytes": self.bytes}

    async def told(self) -> Mapping[str, Any]:
        """How old messages were when they came, in seconds."""
        return {"p50": percentile(self.ages, 0.5), "p99": percentile(self.ages, 0.99), "count": len(self.ages)}


class _Stream(asyncio.BufferedProtocol):
    """One connection; all of them share one buffer, for each is read at once."""

    def __init__(self, reader: Reader, request: bytes) -> None:
        self.reader = reader
        self.request = request
        self.begun: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        cast(asyncio.WriteTransport, transport).write(self.request)
        self.reader.open += 1

    def get_buffer(self, _sizehint: int) -> bytearray:
        return self.reader.buffer

    def buffer_updated(self, count: int) -> None:
        reader = self.reader
        buffer = reader.buffer
        if not self.begun.done():
            self.begun.set_result(None)
            reader.refused += not buffer.startswith(b"HTTP/1.1 200")
        marks = buffer.count(MARK, 0, count)
        if not marks:
            return
        reader.received += marks
        reader.bytes += count
        if reader.is_timing:
            at = buffer.find(MARK, 0, count) + 1
            if at + DIGITS <= count:
                reader.ages.append(time.monotonic() - int(buffer[at : at + DIGITS]) / 1e9)
        if reader.received >= reader.goal:
            reader.reached.set()

    def connection_lost(self, _error: Exception | None) -> None:
        self.reader.open -= 1


def _request(path: str, port: int, cookie: str) -> bytes:
    lines = [f"GET {path} HTTP/1.1", f"Host: {HOST}:{port}", "Accept: text/event-stream"]
    if cookie:
        lines.append(f"Cookie: entente={cookie}")
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


async def _main() -> None:
    reader = Reader()
    await obey(
        {
            "connect": reader.connect,
            "close": reader.close,
            "expect": reader.expect,
            "reach": reader.reach,
            "told": reader.told,
        }
    )


if __name__ == "__main__":
    uvloop.run(_main())
