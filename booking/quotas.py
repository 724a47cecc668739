"""How much of a type someone may take within a rolling window."""

from collections.abc import Collection, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from booking.asks import Ask, Borrowing
from booking.fleet.models import Quota, Scope
from booking.models import HOLDING, Reservation, State
from booking.rules import Unfit, over_quota
from entente.db import is_embedded, rows
from entente.work import Work


async def require_room(work: Work, ask: Ask, borrowing: Borrowing, without: UUID | None = None) -> None:
    """Go on if no quota of the type is passed; raises Unfit with the figure otherwise."""
    for quota in await _quotas(work, [ask.type.id]):
        whose = _whose(work, quota, borrowing)
        if whose is None:
            continue
        await _wait(work.db, f"{quota.id}:{whose[1]}")
        times, minutes = await _used(work.db, quota, ask, whose, without)
        if broken := over_quota(quota, times + 1, minutes + ask.period.minutes):
            raise Unfit([broken])


async def wait_turn(work: Work, types: Collection[UUID], borrowing: Borrowing) -> None:
    """Have these quotas counted for nobody else until the end of the change: all at once, in the one order."""
    for quota in await _quotas(work, types):
        if whose := _whose(work, quota, borrowing):
            await _wait(work.db, f"{quota.id}:{whose[1]}")


async def _quotas(work: Work, types: Collection[UUID]) -> Sequence[Quota]:
    query = select(Quota).where(col(Quota.type_id).in_(types)).order_by(col(Quota.id))
    return (await work.db.exec(query)).all()


def _whose(work: Work, quota: Quota, borrowing: Borrowing) -> tuple[Any, UUID] | None:
    match quota.scope:
        case Scope.PERSON:
            return col(Reservation.person_id), work.who.id
        case Scope.ORGANISATION:
            return col(Reservation.payer_id), borrowing.payer_id
    return (col(Reservation.service_id), borrowing.service_id) if borrowing.service_id else None


async def _wait(db: AsyncSession, name: str) -> None:
    # Two requests of one commune could each see room for one more: they count one after the other. Nobody else waits.
    if not is_embedded(db):
        await db.execute(text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))"), {"name": name})


async def _used(
    db: AsyncSession, quota: Quota, ask: Ask, whose: tuple[Any, UUID], without: UUID | None
) -> tuple[int, int]:
    """How often and how long, in the fullest window that the new reservation belongs to."""
    span = timedelta(days=quota.days)
    query = rows(Reservation.starts_at, Reservation.ends_at).where(
        whose[0] == whose[1],
        col(Reservation.type_id) == ask.type.id,
        col(Reservation.state).in_([*(state for state in HOLDING if state != State.BLOCKED), State.RETURNED]),
        col(Reservation.starts_at) > ask.period.starts - span,
        col(Reservation.starts_at) < ask.period.starts + span,
    )
    if without:
        query = query.where(col(Reservation.id) != without)
    found = sorted((await db.execute(query)).all())
    firsts = [starts for starts, _ in found if starts <= ask.period.starts] + [ask.period.starts]
    windows = [[(starts, ends) for starts, ends in found if first <= starts < first + span] for first in firsts]
    times = max(len(window) for window in windows)
    minutes = max(int(sum((ends - starts).total_seconds() for starts, ends in window) // 60) for window in windows)
    return times, minutes
