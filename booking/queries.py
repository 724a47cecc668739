"""What a person can see of the fleet and of reservations."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, and_, exists, literal, or_, union_all
from sqlmodel import SQLModel, col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from booking import rules
from booking.approvals.grounds import is_concerned
from booking.asks import Ask
from booking.depots.models import SchoolHoliday
from booking.fleet.models import Closure, Depot, HandOver, Kind, KitPart, ResourceType, Unit, UnitTrait
from booking.fleet.opening import Opening
from booking.free import DAYS_LOOKED, PERIODS, Busy, Candidate, Need, next_periods
from booking.models import HOLDING, Allocation, Change, Reservation, State
from booking.periods import Period
from entente.clock import now, today
from entente.db import rows
from entente.ids import Ref
from entente.people.models import Organisation, Person
from entente.people.who import Who
from entente.prepared import Asked, prepared
from entente.rules import NotFound
from entente.web.words import PARIS

HELD = SQLModel.metadata.tables["allocation"]


def stream_of_unit(unit_id: UUID) -> Ref:
    """The plan of a unit: whoever looks at it hears that it changed."""
    return Ref("booking/unit", unit_id)


def stream_of(reservation_id: UUID) -> Ref:
    """The story of a reservation."""
    return Ref("booking/reservation", reservation_id)


async def types(db: AsyncSession) -> list[ResourceType]:
    """Every type, in the order of the list."""
    return list(await db.exec(select(ResourceType).order_by(col(ResourceType.place), col(ResourceType.name))))


async def type_at(db: AsyncSession, slug: str) -> ResourceType:
    """The type at this address, or NotFound."""
    if "\0" in slug:
        raise NotFound  # PostgreSQL has no room for a zero in a text
    found = (await db.exec(select(ResourceType).where(col(ResourceType.slug) == slug))).one_or_none()
    if found is None:
        raise NotFound
    return found


async def type_of(db: AsyncSession, type_id: UUID) -> ResourceType:
    """The type with this id, or NotFound."""
    found = await db.get(ResourceType, type_id)
    if found is None:
        raise NotFound
    return found


async def candidates_for(db: AsyncSession, ask: Ask, among: Collection[UUID] | None = None) -> list[Candidate]:
    """The units that could serve a request if they were free: the smallest that suffices first."""
    made = await candidates_of(db, [ask.type], ask.place_id, ask.unit_id, among, with_traits=bool(ask.least))
    fit = [each for each in made if all(each.traits.get(trait, -1) >= least for trait, least in ask.least.items())]
    return sorted(fit, key=lambda each: sorted(each.traits.get(trait, 0) for trait in ask.least))


async def candidates_of(
    db: AsyncSession,
    types: Collection[ResourceType],
    place_id: UUID | None = None,
    unit_id: UUID | None = None,
    among: Collection[UUID] | None = None,
    with_traits: bool = True,
) -> list[Candidate]:
    """The units of these types that are lent, by name; in as many questions, however many they are."""
    known = {each.id: each for each in types}
    query = (
        rows(
            col(Unit.id),
            col(Unit.type_id),
            col(Unit.name),
            col(Unit.code),
            col(Unit.kind),
            col(Unit.capacity),
            col(Unit.owner_id),
            col(Unit.depot_id),
            col(Unit.usable_until),
            col(Depot.name).label("depot"),
            col(Depot.is_open_on_holidays),
        )
        .join(Depot, col(Depot.id) == col(Unit.depot_id))
        .where(col(Unit.type_id).in_(known), col(Unit.retired_at).is_(None))
        .order_by(col(Unit.name), col(Unit.id))
    )
    if unit_id:
        query = query.where(col(Unit.id) == unit_id)
    if place_id:
        query = query.where(col(Unit.owner_id) == place_id)
    if among is not None:
        query = query.where(col(Unit.id).in_(among))
    found = (await db.execute(query)).all()
    ids = [row.id for row in found]
    traits = await _traits(db, ids) if with_traits else {}
    openings = await openings_of(db, {row.depot_id for row in found})
    parts = await _parts(db, ids) if any(row.kind == "kit" for row in found) else {}
    return [
        Candidate(
            row.id,
            row.type_id,
            row.name,
            row.code,
            Kind(row.kind),
            row.capacity,
            row.owner_id,
            row.depot_id,
            row.depot,
            (
                Need(row.id, row.capacity, 1, known[row.type_id].before_minutes, known[row.type_id].after_minutes),
                *(need.over(known[row.type_id]) for need in parts.get(row.id, ())),
            ),
            openings[row.depot_id],
            datetime.combine(row.usable_until + timedelta(days=1), time(), PARIS) if row.usable_until else None,
            traits.get(row.id, {}),
        )
        for row in found
    ]


class _Part(NamedTuple):
    unit_id: UUID
    capacity: int
    quantity: int
    before: int
    after: int

    def over(self, type_: ResourceType) -> Need:
        """What the kit takes of it: the longer of both buffers, as the database has it."""
        before, after = max(self.before, type_.before_minutes), max(self.after, type_.after_minutes)
        return Need(self.unit_id, self.capacity, self.quantity, before, after)


async def _parts(db: AsyncSession, kits: Collection[UUID]) -> dict[UUID, list[_Part]]:
    query = (
        rows(
            KitPart.kit_id,
            col(Unit.id),
            Unit.capacity,
            KitPart.quantity,
            ResourceType.before_minutes,
            ResourceType.after_minutes,
        )
        .join(Unit, col(Unit.id) == col(KitPart.unit_id))
        .join(ResourceType, col(ResourceType.id) == col(Unit.type_id))
        .where(col(KitPart.kit_id).in_(kits))
    )
    found: dict[UUID, list[_Part]] = defaultdict(list)
    for kit, *part in await db.execute(query):
        found[kit].append(_Part(*part))
    return found


async def _traits(db: AsyncSession, units: Collection[UUID]) -> dict[UUID, dict[UUID, int]]:
    query = rows(UnitTrait.unit_id, UnitTrait.trait_id, UnitTrait.amount).where(
        col(UnitTrait.unit_id).in_(units), col(UnitTrait.amount).is_not(None)
    )
    found: dict[UUID, dict[UUID, int]] = defaultdict(dict)
    for unit, trait, amount in await db.execute(query):
        found[unit][trait] = amount
    return found


async def openings_of(db: AsyncSession, depots: Collection[UUID]) -> dict[UUID, Opening]:
    """When each of these depots hands over."""
    known: dict[UUID, bool] = {}
    hours: dict[UUID, dict[int, list[tuple[int, int]]]] = defaultdict(lambda: defaultdict(list))
    spans = (
        rows(col(Depot.id), Depot.is_open_on_holidays, HandOver.weekday, HandOver.opens, HandOver.closes)
        .outerjoin(HandOver, col(HandOver.depot_id) == col(Depot.id))
        .where(col(Depot.id).in_(depots))
        .order_by(col(HandOver.opens))
    )
    for depot, is_open_on_holidays, weekday, opens, closes in await db.execute(spans):
        known[depot] = bool(is_open_on_holidays)
        if weekday is not None:
            hours[depot][weekday].append((opens, closes))
    shut: dict[UUID | None, list[tuple[Any, Any, str]]] = defaultdict(list)
    closures = rows(Closure.depot_id, Closure.since, Closure.until, Closure.why).where(
        or_(col(Closure.depot_id).in_(depots), col(Closure.depot_id).is_(None)),
        col(Closure.until) > today(),
    )
    # The school holidays of a depot that they shut are days like the others.
    vacations = (
        rows(col(Depot.id), SchoolHoliday.since, SchoolHoliday.until, SchoolHoliday.name)
        .join(SchoolHoliday, col(SchoolHoliday.zone) == col(Depot.school_zone))
        .where(
            col(Depot.id).in_(depots),
            col(Depot.is_open_in_school_holidays).is_(False),
            col(SchoolHoliday.until) > today(),
        )
    )
    for depot, since, until, why in await db.execute(union_all(closures, vacations)):
        shut[depot].append((since, until, why))
    return {
        id_: Opening(
            {day: tuple(each) for day, each in hours[id_].items()}, (*shut[None], *shut[id_]), is_open_on_holidays
        )
        for id_, is_open_on_holidays in known.items()
    }


async def plan_of(
    db: AsyncSession, units: Collection[UUID], period: Period, without: Collection[UUID] = ()
) -> dict[UUID, list[Busy]]:
    """What these units carry within a period, some reservations set aside."""
    # The table, not its model: thousands of rows come through without the machinery of objects.
    held = HELD.c
    query = rows(held.unit_id, held.held_from, held.held_until, held.quantity).where(
        held.unit_id.in_(units),
        held.state.in_(HOLDING),
        held.held_from < period.ends,
        held.held_until > period.starts,
    )
    if without:
        query = query.where(held.reservation_id.not_in(without))
    found: dict[UUID, list[Busy]] = defaultdict(list)
    for unit, starts, ends, quantity in (await db.execute(query)).all():
        found[unit].append(Busy(Period(starts, ends), quantity))
    return found


def units_needed(candidates: Sequence[Candidate]) -> set[UUID]:
    """Every unit that these candidates take, parts of kits included."""
    return {need.unit_id for each in candidates for need in each.needs}


async def next_free(
    db: AsyncSession, ask: Ask, without: Collection[UUID] = (), candidates: Sequence[Candidate] | None = None
) -> list[Period]:
    """The next three periods, as long as the one asked, in which it can be had."""
    if candidates is None:
        candidates = await candidates_for(db, ask)
    at = now()
    earliest = at + timedelta(minutes=ask.type.lead_minutes)
    first = max(ask.period.starts, earliest)
    units = units_needed(candidates)

    def is_fit(period: Period) -> bool:
        return not rules.broken_by(ask.type, period, ask.quantity, at)

    found: list[Period] = []
    # Usually something is free soon: only when it is not does one look further.
    for days in DAYS_LOOKED:
        last = first + timedelta(days=days + 1, minutes=ask.period.minutes)
        ahead = Period(first - timedelta(days=1), last)
        plan = await plan_of(db, units, ahead, without)
        found = next_periods(candidates, ask, plan, earliest, is_fit, days=days)
        if len(found) == PERIODS:
            break
    return found


def is_visible(who: Who) -> ColumnElement[bool]:
    """The reservations of which this person sees the details: theirs, their organisation's, those of what they keep,
    and those to which they are asked to agree."""
    managed = rules.managed_by(who)
    return is_seen_by(who.id, who.organisations, managed, bool(managed), who.is_member)


def is_seen_by(person_id: Any, organisations: Any, managed: Any, manages: bool, is_member: bool) -> ColumnElement[bool]:
    """The same of whoever acts for these organisations and keeps what those own: for prepared questions."""
    grounds: list[ColumnElement[bool]] = [
        col(Reservation.person_id) == person_id,
        col(Reservation.payer_id).in_(organisations),
        is_concerned(person_id),
    ]
    if manages:
        kept = (
            exists()
            .where(col(Allocation.reservation_id) == col(Reservation.id), col(Allocation.unit_id) == col(Unit.id))
            .where(col(Unit.owner_id).in_(managed))
            # Whatever the rest of the question reads: units of its own are not these.
            .correlate(Reservation)
        )
        grounds.append(kept)
    return and_(or_(*grounds), literal(is_member))


async def reservation_for(db: AsyncSession, who: Who, reservation_id: UUID) -> Reservation:
    """The reservation, or NotFound: someone else's and none at all look the same."""
    query = select(Reservation).where(col(Reservation.id) == reservation_id, is_visible(who))
    found = (await db.exec(query)).one_or_none()
    if found is None:
        raise NotFound
    return found


