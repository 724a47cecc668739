"""Does what was left for later, here or in as many processes as wanted."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress

import structlog

from entente import journal, outbox
from entente.house import House
from entente.room import Errand, TaskHandler
from entente.tidying import tidy_often

POLL_SECONDS = 1.0
SWEEP_SECONDS = 600.0
ERRAND_SECONDS = 45.0
STOP_SECONDS = 5.0

log = structlog.get_logger()


class Worker:
    """Leases tasks that are due and does them, one batch after the other."""

    def __init__(self, house: House, tasks: Mapping[str, TaskHandler], errands: Mapping[str, Errand]) -> None:
        self.house = house
        self.tasks = tasks
        self.errands = errands
        self._stirred = asyncio.Event()
        self._is_stopping = False

    def stir(self) -> None:
        """Say that there is work: better now than at the next poll."""
        self._stirred.set()

    def stop(self) -> None:
        """Finish the task in hand, give back the others, and go."""
        self._is_stopping = True
        self._stirred.set()

    async def run(self) -> None:
        """Work until told to stop; a database that is away is waited for."""
        sweeper = asyncio.create_task(tidy_often(self.house, "worker", SWEEP_SECONDS, self._sweep))
        try:
            while not self._is_stopping:
                try:
                    idle = await self.work_once() == 0
                except Exception as error:
                    # Whatever is wrong (a database that restarts, a full disk), tasks stay and are tried again.
                    log.warning("worker_waits", error=repr(error))
                    idle = True
                if idle and not self._is_stopping:
                    await self._rest()
        finally:
            sweeper.cancel()

    async def work_once(self) -> int:
        """Do one batch; returns how many tasks were taken."""
        async with self.house.database.writing() as db:
            batch = await outbox.lease(db, [*self.tasks, *self.errands])
        for number, task in enumerate(batch):
            if self._is_stopping:
                async with self.house.database.writing() as db:
                    await outbox.give_back(db, batch[number:])
                break
            await self._do(task)
        return len(batch)

    async def _do(self, task: outbox.Task) -> None:
        try:
            if task.kind in self.errands:
                await self._run(task)
            else:
                async with self.house.working(None) as work:
                    # Marked first: the row lock keeps a second worker from doing it at the same time.
                    if await outbox.finish(work.db, task):
                        await self.tasks[task.kind](work, task.payload)
        except Exception as error:
            log.warning("task_failed", kind=task.kind, task=str(task.id), tries=task.tries, error=type(error).__name__)
            async with self.house.database.writing() as db:
                await outbox.fail(db, task, f"{type(error).__name__}: {error}")

    async def _run(self, task: outbox.Task) -> None:
        """An errand is run by whoever holds its lease, and ends before the lease does: never twice at once."""
        async with self.house.database.writing() as db:
            is_mine = await outbox.renew(db, task)
        if not is_mine:
            return
        async with asyncio.timeout(ERRAND_SECONDS):
            await self.errands[task.kind](self.house, task.payload)
        async with self.house.database.writing() as db:
            await outbox.finish(db, task)

    async def _rest(self) -> None:
        # Not `wait_for`: in Python 3.11 it forgets to be cancelled when the answer comes at the same moment.
        with suppress(TimeoutError):
            async with asyncio.timeout(POLL_SECONDS):
                await self._stirred.wait()
        self._stirred.clear()

    async def _sweep(self, house: House) -> None:
        async with house.database.writing() as db:
            await outbox.sweep(db)
        gone = 1
        while gone:
            gone = await self._purge(house.settings.retention_days, house.settings.retention_entries)
            await asyncio.sleep(0.1)

    async def _purge(self, days: int, entries: int) -> int:
        async with self.house.database.writing() as db:
            return await journal.purge(db, days, entries)


@asynccontextmanager
async def working_inside(worker: Worker) -> AsyncIterator[None]:
    """Run a worker beside the server, for as long as the server lives."""
    worker.house.stir = worker.stir
    running = asyncio.create_task(worker.run(), name="worker")
    try:
        yield
    finally:
        worker.stop()
        await asyncio.wait([running], timeout=STOP_SECONDS)
        running.cancel()
        await asyncio.wait([running])
