"""Outside agendas as their owner sees them, and the times at which people are busy as everyone may know them."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import and_, func
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from entente.db import rows
from entente.outside.models import OutsideEvent, OutsideSource
from entente.people.models import Person, PersonStatus
from entente.people.who import Who
from entente.rules import NotFound


class Busy(NamedTuple):
    """A time at which someone is not free: neither what they do, nor where it is written."""

    begins: datetime
    ends: datetime


class Own(NamedTuple):
    """Something in one's own outside agenda."""

    id: UUID
    source_id: UUID
    begins: datetime
    ends: datetime
    all_day: bool
    title: str
    is_busy: bool
    source_title: str
    hue: int


async def busy_of(
    db: AsyncSession, person_ids: Collection[UUID], begins: datetime, ends: datetime
) -> dict[UUID, list[Busy]]:
    """When each of these people is busy elsewhere between two moments; periods that touch are one."""
    query = (
        rows(OutsideEvent.person_id, OutsideEvent.begins, OutsideEvent.ends)
        .where(
            col(OutsideEvent.person_id).in_(person_ids),
            col(OutsideEvent.begins) < ends,
            col(OutsideEvent.ends) > begins,
            # What lasts no time fills none.
            col(OutsideEvent.ends) > col(OutsideEvent.begins),
            col(OutsideEvent.is_busy).is_(True),
        )
        .order_by(col(OutsideEvent.begins))
    )
    found: dict[UUID, list[Busy]] = {person_id: [] for person_id in person_ids}
    for person_id, start, end in await db.execute(query):
        periods = found[person_id]
        # Joined: two events in a row would tell how many there are.
        if periods and start <= periods[-1].ends:
            periods[-1] = Busy(periods[-1].begins, max(periods[-1].ends, end))
        else:
            periods.append(Busy(start, end))
    return found


async def busy_among(db: AsyncSession, people: Any, begins: datetime, ends: datetime) -> set[UUID]:
    """Which of these people, however many a question finds, are busy elsewhere between two moments."""
    query = rows(OutsideEvent.person_id).where(
        col(OutsideEvent.person_id).in_(people),
        col(OutsideEvent.begins) < ends,
        col(OutsideEvent.ends) > begins,
        col(OutsideEvent.ends) > col(OutsideEvent.begins),
        col(OutsideEvent.is_busy).is_(True),
    )
    return set((await db.execute(query.distinct())).scalars())


async def events_of(db: AsyncSession, who: Who, begins: datetime, ends: datetime) -> Sequence[Own]:
    """What stands in one's own outside agendas between two moments, in order."""
    query = (
        rows(
            *(OutsideEvent.id, OutsideEvent.source_id, OutsideEvent.begins, OutsideEvent.ends, OutsideEvent.all_day),
            *(OutsideEvent.title, OutsideEvent.is_busy, OutsideSource.title.label("source_title"), OutsideSource.hue),  # type: ignore[attr-defined]
        )
        .join(OutsideSource, col(OutsideSource.id) == OutsideEvent.source_id)
        .where(
            col(OutsideEvent.person_id) == who.id,
            col(OutsideEvent.begins) < ends,
            col(OutsideEvent.ends) >= begins,
        )
        .order_by(col(OutsideEvent.begins), col(OutsideEvent.id))
    )
    return [Own(*row) for row in await db.execute(query)]


async def sources_of(db: AsyncSession, who: Who) -> list[OutsideSource]:
    """One's own outside agendas, the oldest first."""
    query = (
        select(OutsideSource)
        .where(col(OutsideSource.person_id) == who.id)
        .order_by(col(OutsideSource.created_at), col(OutsideSource.id))
    )
    return list((await db.exec(query)).all())


async def source_for(db: AsyncSession, who: Who, id_: UUID) -> OutsideSource:
    """One of one's own outside agendas, or NotFound."""
    found = await db.get(OutsideSource, id_)
    if found is None or found.person_id != who.id:
        raise NotFound
    return found


async def source_of(db: AsyncSession, id_: UUID) -> OutsideSource | None:
    """An outside agenda, locked so that two readings of it follow each other; none when it was removed meanwhile."""
    query = select(OutsideSource).where(col(OutsideSource.id) == id_).with_for_update()
    return (await db.exec(query)).one_or_none()


async def times_in(db: AsyncSession, source_id: UUID) -> int:
    """How many times an outside agenda fills."""
    query = select(func.count(col(OutsideEvent.id))).where(col(OutsideEvent.source_id) == source_id)
    return (await db.exec(query)).one()


async def due(db: AsyncSession, at: datetime, limit: int) -> Sequence[UUID]:
    """The outside agendas of active people whose time has come, whoever waits longest first."""
    query = (
        rows(OutsideSource.id)
        .join(Person, and_(col(Person.id) == OutsideSource.person_id, col(Person.status) == PersonStatus.ACTIVE))
        .where(col(OutsideSource.due_at) <= at)
        .order_by(col(OutsideSource.due_at))
        .limit(limit)
    )
    return list((await db.execute(query)).scalars())
