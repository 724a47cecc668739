"""A child: asks for pages over connections that stay open, and notes how long each answer takes."""

import asyncio
import time
from collections import Counter
from collections.abc import Mapping
from typing import Any, cast

import uvloop

from bench.ground import HOST, obey, percentile

MOST_SECONDS = 30.0


class _Knocker(asyncio.Protocol):
    """One connection: a request, its whole answer, then the next."""

    def __init__(self) -> None:
        self.answered: asyncio.Future[int] | None = None
        self.left = -1
        self.head = b""
        self.size = 0
        self.transport: asyncio.WriteTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.WriteTransport, transport)

    async def ask(self, request: bytes) -> int:
        """The status of the answer, once the whole of it is here."""
        assert self.transport
        self.left, self.head, self.size = -1, b"", 0
        self.answered = asyncio.get_running_loop().create_future()
        self.transport.write(request)
        return await self.answered

    def data_received(self, data: bytes) -> None:
        self.size += len(data)
        if self.left < 0:
            self.head += data
            end = self.head.find(b"\r\n\r\n")
            if end < 0:
                return
            self.left = _length(self.head[:end]) - (len(self.head) - end - 4)
        else:
            self.left -= len(data)
        if self.left <= 0 and self.answered and not self.answered.done():
            self.answered.set_result(int(self.head[9:12]))

    def connection_lost(self, error: Exception | None) -> None:
        if self.answered and not self.answered.done():
            self.answered.set_exception(error or ConnectionError("the server hung up"))


def _length(head: bytes) -> int:
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            return int(value)
    return 0


async def knock(
    port: int, request: str, connections: int = 8, seconds: float = 2, every: float = 0
) -> Mapping[str, Any]:
    """Ask again and again for so many seconds, at once or at a pace."""
    loop = asyncio.get_running_loop()
    until = loop.time() + min(seconds, MOST_SECONDS)
    took: list[float] = []
    statuses: Counter[int] = Counter()
    sizes: list[int] = []

    async def one() -> None:
        transport, knocker = await loop.create_connection(_Knocker, HOST, port)
        while loop.time() < until:
            began = time.perf_counter()
            statuses[await knocker.ask(request.encode())] += 1
            took.append(time.perf_counter() - began)
            sizes.append(knocker.size)
            if every:
                await asyncio.sleep(every)
        transport.close()

    began = time.perf_counter()
    await asyncio.gather(*(one() for _ in range(connections)))
    seconds = time.perf_counter() - began
    return {
        "count": len(took),
        "rate": len(took) / seconds,
        "p50": percentile(took, 0.5),
        "p99": percentile(took, 0.99),
        "statuses": dict(statuses),
        "size": max(sizes),
    }


if __name__ == "__main__":
    uvloop.run(obey({"knock": knock}))