class Part(NamedTuple):
    """A unit that a reservation takes, with where it is fetched."""

    unit_id: UUID
    name: str
    code: str
    quantity: int
    owner_id: UUID
    owner: str
    hue: int
    depot: str
    address: str
    is_part: bool
    held: Period


async def parts_of(db: AsyncSession, reservations: Collection[UUID]) -> dict[UUID, list[Part]]:
    """What each of these reservations takes, kits before their parts."""
    found: dict[UUID, list[Part]] = defaultdict(list)
    if reservations:
        for row in await db.execute(*_parts_of(reservations)):
            found[row[0]].append(Part._make((*row[1:10], row[10] is not None, Period(row[11], row[12]))))
    return found


@prepared
def _parts_of(reservations: Collection[UUID]) -> Any:
    return (
        rows(
            Allocation.reservation_id,
            col(Unit.id),
            Unit.name,
            Unit.code,
            Allocation.quantity,
            Unit.owner_id,
            Organisation.short_name,
            Organisation.hue,
            col(Depot.name).label("depot"),
            Depot.address,
            Allocation.part_of,
            Allocation.held_from,
            Allocation.held_until,
        )
        .join(Unit, col(Unit.id) == col(Allocation.unit_id))
        .join(Organisation, col(Organisation.id) == col(Unit.owner_id))
        .join(Depot, col(Depot.id) == col(Unit.depot_id))
        .where(col(Allocation.reservation_id).in_(reservations))
        .order_by(col(Allocation.part_of).is_not(None), col(Unit.name))
    )


