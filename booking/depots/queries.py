"""Depots as their pages show them, and the school holidays that one should know of."""

from collections.abc import Sequence
from datetime import date, time, timedelta
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import func
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from booking.depots.models import SchoolHoliday, Zone
from booking.fleet.models import Closure, Depot, HandOver, Unit
from booking.fleet.opening import holiday
from booking.models import HOLDING, Allocation, State
from booking.periods import moment_of, naive
from entente.clock import now
from entente.db import rows
from entente.people.models import Organisation
from entente.rules import NotFound
from entente.web.words import long_date


class Row(NamedTuple):
    """A depot in the list."""

    id: UUID
    name: str
    address: str
    owner_id: UUID
    owner: str
    hue: int
    units: int


async def depots(db: AsyncSession) -> list[Row]:
    """Every depot that hands something over, by commune."""
    units = (
        select(func.count())
        .select_from(Unit)
        .where(col(Unit.depot_id) == col(Depot.id), col(Unit.retired_at).is_(None))
        .scalar_subquery()
    )
    query = (
        rows(
            col(Depot.id),
            Depot.name,
            Depot.address,
            col(Organisation.id),
            Organisation.short_name,
            Organisation.hue,
            units,
        )
        .join(Organisation, col(Organisation.id) == col(Depot.organisation_id))
        .order_by(col(Organisation.name), col(Depot.name))
    )
    return [Row(*row) for row in await db.execute(query)]


async def depot_of(db: AsyncSession, depot_id: UUID) -> Depot:
    """A depot, or NotFound."""
    found = await db.get(Depot, depot_id)
    if found is None:
        raise NotFound
    return found


async def hours_of(db: AsyncSession, depot_id: UUID) -> dict[int, list[tuple[int, int]]]:
    """For each day of the week, from which minute until which."""
    query = rows(HandOver.weekday, HandOver.opens, HandOver.closes).where(col(HandOver.depot_id) == depot_id)
    found: dict[int, list[tuple[int, int]]] = {}
    for weekday, opens, closes in await db.execute(query.order_by(col(HandOver.opens))):
        found.setdefault(weekday, []).append((opens, closes))
    return found


async def closures_of(db: AsyncSession, depot_id: UUID) -> Sequence[Closure]:
    """The closed days that are not over, of this depot and of all."""
    mine = (col(Closure.depot_id) == depot_id) | col(Closure.depot_id).is_(None)
    query = select(Closure).where(mine, col(Closure.until) > naive(now()).date())
    return (await db.exec(query.order_by(col(Closure.since), col(Closure.id)))).all()


async def handed_over(db: AsyncSession, depot_id: UUID, since: date, until: date) -> int:
    """How many reservations begin or end at a depot within these days."""
    first, last = (moment_of(day, time()) for day in (since, until))
    begins = (col(Allocation.starts_at) >= first) & (col(Allocation.starts_at) < last)
    ends = (col(Allocation.ends_at) >= first) & (col(Allocation.ends_at) < last)
    query = (
        rows(func.count(func.distinct(col(Allocation.reservation_id))))
        .join(Unit, col(Unit.id) == col(Allocation.unit_id))
        .where(
            col(Unit.depot_id) == depot_id,
            col(Allocation.state).in_([state for state in HOLDING if state != State.BLOCKED]),
            begins | ends,
        )
    )
    return int((await db.execute(query)).scalar_one())


class Vacation(NamedTuple):
    """School holidays as one reads them."""

    zone: Zone
    name: str
    since: date
    until: date

    @property
    def words(self) -> str:
        """« Vacances de Noël (zone A), du 19 décembre 2026 au 3 janvier 2027 »."""
        last = self.until - timedelta(days=1)
        if last == self.since:
            return f"{self.name} (zone\u00a0{self.zone}), le {long_date(last)}"
        return f"{self.name} (zone\u00a0{self.zone}), du {long_date(self.since)} au {long_date(last)}"


async def vacations(db: AsyncSession, since: date, until: date) -> list[Vacation]:
    """The school holidays that share a day with these, in order; one question."""
    query = (
        rows(SchoolHoliday.zone, SchoolHoliday.name, SchoolHoliday.since, SchoolHoliday.until)
        .where(col(SchoolHoliday.since) < until, col(SchoolHoliday.until) > since)
        .order_by(col(SchoolHoliday.since), col(SchoolHoliday.zone))
    )
    return [Vacation(Zone(zone), name, first, after) for zone, name, first, after in await db.execute(query)]


def public_holidays(days: int = 365) -> list[tuple[date, str]]:
    """The public holidays to come."""
    today = naive(now()).date()
    ahead = (today + timedelta(days=number) for number in range(days))
    return [(day, name) for day in ahead if (name := holiday(day))]


def today() -> date:
    """The day it is in Paris."""
    return naive(now()).date()


def last_day(closure: Closure) -> date:
    """The last day on which it is shut."""
    return closure.until - timedelta(days=1)
