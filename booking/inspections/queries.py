"""What falls due, on which unit, and what was done before."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import func
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from booking import rules as lending
from booking.fleet.models import Unit
from booking.inspections import rules
from booking.inspections.models import Inspection, MeterReading, Passed
from booking.inspections.rules import Due, Reading, Stage
from booking.models import HOLDING, Allocation, State
from booking.periods import naive
from entente.clock import now
from entente.db import rows
from entente.people.models import Function, FunctionKind, Organisation, Person, PersonStatus
from entente.people.queries import is_current
from entente.people.who import Who
from entente.rules import NotFound

MOST_READINGS = 50


def today() -> date:
    """The day it is in Paris."""
    return naive(now()).date()


@dataclass(frozen=True)
class Shown:
    """An inspection as its list shows it."""

    id: UUID
    name: str
    unit_id: UUID
    unit: str
    owner_id: UUID
    owner: str
    due: Due
    every_months: int | None
    every_hours: int | None
    stage: Stage
    meter: Reading | None
    taken: int = 0
    """How many reservations stand after its day."""

    @property
    def words(self) -> str:
        """When it falls due."""
        return rules.due_words(self.due)

    @property
    def rhythm(self) -> str:
        """« tous les 6 mois, ou toutes les 250 h »."""
        said = [f"tous les {self.every_months}\u00a0mois"] if self.every_months else []
        said += [f"toutes les {rules.hours_words(self.every_hours)}"] if self.every_hours else []
        return ", ou ".join(said)


async def due_for(db: AsyncSession, who: Who) -> list[Shown]:
    """Every inspection of what this person keeps, what is late first."""
    managed = lending.managed_by(who)
    return await _shown(db, col(Unit.owner_id).in_(managed), col(Unit.retired_at).is_(None)) if managed else []


async def of_unit(db: AsyncSession, unit_id: UUID) -> list[Shown]:
    """The inspections of one unit."""
    return await _shown(db, col(Unit.id) == unit_id)


async def shown(db: AsyncSession, inspection_id: UUID) -> Shown:
    """One inspection that still falls due, or NotFound."""
    found = await _shown(db, col(Inspection.id) == inspection_id)
    if not found:
        raise NotFound
    return found[0]


async def _shown(db: AsyncSession, *which: Any) -> list[Shown]:
    beyond = (
        select(func.count())
        .select_from(Allocation)
        .where(
            col(Allocation.unit_id) == col(Unit.id),
            col(Allocation.state).in_([state for state in HOLDING if state != State.BLOCKED]),
            col(Allocation.ends_at) > now(),
            func.date(col(Allocation.ends_at)) > col(Inspection.due_on),
        )
        .correlate(Unit, Inspection)
        .scalar_subquery()
        .label("taken")
    )
    query = (
        rows(
            col(Inspection.id),
            Inspection.name,
            Inspection.due_on,
            Inspection.due_hours,
            Inspection.every_months,
            Inspection.every_hours,
            col(Unit.id).label("unit_id"),
            col(Unit.name).label("unit"),
            Unit.owner_id,
            Organisation.short_name,
            beyond,
        )
        .join(Unit, col(Unit.id) == col(Inspection.unit_id))
        .join(Organisation, col(Organisation.id) == col(Unit.owner_id))
        .where(col(Inspection.ended_at).is_(None), *which)
    )
    found = (await db.execute(query)).all()
    meters = await meters_of(db, {row.unit_id for row in found})
    made = [_made(row, meters.get(row.unit_id)) for row in found]
    order = list(Stage)
    return sorted(made, key=lambda each: (order.index(each.stage), each.due.on or date.max, each.unit, each.id))


def _made(row: Any, meter: Reading | None) -> Shown:
    due = Due(row.due_on, row.due_hours)
    stage = rules.stage_of(due, meter, today())
    rhythm = (row.every_months, row.every_hours)
    return Shown(
        row.id,
        row.name,
        row.unit_id,
        row.unit,
        row.owner_id,
        row.short_name,
        due,
        *rhythm,
        stage,
        meter,
        row.taken or 0,
    )


async def meters_of(db: AsyncSession, units: Collection[UUID]) -> dict[UUID, Reading]:
    """What the meter of each unit last said."""
    query = (
        rows(MeterReading.unit_id, func.max(MeterReading.read_on), func.max(MeterReading.hours))
        .where(col(MeterReading.unit_id).in_(units))
        .group_by(col(MeterReading.unit_id))
    )
    return {unit: Reading(_day(on), hours) for unit, on, hours in await db.execute(query)}


def _day(read: date | str) -> date:
    return date.fromisoformat(read) if isinstance(read, str) else read


async def readings_of(db: AsyncSession, unit_id: UUID, limit: int | None = None) -> list[Reading]:
    """What the meter of a unit said, the latest first."""
    query = rows(MeterReading.read_on, MeterReading.hours).where(col(MeterReading.unit_id) == unit_id)
    found = await db.execute(query.order_by(col(MeterReading.hours).desc(), col(MeterReading.id).desc()).limit(limit))
    return [Reading(on, hours) for on, hours in found]


async def dues_of(db: AsyncSession, unit_id: UUID) -> list[Due]:
    """When each inspection of a unit falls due."""
    query = rows(Inspection.due_on, Inspection.due_hours).where(
        col(Inspection.unit_id) == unit_id, col(Inspection.ended_at).is_(None)
    )
    return [Due(on, hours) for on, hours in await db.execute(query)]


class Done(NamedTuple):
    """An inspection that was done."""

    name: str
    done_on: date
    hours: int | None
    reference: str
    person: str
    at: datetime


async def done_on(db: AsyncSession, unit_id: UUID) -> Sequence[Done]:
    """Everything that was inspected on a unit, the latest first."""
    query = (
        rows(
            Inspection.name,
            Passed.done_on,
            Passed.hours,
            Passed.reference,
            Person.given_name,
            Person.family_name,
            Passed.at,
        )
        .join(Inspection, col(Inspection.id) == col(Passed.inspection_id))
        .outerjoin(Person, col(Person.id) == col(Passed.person_id))
        .where(col(Inspection.unit_id) == unit_id)
        .order_by(col(Passed.done_on).desc(), col(Passed.id).desc())
    )
    return [
        Done(row[0], row[1], row[2], row[3], " ".join(filter(None, (row[4], row[5]))), row[6])
        for row in await db.execute(query)
    ]


async def keepers_of(db: AsyncSession, owner_id: UUID) -> list[Person]:
    """The people who keep the equipment of an organisation today."""
    keeping = (
        select(Function.person_id)
        .where(
            col(Function.kind) == FunctionKind.GESTIONNAIRE,
            col(Function.organisation_id) == owner_id,
            is_current(Function),
        )
        .distinct()
    )
    query = select(Person).where(col(Person.id).in_(keeping), col(Person.status) == PersonStatus.ACTIVE)
    return list(await db.exec(query.order_by(col(Person.id))))
