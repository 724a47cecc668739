"""Harm: at random, kill -9 of a server process, of the worker, of Redis or of PostgreSQL; each comes back."""

import asyncio
import os
import random
import signal
from contextlib import suppress

from bench.chaos.ledger import Ledger
from bench.cluster import Cluster
from bench.ground import say

SERVER, WORKER, REDIS, POSTGRES = "a server process", "the worker", "Redis", "PostgreSQL"
BAG = [SERVER, SERVER, SERVER, WORKER, REDIS, POSTGRES, SERVER, WORKER, REDIS, POSTGRES]
"""Everything is killed before anything comes again: a short run kills one of each too."""
BY_NAME = {"server": SERVER, "worker": WORKER, "redis": REDIS, "postgres": POSTGRES}
KEPT_EVERY = 0.5


class Harm:
    """Kills one thing after the other, and brings it back as an operator's systemd would."""

    def __init__(self, cluster: Cluster, ledger: Ledger, draw: random.Random, only: str | None = None) -> None:
        self.cluster = cluster
        self.ledger = ledger
        self.draw = draw
        self.only = BY_NAME[only] if only else None

    async def keep(self) -> None:
        """Start again what ended by itself, for ever."""
        while True:
            await asyncio.sleep(KEPT_EVERY)
            self.cluster.keep()

    async def reign(self, seconds: float, between: tuple[float, float]) -> None:
        """Kill for so many seconds."""
        loop = asyncio.get_running_loop()
        until = loop.time() + seconds
        bag: list[str] = []
        while True:
            await asyncio.sleep(self.draw.uniform(*between))
            if loop.time() > until:
                return
            if not bag:
                first = [SERVER, WORKER, REDIS, POSTGRES] if not self.ledger.kills else BAG
                bag = self.draw.sample(first, len(first))
            what = self.only or bag[-1]
            while not await self._has_recovered(what):
                if loop.time() > until:
                    return
                await asyncio.sleep(0.5)
            bag = bag[:-1]
            await self.strike(what)

    async def strike(self, what: str) -> None:
        """Kill one thing, and see that it comes back."""
        self.ledger.kill(what)
        say(f"kill -9 of {what}")
        if what == SERVER:
            await self._kill_a_server()
        elif what == WORKER:
            await asyncio.to_thread(self.cluster.worker.kill)
        else:
            await self._kill_a_store(what)

    async def _kill_a_server(self) -> None:
        # Its parent replaces it.
        children = self.cluster.servers.children()
        if children:
            with suppress(ProcessLookupError):
                os.kill(self.draw.choice(children), signal.SIGKILL)

    async def _has_recovered(self, what: str) -> bool:
        """Whether it may be killed again: where a process takes longer to be born than to be killed, nothing serves."""
        if what == SERVER:
            return await asyncio.to_thread(lambda: len(self.cluster.servers.serving()) == self.cluster.servers.workers)
        return what != WORKER or self.cluster.worker.is_running

    async def _kill_a_store(self, what: str) -> None:
        service = self.cluster.redis if what == REDIS else self.cluster.postgres
        self.cluster.down.add(service)
        await asyncio.to_thread(service.kill)
        await asyncio.sleep(self.draw.uniform(0, 4))
        await asyncio.to_thread(service.open)
        self.cluster.down.discard(service)
