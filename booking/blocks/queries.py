"""What stands in the way of keeping a unit back, and where it could go; what is kept back already."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import timedelta
from typing import NamedTuple
from uuid import UUID

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from booking import queries
from booking.asks import Ask
from booking.fleet.models import ResourceType, Unit
from booking.free import Busy, Candidate, choose
from booking.models import Allocation, Reservation, State
from booking.periods import Period
from booking.queries import Shown
from entente.clock import now
from entente.db import rows

AROUND = timedelta(days=1)


class Standing(NamedTuple):
    """A reservation in the way: it may go to these units, or be cancelled."""

    shown: Shown
    to: str
    """The units that would take its place, by name; nothing when none is free."""

    @property
    def is_out(self) -> bool:
        """What is out cannot be cancelled: it comes back first."""
        return self.shown.state == State.OUT


async def standing(db: AsyncSession, unit: Unit, ids: Collection[UUID]) -> list[Standing]:
    """Of these reservations those that hold the unit, each with what could serve it instead; nobody reads another's
    by naming it. In as many questions, however many they are.
    """
    holding = rows(Allocation.reservation_id).where(col(Allocation.unit_id) == unit.id)
    few = (col(Reservation.id).in_(ids), col(Reservation.id).in_(holding), col(Reservation.state) != State.BLOCKED)
    shown = await queries.shown_where(db, *few, limit=len(ids))
    if not shown:
        return []
    asked = {each.id: each for each in await db.exec(select(Reservation).where(col(Reservation.id).in_(ids)))}
    of_them = {each.type_id for each in asked.values()}
    types = {each.id: each for each in await db.exec(select(ResourceType).where(col(ResourceType.id).in_(of_them)))}
    others = [
        each
        for each in await queries.candidates_of(db, list(types.values()))
        if unit.id not in queries.units_needed([each])
    ]
    starts, ends = min(each.period.starts for each in shown), max(each.period.ends for each in shown)
    widest = Period(starts - AROUND, ends + AROUND)
    plan = defaultdict(list, await queries.plan_of(db, queries.units_needed(others), widest))
    found = []
    for each in shown:
        row = asked[each.id]
        ask = Ask.again(types[row.type_id], each.period, row.quantity, row.wanted)
        found.append(Standing(each, ", ".join(_taken(ask, others, plan))))
    return found


def _taken(ask: Ask, others: Sequence[Candidate], plan: dict[UUID, list[Busy]]) -> list[str]:
    """The names of the units that would serve it; they are taken, for whoever comes after in the list."""
    fit = [
        each
        for each in others
        if each.type_id == ask.type.id
        and all(each.traits.get(trait, -1) >= least for trait, least in ask.least.items())
    ]
    chosen = choose(fit, ask.quantity, ask.period, plan)
    for each, count in chosen:
        for need in each.needs:
            plan[need.unit_id].append(Busy(ask.period.widened(need.before, need.after), need.quantity * count))
    return [each.name for each, _ in chosen]


async def blocks_of(db: AsyncSession, unit_id: UUID) -> list[Shown]:
    """When a unit is kept back, from now on."""
    of_unit = rows(Allocation.reservation_id).where(
        col(Allocation.unit_id) == unit_id, col(Allocation.state) == State.BLOCKED, col(Allocation.ends_at) > now()
    )
    return await queries.shown_where(db, col(Reservation.id).in_(of_unit))
