"""The round of outside agendas: those whose time has come are asked for, a few at once, and never for long.

A task reads one address on its owner's wish; another, once a minute, reads those that are due. Neither keeps the
worker from its mails for more than half a minute.
"""

import asyncio
import contextlib
from datetime import timedelta
from typing import Any
from uuid import UUID

from entente.clock import now
from entente.house import House
from entente.outside import queries, service
from entente.outside.fetching import Fetched, Tags, Unreachable, fetch
from entente.outside.guard import Guard
from entente.outside.models import OutsideSource
from entente.outside.reading import Unreadable, is_stale, read

ROUND = "outside.round"
"""Kind of the task that reads the addresses that are due."""
EVERY_SECONDS = 60.0
ROUND_SECONDS = 30.0
LEASE = timedelta(minutes=5)
AT_MOST = 60
AT_ONCE = 8
READ_AT_ONCE = 2
"""Less than `reading` allows: whoever sends a file does not wait for a round."""
OPEN = Guard()


async def call(house: House) -> None:
    """Ask for a round when an agenda is due; once a minute, whatever the number of servers."""
    async with house.database.reading() as db:
        is_due = await queries.due(db, now(), 1)
    if is_due:
        minute = int(now().timestamp() // EVERY_SECONDS)
        async with house.working(None) as work:
            work.later(ROUND, {}, key=f"{ROUND}/{minute}")


async def run(house: House, _payload: dict[str, Any], guard: Guard = OPEN) -> None:
    """Read what is due, as much of it as half a minute allows; the rest comes with the next round."""
    async with house.working(None) as work:
        ids = await queries.due(work.db, now(), AT_MOST)
        taken = await service.lease(work, list(ids), LEASE)
    await _read_all(house, taken, guard)


async def fetch_one(house: House, payload: dict[str, Any], guard: Guard = OPEN) -> None:
    """Read one address now, unless another process is at it."""
    async with house.working(None) as work:
        taken = await service.lease(work, [UUID(payload["source"])], LEASE)
    await _read_all(house, taken, guard)


async def _read_all(house: House, taken: list[OutsideSource], guard: Guard) -> None:
    asking, reading = asyncio.Semaphore(AT_ONCE), asyncio.Semaphore(READ_AT_ONCE)

    async def one(source: OutsideSource) -> None:
        async with asking:
            await _read_one(house, source, guard, reading)

    # What has no time left keeps its lease, and comes back in a few minutes.
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(ROUND_SECONDS):
            await asyncio.gather(*map(one, taken))


async def _read_one(house: House, source: OutsideSource, guard: Guard, turn: asyncio.Semaphore) -> None:
    # An old reading ends too early, though its content did not change.
    is_old = is_stale(source.read_at)
    tags = Tags() if is_old else Tags(source.etag, source.modified)
    try:
        got = await fetch(source.address, tags, guard)
        same = got.content is None or (not is_old and service.digest_of(got.content) == source.digest)
        await (_stay(house, source, got) if same else _renew(house, source, got, turn))
    except Unreachable as error:
        await _fail(house, source, error.reason, error.pause)
    except Unreadable as error:
        await _fail(house, source, str(error), timedelta())


async def _stay(house: House, source: OutsideSource, got: Fetched) -> None:
    async with house.working(None) as work:
        found = await queries.source_of(work.db, source.id)
        if found:
            await service.keep_unchanged(work, found, got.tags)


async def _renew(house: House, source: OutsideSource, got: Fetched, turn: asyncio.Semaphore) -> None:
    assert got.content is not None
    async with turn:
        reading = await read(got.content)
    async with house.working(None) as work:
        found = await queries.source_of(work.db, source.id)
        if found:
            await service.keep(work, found, reading, got.content, got.tags)


async def _fail(house: House, source: OutsideSource, reason: str, pause: timedelta) -> None:
    async with house.working(None) as work:
        found = await queries.source_of(work.db, source.id)
        if found:
            service.note_failure(work, found, reason, pause)
