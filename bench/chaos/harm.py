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
KEPT_EVERY = 0.5


class Harm:
    """Kills one thing after the other, and brings it back as an operator's systemd would."""

    def __init__(self, cluster: Cluster, ledger: Ledger, draw: random.Random) -> None:
        self.cluster = cluster
        self.ledger = ledger
        self.draw = draw

    async def keep(self) -> None:
        """Start again what ended by itself, for ever."""
        while True:
            await asyncio.sleep(KEPT_EVERY)
            self.cluster.keep()

    async def reign(self, seconds: float, between: tuple[float, float]) -> None:
        """Kill for so many seconds."""
        until = asyncio.get_running_loop().time() + seconds
        bag: list[str] = []
        while True:
            await asyncio.sleep(self.draw.uniform(*between))
            if asyncio.get_running_loop().time() > until:
                return
            if not bag:
                first = [SERVER, WORKER, REDIS, POSTGRES] if not self.ledger.kills else BAG
                bag = self.draw.sample(first, len(first))
            await self.strike(bag.pop())

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

    async def _kill_a_store(self, what: str) -> None:
        service = self.cluster.redis if what == REDIS else self.cluster.postgres
        self.cluster.down.add(service)
        await asyncio.to_thread(service.kill)
        await asyncio.sleep(self.draw.uniform(0, 4))
        await asyncio.to_thread(service.open)
        self.cluster.down.discard(service)
