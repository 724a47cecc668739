"""Who waits for what, in which order."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import and_, func, or_
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from booking import queries
from booking.asks import Ask
from booking.fleet.models import KitPart, Unit
from booking.free import choose
from booking.models import Reservation, State
from entente.clock import now
from entente.db import rows
from entente.people.who import Who

LOOKED_AT = 100
"""How many requests are looked at, at most, when something is given back."""


async def waiting_for(db: AsyncSession, unit_id: UUID) -> Sequence[Reservation]:
    """Those who wait for something that this unit could serve, by itself or in a kit: first come, first served."""
    kits = rows(KitPart.kit_id).where(col(KitPart.unit_id) == unit_id)
    types = rows(Unit.type_id).where(or_(col(Unit.id) == unit_id, col(Unit.id).in_(kits)))
    query = (
        select(Reservation)
        .where(
            col(Reservation.state) == State.WAITING,
            col(Reservation.type_id).in_(types),
            col(Reservation.starts_at) > now(),
        )
        .order_by(col(Reservation.created_at), col(Reservation.id))
        .limit(LOOKED_AT)
    )
    return (await db.exec(query)).all()


async def place_of(db: AsyncSession, waiting: Reservation) -> int:
    """Its place among those who wait for the same type over dates that meet, from 1."""
    earlier = or_(
        col(Reservation.created_at) < waiting.created_at,
        and_(col(Reservation.created_at) == waiting.created_at, col(Reservation.id) < waiting.id),
    )
    query = rows(func.count(col(Reservation.id))).where(
        col(Reservation.state) == State.WAITING,
        col(Reservation.type_id) == waiting.type_id,
        col(Reservation.starts_at) < waiting.ends_at,
        col(Reservation.ends_at) > waiting.starts_at,
        earlier,
    )
    return int((await db.execute(query)).scalar_one()) + 1


async def count_of(db: AsyncSession, who: Who) -> int:
    """How many requests of this person wait."""
    query = rows(func.count(col(Reservation.id))).where(
        col(Reservation.person_id) == who.id, col(Reservation.state) == State.WAITING
    )
    return int((await db.execute(query)).scalar_one())


async def could_ever(db: AsyncSession, ask: Ask) -> bool:
    """Whether it could be had if nobody had reserved anything."""
    return bool(choose(await queries.candidates_for(db, ask), ask.quantity, ask.period, {}))


async def is_free(db: AsyncSession, ask: Ask) -> bool:
    """Whether it can be had now."""
    candidates = await queries.candidates_for(db, ask)
    widest = max((need.before + need.after for each in candidates for need in each.needs), default=0)
    plan = await queries.plan_of(db, queries.units_needed(candidates), ask.period.widened(widest, widest))
    return bool(choose(candidates, ask.quantity, ask.period, plan))
