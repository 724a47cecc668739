"""What can be done with a unit itself."""

from datetime import UTC, datetime
from typing import NamedTuple

from sqlalchemy import update
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from booking import queries, rules
from booking.fleet.models import Kind, Unit
from booking.free import Busy
from booking.hold import Lost, Verb, lock, trying
from booking.periods import Period
from booking.rules import MOST_QUANTITY, Broken, Unfit
from booking.service import NOT_KEPT
from entente.clock import now
from entente.rules import Conflict, Invalid, require
from entente.web.words import date_time, number
from entente.work import Work

FOR_EVER = datetime(9999, 1, 1, tzinfo=UTC)


class Most(NamedTuple):
    """The most that is held of a unit at once, from now on, and since when."""

    quantity: int
    at: datetime | None


async def most_held(db: AsyncSession, unit: Unit) -> Most:
    """What limits how small a unit may become."""
    plan = await queries.plan_of(db, [unit.id], Period(now(), FOR_EVER))
    return _most(plan.get(unit.id, []))


def _most(busy: list[Busy]) -> Most:
    steps = [(each.period.starts, each.quantity) for each in busy] + [
        (each.period.ends, -each.quantity) for each in busy
    ]
    most, level = Most(0, None), 0
    for at, change in sorted(steps):
        level += change
        if level > most.quantity:
            most = Most(level, at)
    return most


async def resize(work: Work, unit: Unit, capacity: int) -> None:
    """Say that a unit holds more, or less; never less than what is held of it, and the database itself agrees."""
    require(rules.may_manage(work.who, unit.owner_id), NOT_KEPT)
    if not Kind(unit.kind).is_counted:
        raise Invalid({"capacity": "Cette unité se prête entière\u00a0: elle n’a pas de contenance."})
    if not 1 <= capacity <= MOST_QUANTITY:
        raise Invalid({"capacity": f"Entre 1 et {number(MOST_QUANTITY)}."})
    await lock(work.db, [unit.id])
    held = await most_held(work.db, unit)
    if capacity < held.quantity and held.at:
        figure = (
            f"{number(held.quantity)} sont réservées le {date_time(held.at)}, et vous en gardez {number(capacity)}."
        )
        raise Unfit([Broken("Contenance", "capacity", figure)])
    try:
        async with trying(work.db):
            await work.db.execute(update(Unit).where(col(Unit.id) == unit.id).values(capacity=capacity))
    except Lost:
        raise Conflict("Une réservation vient d’être prise sur cette unité\u00a0: regardez à nouveau.") from None
    await work.db.refresh(unit)
    # Whoever waits for it hears that there is more of it.
    work.record(queries.stream_of_unit(unit.id), Verb.PLAN_CHANGED, unit.id)
