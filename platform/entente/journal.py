"""What happened, in order: the one truth that history, notifications and live pages read.

Positions are contiguous per stream. They come from the stream's own counter row, taken under its lock as
the last statements of the transaction, so whoever has seen 7 has seen everything before it.
"""

import json
import secrets
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple, Self
from uuid import UUID

from sqlalchemy import ARRAY, String, bindparam, insert, text
from sqlmodel import Field, SQLModel, col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from entente.clock import now
from entente.db import Moment, is_embedded
from entente.ids import Ref

PURGE_BATCH = 1_000


class Verb(StrEnum):
    """What can happen, as noun.past_participle: each room closes its own list."""


class StreamRow(SQLModel, table=True):
    """The counter of a stream; its row lock is what orders writers."""

    __tablename__ = "stream"

    name: str = Field(max_length=120, primary_key=True)
    position: int = 0
    floor: int = 0
    """Entries up to here have been purged."""
    epoch: str = Field(max_length=12)
    """Changes when a backup is restored: positions of another epoch mean nothing."""


class Entry(SQLModel, table=True):
    """One thing that happened in a stream."""

    stream: str = Field(max_length=120, primary_key=True)
    position: int = Field(primary_key=True)
    verb: str = Field(max_length=40)
    subject_id: UUID
    person_id: UUID | None = None
    at: datetime = Field(default_factory=now, sa_type=Moment, index=True)


class Record(NamedTuple):
    """A thing that happened and has no position yet."""

    stream: Ref
    verb: Verb
    subject_id: UUID


class Rung(NamedTuple):
    """A stream has moved to a position: all that a bell says."""

    stream: str
    position: int


class Cursor(NamedTuple):
    """How far someone has read a stream, written `room/kind/id@epoch:position`."""

    stream: Ref
    epoch: str
    position: int

    def __str__(self) -> str:
        return f"{self.stream}@{self.epoch}:{self.position}"

    @classmethod
    def parse(cls, text_: str) -> Self:
        """Read a cursor; raises ValueError for anything else."""
        name, _, rest = text_.partition("@")
        epoch, _, position = rest.partition(":")
        if not epoch.isalnum() or len(epoch) > 12 or not position.isascii() or not position.isdigit():
            raise ValueError(f"not a cursor: {text_!r}")
        return cls(Ref.parse(name), epoch, int(position[:18]))


class Tip(NamedTuple):
    """Where a stream stands: its last position, what was purged, and its epoch."""

    position: int
    floor: int
    epoch: str


UNBORN = "0"
"""Epoch of a stream in which nothing has happened yet."""

_TAKE = text(
    "INSERT INTO stream (name, position, floor, epoch) VALUES (:name, :count, 0, :epoch) "
    "ON CONFLICT (name) DO UPDATE SET position = stream.position + :count RETURNING position"
)


def new_epoch() -> str:
    """A name that no earlier life of the database has borne."""
    return secrets.token_hex(5)


async def append(db: AsyncSession, records: Sequence[Record], person_id: UUID | None) -> list[Rung]:
    """Give each record its position; nothing may come between this and the commit."""
    at = now()
    rungs: list[Rung] = []
    entries: list[dict[str, object]] = []
    of_stream: dict[Ref, list[Record]] = {}
    for record in records:
        of_stream.setdefault(record.stream, []).append(record)
    # Sorted, so that two transactions over the same streams wait instead of deadlocking.
    for stream, mine in sorted(of_stream.items(), key=lambda each: str(each[0])):
        taken = {"name": str(stream), "count": len(mine), "epoch": new_epoch()}
        last = (await db.execute(_TAKE, taken)).scalar_one()
        rungs.append(Rung(str(stream), last))
        entries += (
            {
                "stream": str(stream),
                "position": last - len(mine) + number,
                "verb": str(record.verb),
                "subject_id": record.subject_id,
                "person_id": person_id,
                "at": at,
            }
            for number, record in enumerate(mine, start=1)
        )
    if entries:
        await db.execute(insert(Entry), entries)
    return rungs


async def since(db: AsyncSession, stream: str, position: int, limit: int) -> Sequence[Entry]:
    """What happened in a stream after a position, oldest first."""
    query = (
        select(Entry)
        .where(col(Entry.stream) == stream, col(Entry.position) > position)
        .order_by(col(Entry.position))
        .limit(limit)
    )
    entries = (await db.exec(query)).all()
    # What happened never changes: whoever reads it may roll back and still hold it.
    for entry in entries:
        db.expunge(entry)
    return entries


async def tips(db: AsyncSession, streams: Iterable[str]) -> dict[str, Tip]:
    """Where each of these streams stands; a stream in which nothing happened is absent."""
    names = list(streams)
    # One parameter whatever the number of streams: a busy process asks about thousands, every second.
    found = (
        await db.execute(_TIPS_OF_LIST, {"names": json.dumps(names)})
        if is_embedded(db)
        else await db.execute(_TIPS_OF_ARRAY, {"names": names})
    )
    return {row.name: Tip(row.position, row.floor, row.epoch) for row in found}


_TIPS_OF_LIST = text(
    "SELECT name, position, floor, epoch FROM stream WHERE name IN (SELECT value FROM json_each(:names))"
)
_TIPS_OF_ARRAY = text("SELECT name, position, floor, epoch FROM stream WHERE name = ANY(:names)").bindparams(
    bindparam("names", type_=ARRAY(String))
)


async def cursor(db: AsyncSession, stream: Ref) -> Cursor:
    """Where a stream stands now: read it before the content it goes with."""
    [found] = await cursors(db, [stream])
    return found


async def cursors(db: AsyncSession, streams: Sequence[Ref]) -> list[Cursor]:
    """The same for several streams, in one question."""
    known = await tips(db, map(str, streams))
    at = ((stream, known.get(str(stream))) for stream in streams)
    return [Cursor(stream, tip.epoch, tip.position) if tip else Cursor(stream, UNBORN, 0) for stream, tip in at]


async def renew_epochs(db: AsyncSession) -> None:
    """Make every cursor given before this moment void: readers start again from fresh pages."""
    for (name,) in (await db.execute(text("SELECT name FROM stream"))).all():
        await db.execute(
            text("UPDATE stream SET epoch = :epoch WHERE name = :name"), {"epoch": new_epoch(), "name": name}
        )


async def purge(db: AsyncSession, days: int, entries: int) -> int:
    """Forget one batch of entries that are too old or too many; returns how many were forgotten.

    Called again and again by the worker, each time in its own short transaction, away from the write path.
    """
    found = (
        await db.execute(
            text(
                "SELECT e.stream, max(e.position) AS position FROM (SELECT e.stream, e.position FROM entry e "
                "JOIN stream s ON s.name = e.stream WHERE e.at < :before OR e.position <= s.position - :entries "
                "ORDER BY e.stream, e.position LIMIT :batch) e GROUP BY e.stream"
            ).bindparams(bindparam("before", now() - timedelta(days=days), Moment)),
            {"entries": entries, "batch": PURGE_BATCH},
        )
    ).all()
    gone = 0
    # Python's order, as in `append`: the database's collation sorts otherwise, and the two would deadlock.
    for stream, position in sorted((row.stream, row.position) for row in found):
        known = {"stream": stream, "position": position}
        # The floor rises first: a reader that meets it gets a reset, never a hole.
        await db.execute(text("UPDATE stream SET floor = :position WHERE name = :stream AND floor < :position"), known)
        result = await db.execute(text("DELETE FROM entry WHERE stream = :stream AND position <= :position"), known)
        gone += result.rowcount  # type: ignore[attr-defined]
    return gone
