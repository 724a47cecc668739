"""The bell: tells every process which streams have moved; a lost bell is only late.

One channel per process, and one message per tick whatever the number of streams: the pub/sub layer sends
about 2,500 messages a second, and the in-memory layer drops without a word beyond its capacity.
"""

import asyncio
import hashlib
import secrets
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

import structlog
from channels.layers import InMemoryChannelLayer

from entente import troubles
from entente.journal import Rung
from entente.settings import Settings
from realtime import metrics

GROUP = "entente"
TICK = 0.005
PING_SECONDS = 1.0
MISSES = 3
SEND_SECONDS = 1.0
SUBSCRIBE_SECONDS = 5.0
FOR_EVER = 10**9
"""The in-memory layer forgets members after a day by default: an embedded server would go deaf overnight."""

log = structlog.get_logger()

Hear = Callable[[dict[str, int]], None]
Overhear = Callable[[dict[str, Any]], None]


class Bell:
    """Rings for the other processes, and hears them."""

    def __init__(self, settings: Settings, hear: Hear, overhear: Overhear) -> None:
        self.name = secrets.token_hex(4)
        self._settings = settings
        self._hear = hear
        self._overhear = overhear
        self._layer = _layer(settings)
        self._waiting: dict[str, int] = {}
        self._whispers: list[dict[str, Any]] = []
        self._stirred = asyncio.Event()
        self._missed = 0
        self._is_deaf = False
        self._tasks: list[asyncio.Task[None]] = []
        self._listening: asyncio.Task[None] | None = None

    def ring(self, rungs: Sequence[Rung]) -> None:
        """Say that these streams have moved; this process hears at once, the others within a tick."""
        moved = {rung.stream: rung.position for rung in rungs}
        self._hear(moved)
        self._waiting.update(moved)
        self._stirred.set()

    def whisper(self, message: dict[str, Any]) -> None:
        """Say something that no journal keeps (presence, typing) to every process, this one included."""
        self._overhear(message)
        self._whispers.append(message)
        self._stirred.set()

    @property
    def is_deaf(self) -> bool:
        """Whether this process rings without hearing itself: others may be ringing in vain too."""
        return self._is_deaf

    async def open(self) -> None:
        """Start to ring and to hear."""
        self._listening = asyncio.create_task(self._listen(), name="bell-listen")
        self._tasks = [
            asyncio.create_task(self._send_often(), name="bell-send"),
            asyncio.create_task(self._ping_often(), name="bell-ping"),
        ]

    async def close(self) -> None:
        """Fall silent."""
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)
        await self._stop_listening()

    async def _listen(self) -> None:
        while True:
            try:
                async with asyncio.timeout(SUBSCRIBE_SECONDS):
                    channel = await self._layer.new_channel()
                    await self._layer.group_add(GROUP, channel)
            except Exception as error:
                log.info("bell_waits", error=repr(error), reason=troubles.reason_of(error))
                await asyncio.sleep(PING_SECONDS)
            else:
                # A bell may have rung while nobody listened: the hub's heartbeat reads the journal anyway.
                await self._hear_all(channel)

    async def _hear_all(self, channel: str) -> None:
        while True:
            try:
                self._received(await self._layer.receive(channel))
            except Exception as error:
                # Someone else speaks on our channel; leaving it would let its queue grow with nobody to empty it.
                log.warning("bell_garbled", error=repr(error))
                await asyncio.sleep(TICK)

    async def _stop_listening(self) -> None:
        # Flushed first: a listener that is cancelled would say goodbye to a Redis that may not answer.
        with suppress(Exception):
            async with asyncio.timeout(SEND_SECONDS):
                await self._layer.flush()
        if self._listening:
            self._listening.cancel()
            await asyncio.wait([self._listening], timeout=SEND_SECONDS)

    def _received(self, message: dict[str, Any]) -> None:
        if message.get("from") == self.name:
            self._missed, self._is_deaf = 0, False
            return
        if message.get("moved"):
            self._hear(message["moved"])
        for whisper in message.get("whispers", ()):
            self._overhear(whisper)

    async def _send_often(self) -> None:
        while True:
            await self._stirred.wait()
            await asyncio.sleep(TICK)
            self._stirred.clear()
            moved, self._waiting = self._waiting, {}
            whispers, self._whispers = self._whispers, []
            await self._send(moved, whispers)

    async def _send(self, moved: dict[str, int], whispers: list[dict[str, Any]]) -> bool:
        message = {"type": "bell", "from": self.name, "moved": moved, "whispers": whispers}
        try:
            # Not `wait_for`: in Python 3.11 it forgets to be cancelled when the answer comes at the same moment.
            async with asyncio.timeout(SEND_SECONDS):
                await self._layer.group_send(GROUP, message)
        except Exception as error:
            # Redis is away: what was to be said is in the journal, where heartbeats will find it.
            log.info("bell_unheard", error=repr(error), reason=troubles.reason_of(error))
            return False
        return True

    async def _ping_often(self) -> None:
        while True:
            await asyncio.sleep(PING_SECONDS)
            if not await self._send({}, []):
                self._missed, self._is_deaf = 0, False
                continue
            self._missed += 1
            if self._missed > 1:
                metrics.BELL_MISSES.inc()
            if self._missed > MISSES:
                self._is_deaf = True
                await self._listen_again()

    async def _listen_again(self) -> None:
        """Subscribe anew, over new connections; being deaf ends when a bell of ours comes back."""
        log.warning("bell_deaf", missed=self._missed)
        await self._stop_listening()
        self._layer = _layer(self._settings)
        self._missed = 0
        self._listening = asyncio.create_task(self._listen(), name="bell-listen")


def _layer(settings: Settings) -> Any:
    if settings.redis_url is None:
        return InMemoryChannelLayer(capacity=10_000, group_expiry=FOR_EVER, expiry=FOR_EVER)
    # Only here: a house of one process does without Redis, and without the time it takes to read its client.
    from channels_redis.pubsub import RedisPubSubChannelLayer

    host = {"address": settings.redis_url, "socket_connect_timeout": SEND_SECONDS}
    return RedisPubSubChannelLayer(hosts=[host], prefix=prefix_of(settings))


def prefix_of(settings: Settings) -> str:
    """Two houses may share one Redis: what each says there begins with a word of its own."""
    return f"entente-{hashlib.sha256(settings.base_url.encode()).hexdigest()[:8]}"
