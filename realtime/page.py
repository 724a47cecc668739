"""An open page: a cursor per stream and the server's own `send`, and nothing that grows."""

import asyncio
import random
from collections.abc import Callable, Coroutine, Generator
from typing import TYPE_CHECKING, Any

from starlette.types import Send

from entente.people.who import Who
from realtime import metrics

if TYPE_CHECKING:
    from realtime.topic import Topic

SEND_SECONDS = 5.0
GOODBYE_SECONDS = 1.0
LIFE_SECONDS = 600.0
BEAT_SECONDS = 20.0, 24.0
"""Drawn for each beat; the hub looks once a second, so 25 s at most."""
WAITING_BYTES = 16 * 1024
"""What the server keeps for a page beyond the kernel's own buffer before it is held to be slow."""

Drained = Callable[["Page"], None]
"""Told that a page which was stuck takes news again."""


class Page:
    """One live connection of one browser."""

    def __init__(self, who: Who, address: str, send: Send, at: float, drained: Drained) -> None:
        self.who = who
        self.address = address
        self.cursors: dict[Topic, int] = {}
        self.extra: list[bytes] = []
        self.is_joined = False
        self.is_leaving = False
        self.expires = at + LIFE_SECONDS * random.uniform(0.8, 1.0)  # noqa: S311
        self.next_beat = at + random.uniform(*BEAT_SECONDS)  # noqa: S311
        self.task: asyncio.Task[Any] | None = None
        self._send = send
        self._drained = drained
        self._stuck: asyncio.Task[None] | None = None
        transport = _transport(send)
        # Whoever knocked may have left meanwhile.
        if transport is not None and not transport.is_closing():
            transport.set_write_buffer_limits(high=WAITING_BYTES)

    @property
    def is_stuck(self) -> bool:
        """Whether the last bytes have not left yet."""
        return self._stuck is not None

    def write(self, data: bytes) -> None:
        """Hand bytes to the server; in the common case this costs no task, no queue and no wake-up.

        The coroutine is driven by hand: it ends at once unless the socket is full. If it is, a task waits in
        our place, for at most 5 s, and the page is cut if nothing moves.
        """
        sending = self._send({"type": "http.response.body", "body": data, "more_body": True})
        assert isinstance(sending, Coroutine)
        try:
            waiting = sending.send(None)
        except StopIteration:
            return
        except Exception:
            self.leave()
            return
        self._stuck = asyncio.create_task(self._drain(_Rest(sending, waiting)))

    async def _drain(self, rest: "_Rest") -> None:
        try:
            async with asyncio.timeout(SEND_SECONDS):
                await rest
        except Exception:
            metrics.STALLED.inc()
            self.abort()
        finally:
            self._stuck = None
        self._drained(self)

    def leave(self) -> None:
        """End the connection; its request wakes up and says goodbye."""
        if not self.is_leaving:
            self.is_leaving = True
            if self.task is not None:
                self.task.cancel()

    def abort(self) -> None:
        """Cut a connection that takes nothing any more: what waits for it is thrown away."""
        transport = _transport(self._send)
        if transport is not None:
            transport.abort()
        self.leave()

    async def say_goodbye(self) -> None:
        """Say the last words and close the answer; whoever does not take them is cut."""
        if self._stuck is not None:
            self.abort()
            return
        try:
            async with asyncio.timeout(GOODBYE_SECONDS):
                await self._send({"type": "http.response.body", "body": b"".join(self.extra), "more_body": False})
        except Exception:
            self.abort()
        transport = _transport(self._send)
        if transport is not None and transport.get_write_buffer_size():
            # The server would wait for ever for a client that never reads.
            asyncio.get_running_loop().call_later(SEND_SECONDS, _cut, transport)


class _Rest:
    """What is left of a coroutine that was started by hand and waits for a future."""

    def __init__(self, coroutine: Coroutine[Any, Any, None], waiting: Any) -> None:
        self._coroutine = coroutine
        self._waiting = waiting

    def __await__(self) -> Generator[Any, Any, None]:
        waiting = self._waiting
        try:
            while True:
                try:
                    value = yield waiting
                except BaseException as error:
                    waiting = self._coroutine.throw(error)
                else:
                    waiting = self._coroutine.send(value)
        except StopIteration:
            return


def _transport(send: Send) -> asyncio.WriteTransport | None:
    """The socket behind uvicorn's `send`, to cut it short; other servers close in their own time."""
    return getattr(getattr(send, "__self__", None), "transport", None)


def _cut(transport: asyncio.WriteTransport) -> None:
    if transport.get_write_buffer_size():
        transport.abort()