@dataclass(frozen=True)
class Shown:
    """A reservation as those see it who may see its details."""

    id: UUID
    state: State
    period: Period
    quantity: int
    type: str
    slug: str
    one: str
    many: str
    purpose: str
    on_behalf_of: str
    payer: str
    payer_hue: int
    person_id: UUID
    person: str
    held_until: datetime | None
    series_id: UUID | None
    version: int
    parts: tuple[Part, ...] = ()

    @property
    def what(self) -> str:
        """Its units by name, or its type while it has none."""
        names = [part.name for part in self.parts if not part.is_part]
        return ", ".join(names) or self.type

    @property
    def owners(self) -> frozenset[UUID]:
        """Whoever keeps what it takes."""
        return frozenset(part.owner_id for part in self.parts)


def in_words() -> Any:
    """Reservations with what a line says of each; whoever asks says which."""
    return (
        rows(
            col(Reservation.id),
            Reservation.state,
            Reservation.starts_at,
            Reservation.ends_at,
            Reservation.quantity,
            col(ResourceType.name).label("type"),
            ResourceType.slug,
            ResourceType.one,
            ResourceType.many,
            Reservation.purpose,
            Reservation.on_behalf_of,
            col(Organisation.short_name).label("payer"),
            Organisation.hue,
            Reservation.person_id,
            Person.given_name,
            Person.family_name,
            Reservation.held_until,
            Reservation.series_id,
            Reservation.version,
        )
        .join(ResourceType, col(ResourceType.id) == col(Reservation.type_id))
        .join(Organisation, col(Organisation.id) == col(Reservation.payer_id))
        .join(Person, col(Person.id) == col(Reservation.person_id))
    )


