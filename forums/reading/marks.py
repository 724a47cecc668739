"""Reading moves a mark every five seconds at most; what was read in between is written when they have passed."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID

import structlog
from starlette.applications import Starlette

from entente.clock import now
from entente.house import House
from entente.people.who import Who
from forums.models import ReadMark
from forums.reading import service
from forums.reading.models import Reach

log = structlog.get_logger()


class Marks:
    """What this process has still to write: one waiting task per person and thread, whatever they read."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._reached: dict[tuple[UUID, UUID], Reach] = {}
        self._waiting: set[asyncio.Task[None]] = set()

    async def reach(self, who: Who, thread_id: UUID, to: Reach) -> None:
        """Move a mark now, or as soon as it may move again; the furthest post is never forgotten."""
        key = (who.id, thread_id)
        if key not in self._reached:
            wait = await self._seconds_left(key, to)
            # Someone else may write just before: then this one waits its turn.
            if wait is None or (wait == 0 and await self._write(who, thread_id, to)):
                return
            if key not in self._reached:
                self._wait(who, thread_id, wait or service.EVERY.total_seconds())
        self._reached[key] = max(self._reached.get(key, to), to, key=lambda each: each.number)

    async def settle(self) -> None:
        """Wait until everything is written."""
        while self._waiting:
            await asyncio.wait(self._waiting)

    def _wait(self, who: Who, thread_id: UUID, seconds: float) -> None:
        task = asyncio.create_task(self._later(who, thread_id, seconds))
        self._waiting.add(task)
        task.add_done_callback(self._waiting.discard)

    async def _later(self, who: Who, thread_id: UUID, seconds: float) -> None:
        await asyncio.sleep(seconds)
        to = self._reached.pop((who.id, thread_id))
        try:
            await self.reach(who, thread_id, to)
        except Exception as error:
            # Nobody waits for the answer; opening the thread again will say it again.
            log.warning("mark_unwritten", error=repr(error))

    async def _write(self, who: Who, thread_id: UUID, to: Reach) -> bool:
        async with self._house.working(who) as work:
            return await service.reach(work, thread_id, to)

    async def _seconds_left(self, key: tuple[UUID, UUID], to: Reach) -> float | None:
        """How long until this mark may move; none when there is nothing to move."""
        async with self._house.database.reading() as db:
            mark = await db.get(ReadMark, key)
        if mark is None:
            return 0
        is_held = mark.held_at is not None and not (to.opens and mark.held_at < to.asked_at)
        if mark.number >= to.number or is_held:
            return None
        if mark.written_at is None:
            return 0
        return max(0.0, (mark.written_at + service.EVERY - now()).total_seconds())


@asynccontextmanager
async def keeping(app: Starlette) -> AsyncIterator[None]:
    """Lose nothing of what was read when the server stops."""
    yield
    await marks_of(app).settle()


def marks_of(app: Starlette) -> Marks:
    """What this process has to write."""
    state = app.state
    if not hasattr(state, "marks"):
        state.marks = Marks(state.house)
    marks: Marks = state.marks
    return marks
