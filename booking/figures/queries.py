"""How much each unit was taken, by which commune, and what was refused: sums, and never a person."""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import func, or_
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from booking import queries, rules
from booking.fleet.models import Closure, ResourceType, Unit
from booking.fleet.opening import Opening, holiday
from booking.models import Allocation, Reservation, State
from booking.periods import Period
from entente.db import rows
from entente.people.models import Organisation
from entente.people.who import Who
from entente.rules import NotFound
from entente.web.words import PARIS

USED = (State.CONFIRMED, State.OUT, State.RETURNED)
UNMET = (State.REFUSED, State.EXPIRED)


class Occupancy(NamedTuple):
    """How long a unit could be had, and how long it was taken meanwhile; of what is counted, in shares of the whole."""

    name: str
    type: str
    owner: str
    open_minutes: int
    used_minutes: float
    uses: int

    @property
    def rate(self) -> float | None:
        """From 0 to 1; none when its depot was never open."""
        return self.used_minutes / self.open_minutes if self.open_minutes else None


@dataclass
class Use:
    """What a commune took, and what it was refused."""

    name: str
    hue: int
    uses: int = 0
    minutes: int = 0
    unmet: int = 0


@dataclass(frozen=True)
class Figures:
    """Everything that is counted over a period."""

    units: Sequence[Occupancy]
    communes: Sequence[Use]

    @property
    def uses(self) -> int:
        """How many reservations."""
        return sum(each.uses for each in self.communes)

    @property
    def unmet(self) -> int:
        """How many requests found nothing."""
        return sum(each.unmet for each in self.communes)

    @property
    def rate(self) -> float | None:
        """How much of what was open was taken, over the whole fleet."""
        opened = sum(each.open_minutes for each in self.units)
        return sum(each.used_minutes for each in self.units) / opened if opened else None


async def figures(db: AsyncSession, who: Who, first: date, last: date) -> Figures:
    """From the first day until the last, included; as many questions, whatever the number of units."""
    if not rules.may_look(who):
        raise NotFound
    period = Period(_midnight(first), _midnight(last + timedelta(days=1)))
    return Figures(await _occupancy(db, period, first, last), await _use(db, period))


async def _occupancy(db: AsyncSession, period: Period, first: date, last: date) -> list[Occupancy]:
    query = (
        rows(
            col(Unit.id),
            Unit.name,
            col(ResourceType.name).label("type"),
            col(Organisation.short_name).label("owner"),
            Unit.depot_id,
            Unit.capacity,
        )
        .join(ResourceType, col(ResourceType.id) == col(Unit.type_id))
        .join(Organisation, col(Organisation.id) == col(Unit.owner_id))
        .where(or_(col(Unit.retired_at).is_(None), col(Unit.retired_at) > period.starts))
        .order_by(col(ResourceType.place), col(ResourceType.name), col(Unit.name), col(Unit.id))
    )
    units = (await db.execute(query)).all()
    spans = await _spans(db, {unit.depot_id for unit in units}, first, last)
    taken = await _taken(db, period)
    return [
        Occupancy(
            unit.name,
            unit.type,
            unit.owner,
            spans[unit.depot_id].minutes,
            sum(spans[unit.depot_id].shared(each) * count / unit.capacity for each, count in taken[unit.id]),
            len(taken[unit.id]),
        )
        for unit in units
    ]


async def _taken(db: AsyncSession, period: Period) -> dict[UUID, list[tuple[Period, int]]]:
    query = rows(Allocation.unit_id, Allocation.starts_at, Allocation.ends_at, Allocation.quantity).where(
        col(Allocation.state).in_(USED),
        col(Allocation.starts_at) < period.ends,
        col(Allocation.ends_at) > period.starts,
    )
    found: dict[UUID, list[tuple[Period, int]]] = defaultdict(list)
    for unit, starts, ends, quantity in await db.execute(query):
        found[unit].append((Period(starts, ends), quantity))
    return found


class Hours:
    """When a depot is open, in order; asked again and again how much of it a period covers."""

    def __init__(self, spans: Sequence[Period]) -> None:
        self._spans = spans
        self._ends = [span.ends for span in spans]
        self.minutes = sum(span.minutes for span in spans)

    def shared(self, period: Period) -> int:
        """How many minutes of a period lie in open hours."""
        minutes = 0
        for span in self._spans[bisect_left(self._ends, period.starts) :]:
            if span.starts >= period.ends:
                break
            minutes += max(Period(max(span.starts, period.starts), min(span.ends, period.ends)).minutes, 0)
        return minutes


async def _spans(db: AsyncSession, depots: Collection[UUID], first: date, last: date) -> dict[UUID, Hours]:
    openings = await queries.openings_of(db, depots)
    # Those of the past too, which whoever reserves need not know.
    shut: dict[UUID | None, list[tuple[date, date, str]]] = defaultdict(list)
    closures = rows(Closure.depot_id, Closure.since, Closure.until, Closure.why).where(
        col(Closure.since) <= last, col(Closure.until) > first
    )
    for depot, since, until, why in await db.execute(closures):
        shut[depot].append((since, until, why))
    return {
        id_: Hours(list(open_spans(replace(each, closures=(*shut[None], *shut[id_])), first, last)))
        for id_, each in openings.items()
    }


def open_spans(opening: Opening, first: date, last: date) -> Iterator[Period]:
    """When things can be had from a depot; one without hours is open day and night."""
    for number in range((last - first).days + 1):
        day = first + timedelta(days=number)
        if any(since <= day < until for since, until, _ in opening.closures):
            continue
        if not opening.is_open_on_holidays and holiday(day):
            continue
        if not opening.hours:
            yield Period(_midnight(day), _midnight(day + timedelta(days=1)))
        for opens, closes in opening.hours.get(day.weekday(), ()):
            yield Period(_minute(day, opens), _minute(day, closes))


def _minute(day: date, minute: int) -> datetime:
    if minute == 24 * 60:
        return _midnight(day + timedelta(days=1))
    return datetime.combine(day, time(minute // 60, minute % 60), PARIS).astimezone(UTC)


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), PARIS).astimezone(UTC)


async def _use(db: AsyncSession, period: Period) -> list[Use]:
    query = (
        rows(
            Organisation.name,
            Organisation.hue,
            Reservation.state,
            Reservation.starts_at,
            Reservation.ends_at,
            func.count(),
        )
        .join(Organisation, col(Organisation.id) == col(Reservation.payer_id))
        .where(
            col(Reservation.state).in_((*USED, *UNMET)),
            col(Reservation.starts_at) < period.ends,
            col(Reservation.ends_at) > period.starts,
        )
        .group_by(
            col(Organisation.name),
            col(Organisation.hue),
            col(Reservation.state),
            col(Reservation.starts_at),
            col(Reservation.ends_at),
        )
    )
    found: dict[str, Use] = {}
    for name, hue, state, starts, ends, count in await db.execute(query):
        use = found.setdefault(name, Use(name, hue))
        if state in UNMET:
            use.unmet += count
            continue
        use.uses += count
        use.minutes += count * Period(max(starts, period.starts), min(ends, period.ends)).minutes
    return sorted(found.values(), key=lambda use: (-use.minutes, use.name))