async def told(db: AsyncSession, asked: Asked) -> list[Shown]:
    """The reservations that a question made of `in_words` finds, with what they take."""
    found = (await db.execute(*asked)).all()
    parts = await parts_of(db, [row.id for row in found])
    return [
        Shown(
            row.id,
            State(row.state),
            Period(row.starts_at, row.ends_at),
            row.quantity,
            row.type,
            row.slug,
            row.one,
            row.many,
            row.purpose,
            row.on_behalf_of,
            row.payer,
            row.hue,
            row.person_id,
            f"{row.given_name} {row.family_name}",
            row.held_until,
            row.series_id,
            row.version,
            tuple(parts.get(row.id, ())),
        )
        for row in found
    ]


async def shown(db: AsyncSession, who: Who, reservation_id: UUID) -> Shown:
    """One reservation with what it takes, or NotFound."""
    found = await shown_where(db, col(Reservation.id) == reservation_id, is_visible(who))
    if not found:
        raise NotFound
    return found[0]


MINE_MOST = 100


async def shown_where(db: AsyncSession, *which: ColumnElement[bool], limit: int = MINE_MOST) -> list[Shown]:
    """Reservations with what they take, in order of time: whoever asks has seen to it that they may be read."""
    query = in_words().where(*which).order_by(col(Reservation.starts_at), col(Reservation.id))
    return await told(db, (query.limit(limit), {}))


async def mine(db: AsyncSession, who: Who, past: bool = False, limit: int = MINE_MOST) -> list[Shown]:
    """What this person has reserved: what is to come first in order, or what is over, last first."""
    return await told(db, _mine(who.id, past, now(), limit))


@prepared
def _mine(person_id: UUID, past: bool, at: datetime, limit: int) -> Any:
    ends = col(Reservation.ends_at)
    query = in_words().where(col(Reservation.person_id) == person_id, col(Reservation.state) != State.BLOCKED)
    query = (
        query.where(ends <= at).order_by(ends.desc())
        if past
        else query.where(ends > at).order_by(col(Reservation.starts_at), col(Reservation.id))
    )
    return query.limit(limit)


async def due(db: AsyncSession, who: Who, until: datetime, limit: int) -> list[Shown]:
    """What this person is to take out or bring back before a moment."""
    return await told(db, _due(who.id, until, now() - timedelta(days=7), limit))


@prepared
def _due(person_id: UUID, until: datetime, since: datetime, limit: int) -> Any:
    query = in_words().where(
        col(Reservation.person_id) == person_id,
        or_(
            and_(col(Reservation.state) == State.CONFIRMED, col(Reservation.starts_at) < until),
            col(Reservation.state) == State.OUT,
        ),
        col(Reservation.ends_at) > since,
    )
    return query.order_by(col(Reservation.starts_at), col(Reservation.id)).limit(limit)


async def owners_of(db: AsyncSession, reservation_id: UUID) -> frozenset[UUID]:
    """The organisations that own what a reservation takes."""
    query = (
        rows(Unit.owner_id)
        .join(Allocation, col(Allocation.unit_id) == col(Unit.id))
        .where(col(Allocation.reservation_id) == reservation_id)
    )
    return frozenset((await db.execute(query)).scalars())


async def units_held(db: AsyncSession, reservations: Collection[UUID], with_parts: bool = True) -> list[UUID]:
    """The units that these reservations take."""
    query = rows(Allocation.unit_id).where(col(Allocation.reservation_id).in_(reservations))
    if not with_parts:
        query = query.where(col(Allocation.part_of).is_(None))
    return list((await db.execute(query.order_by(col(Allocation.unit_id)))).scalars().unique())


async def changes_of(db: AsyncSession, reservation_id: UUID) -> Sequence[Any]:
    """Everything that happened to a reservation, oldest first, with who did it."""
    query = (
        rows(Change.at, Change.verb, Change.why, Change.before, Change.after, Person.given_name, Person.family_name)
        .outerjoin(Person, col(Person.id) == col(Change.person_id))
        .where(col(Change.reservation_id) == reservation_id)
        .order_by(col(Change.id))
    )
    return list(await db.execute(query))


async def waiting_for(db: AsyncSession, unit_id: UUID, period: Period) -> Sequence[Reservation]:
    """The loans that hold a unit within a period."""
    query = (
        select(Reservation)
        .join(Allocation, col(Allocation.reservation_id) == col(Reservation.id))
        .where(
            col(Allocation.unit_id) == unit_id,
            col(Allocation.state).in_([state for state in HOLDING if state != State.BLOCKED]),
            col(Allocation.held_from) < period.ends,
            col(Allocation.held_until) > period.starts,
        )
        .order_by(col(Reservation.starts_at), col(Reservation.id))
    )
    return (await db.exec(query)).all()


def today_in_paris() -> datetime:
    """Now, on the clock of Paris."""
    return datetime.now(UTC).astimezone(PARIS)


class TakenSlot(NamedTuple):
    """When a unit is held, and for which commune: what every member sees."""

    reservation_id: UUID
    state: State
    period: Period
    quantity: int
    payer: str
    hue: int


async def taken_of(db: AsyncSession, unit_id: UUID, days: int = 31) -> list[TakenSlot]:
    """When a unit is held within the days to come."""
    at = now()
    query = (
        rows(
            Allocation.reservation_id,
            Allocation.state,
            Allocation.starts_at,
            Allocation.ends_at,
            Allocation.quantity,
            Organisation.short_name,
            Organisation.hue,
        )
        .join(Reservation, col(Reservation.id) == col(Allocation.reservation_id))
        .join(Organisation, col(Organisation.id) == col(Reservation.payer_id))
        .where(
            col(Allocation.unit_id) == unit_id,
            col(Allocation.state).in_(HOLDING),
            col(Allocation.ends_at) > at,
            col(Allocation.starts_at) < at + timedelta(days=days),
        )
        .order_by(col(Allocation.starts_at))
    )
    return [
        TakenSlot(row[0], State(row[1]), Period(row[2], row[3]), row[4], row[5], row[6])
        for row in await db.execute(query)
    ]
