"""The fleet under load: the plan of a month, the search for what is free, and reservations made at once.

Figures mean something within one run only: each table gives its own reference, and how many times that is.
"""

import asyncio
import sys
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from uuid import UUID

from sqlalchemy import insert, text
from sqlmodel.ext.asyncio.session import AsyncSession

from bench.ground import POSTGRES, ROUNDS, folder, has, median, percentile, say, short, table, times
from bench.houses import drop, postgres_database, settings_of
from booking import search, service
from booking.asks import Ask, Borrowing
from booking.fleet.models import Depot, Kind, ResourceType, Unit
from booking.models import Allocation, Reservation, State
from booking.periods import Period
from booking.rules import Taken
from booking.search import Sought
from booking.timeline import feed
from booking.timeline import queries as timeline
from booking.timeline.queries import Chosen
from booking.timeline.window import Scale, Window
from booking.typed import When
from entente import clock, schema
from entente.clock import now
from entente.house import House
from entente.ids import new_id
from entente.people.models import Function, FunctionKind, Organisation, OrganisationKind, Person, PersonStatus
from entente.people.queries import who_is
from entente.people.who import Who
from entente.web import templates

UNITS = 500
A_DAY = 2
"""Reservations of a unit in a day: more of them reach further into the past."""
BATCH = 5_000
CLIENTS = (1, 10, 50)
SECONDS = 3.0
LATER = timedelta(days=200)
"""Where nothing is reserved yet."""


@dataclass
class Park:
    """A house with its units."""

    house: House
    type: ResourceType
    units: Sequence[Unit]
    who: Who
    payer: UUID

    def ask(self, unit: int, starts: datetime) -> Ask:
        """One hour of a unit."""
        return Ask(self.type, Period(starts, starts + timedelta(hours=1)), unit_id=self.units[unit].id)


async def open_park(url: str, place: Path, count: int) -> Park:
    """A database with its shape, five hundred units, and so many reservations behind and before today."""
    house = House.build(settings_of(url, 80, place))
    await schema.upgrade(house.database)
    async with house.database.writing() as db:
        owner = Organisation(kind=OrganisationKind.COMMUNE, name="Aubrac", short_name="Aubrac")
        person = Person(email="a@a.example", given_name="Awa", family_name="Diallo", status=PersonStatus.ACTIVE)
        type_ = ResourceType(slug="nacelle", name="Nacelle", kind=Kind.EXCLUSIVE, horizon_days=9_000)
        db.add_all([owner, person, type_])
        await db.flush()
        depot = Depot(organisation_id=owner.id, name="Ateliers", is_open_on_holidays=True)
        kind, since = FunctionKind.TECHNICIEN, date(2016, 1, 1)
        db.add_all([depot, Function(person_id=person.id, organisation_id=owner.id, kind=kind, since=since)])
        await db.flush()
        units = [
            Unit(
                name=f"Nacelle {number:03}",
                code=f"N{number:03}",
                type_id=type_.id,
                kind=type_.kind,
                owner_id=owner.id,
                depot_id=depot.id,
            )
            for number in range(UNITS)
        ]
        db.add_all(units)
    if house.settings.is_embedded:
        await _fill(house, units, person.id, owner.id, count)
    else:
        await _pour(house, type_.id, person.id, owner.id, count)
    async with house.database.writing() as db:
        await db.execute(text("ANALYZE"))
    async with house.database.reading() as db:
        who = await who_is(db, person.id)
    assert who
    return Park(house, type_, units, who, owner.id)


async def _fill(house: House, units: Sequence[Unit], person: UUID, payer: UUID, count: int) -> None:
    """Write them as the house writes, a few thousand at a time."""
    for batch in _batches(units, person, payer, count):
        async with house.database.writing() as db:
            reservations, allocations = zip(*batch, strict=True)
            await db.execute(insert(Reservation), list(reservations))
            await db.execute(insert(Allocation), list(allocations))


_RESERVATIONS = f"""
    INSERT INTO reservation (id, type_id, person_id, payer_id, key, state, starts_at, ends_at, quantity, wanted,
        created_at, on_behalf_of, purpose, version)
    SELECT made.id, CAST(:type AS uuid), CAST(:person AS uuid), CAST(:payer AS uuid), made.id::text,
        CASE WHEN starts + interval '4 hours' < now() THEN 'returned' ELSE 'confirmed' END,
        starts, starts + interval '4 hours', 1, '{{}}', starts, '', '', 1
    FROM (
        SELECT lpad(to_hex(number), 32, '0')::uuid AS id, CAST(:first AS timestamptz) + make_interval(
            days => (number / {UNITS} / {A_DAY})::int, hours => (6 + 6 * (number / {UNITS} % {A_DAY}))::int) AS starts
        FROM generate_series(CAST(:from AS bigint), CAST(:until AS bigint)) AS number
    ) AS made
"""
_ALLOCATIONS = f"""
    INSERT INTO allocation (reservation_id, unit_id, kind, state, starts_at, ends_at, quantity, before_minutes,
        after_minutes, held_from, held_until)
    SELECT reservation.id, unit.id, unit.kind, state, starts_at, ends_at, 1, 0, 0, starts_at, ends_at
    FROM generate_series(CAST(:from AS bigint), CAST(:until AS bigint)) AS number
    JOIN reservation ON reservation.id = lpad(to_hex(number), 32, '0')::uuid
    JOIN (SELECT id, kind, row_number() OVER (ORDER BY code) - 1 AS place FROM unit) AS unit
        ON unit.place = number % {UNITS}
"""
POURED = 100_000


async def _pour(house: House, type_id: UUID, person: UUID, payer: UUID, count: int) -> None:
    """Have PostgreSQL make them: its triggers and foreign keys rest meanwhile, its exclusion does not."""
    days = count // UNITS // A_DAY
    known = {"type": type_id, "person": person, "payer": payer}
    first = datetime.combine(clock.today(), datetime.min.time(), UTC) - timedelta(days=days - 45)
    for start in range(0, count, POURED):
        part = {"from": start, "until": min(start + POURED, count) - 1}
        async with house.database.writing() as db:
            await db.execute(text("SET LOCAL session_replication_role = replica"))
            await db.execute(text("SET LOCAL statement_timeout = 0"))
            await db.execute(text(_RESERVATIONS), {**known, "first": first, **part})
            await db.execute(text(_ALLOCATIONS), part)


def _batches(
    units: Sequence[Unit], person: UUID, payer: UUID, count: int
) -> Iterator[list[tuple[dict[str, object], dict[str, object]]]]:
    made: list[tuple[dict[str, object], dict[str, object]]] = []
    days = count // UNITS // A_DAY
    # As much around today in a small house as in a large one: what grows is the past.
    first = datetime.combine(clock.today(), datetime.min.time(), UTC) - timedelta(days=days - 45)
    for number in range(count):
        turn, unit = divmod(number, UNITS)
        starts = first + timedelta(days=turn // A_DAY, hours=6 + 6 * (turn % A_DAY))
        made.append(_pair(units[unit], person, payer, starts))
        if len(made) == BATCH:
            yield made
            made = []
    if made:
        yield made


def _pair(unit: Unit, person: UUID, payer: UUID, starts: datetime) -> tuple[dict[str, object], dict[str, object]]:
    id_, ends = new_id(), starts + timedelta(hours=4)
    state = State.RETURNED if ends < now() else State.CONFIRMED
    when = {"state": state, "starts_at": starts, "ends_at": ends, "quantity": 1}
    reservation = {"id": id_, "type_id": unit.type_id, "person_id": person, "payer_id": payer, "key": str(id_), **when}
    reservation |= {"wanted": {}, "created_at": starts, "on_behalf_of": "", "purpose": "", "version": 1}
    held = {"before_minutes": 0, "after_minutes": 0, "held_from": starts, "held_until": ends}
    return reservation, {"reservation_id": id_, "unit_id": unit.id, "kind": unit.kind, **when, **held}


async def plan(park: Park) -> list[float]:
    """Milliseconds for sixty units and a month: the question, and its rows drawn unless they are kept."""
    window = Window.around(Scale.MONTH, clock.today())

    async def drawn(db: AsyncSession) -> object:
        found, _ = await timeline.plan(db, park.who, window, Chosen())
        return [templates.root(feed.shown(row)) for row in found]

    return await _timed(drawn, park)


async def free(park: Park) -> list[float]:
    """Milliseconds to say which of five hundred units are free on a morning."""
    day = f"{clock.today() + timedelta(days=10)}"

    async def ask(db: AsyncSession) -> object:
        sought = Sought(what=park.type.slug, when=When(day, "08:00", day, "12:00"))
        return await search.find(db, sought, [park.type], park.who.organisations)

    return await _timed(ask, park)


async def _timed(ask: Callable[[AsyncSession], Awaitable[object]], park: Park) -> list[float]:
    spent = []
    for _ in range(3 + 10 * ROUNDS):
        async with park.house.database.reading() as db:
            started = time.perf_counter()
            await ask(db)
            spent.append((time.perf_counter() - started) * 1000)
    return spent[3:]


async def rate(park: Park, clients: int, contended: bool, after: int) -> float:
    """Reservations in a second; contended, everybody wants other hours of one unit."""
    start = now().replace(minute=0, second=0, microsecond=0) + LATER + timedelta(days=400 * after)
    until, done, turn = time.perf_counter() + SECONDS, 0, iter(range(10**9))

    async def client(number: int) -> None:
        nonlocal done
        mine = iter(range(10**9))
        while time.perf_counter() < until:
            hour = next(turn) if contended else next(mine)
            ask = park.ask(0 if contended else number, start + timedelta(hours=hour))
            try:
                async with park.house.working(park.who) as work:
                    await service.reserve(work, ask, Borrowing(park.payer, str(new_id())))
            except Taken:
                continue
            done += 1

    await asyncio.gather(*(client(number) for number in range(clients)))
    return done / SECONDS


async def measure(
    url: str, place: Path, count: int, with_rates: bool
) -> tuple[list[float], list[float], list[list[object]]]:
    """Everything that is measured in one house."""
    say(f"{count:,} reservations in {url.partition(':')[0]}")
    park = await open_park(url, place, count)
    try:
        found = await plan(park), await free(park)
        lines: list[list[object]] = []
        if with_rates:
            alone = 0.0
            for number, clients in enumerate(CLIENTS):
                apart = await rate(park, clients, False, 2 * number)
                same = await rate(park, clients, True, 2 * number + 1)
                alone = alone or apart
                lines.append([clients, short(apart), times(apart, alone), short(same), times(same, alone)])
        return *found, lines
    finally:
        await park.house.database.close()


def main(sizes: Sequence[int] = (100_000, 1_000_000)) -> None:
    """The tables."""
    seen: list[list[object]] = []
    rates: list[tuple[str, list[list[object]]]] = []
    homes = [("SQLite", sizes[:1]), ("PostgreSQL", sizes)]
    with folder() as place:
        for home, counts in homes:
            if home == "PostgreSQL" and not has(POSTGRES):
                say("skipped: PostgreSQL does not answer")
                continue
            reference: tuple[float, float] | None = None
            for count in counts:
                url = postgres_database("booking") if home == "PostgreSQL" else f"sqlite:///{place}/{count}.sqlite3"
                try:
                    shown, found, lines = asyncio.run(measure(url, place, count, count == counts[0]))
                finally:
                    if home == "PostgreSQL":
                        drop(url)
                mine = median(shown), median(found)
                say(f"a month in {short(mine[0])} ms, a search in {short(mine[1])} ms")
                reference = reference or mine
                of_plan = [short(mine[0]), short(percentile(shown, 0.95)), times(mine[0], reference[0])]
                seen.append([home, f"{count:,}", *of_plan, short(mine[1]), times(mine[1], reference[1])])
                rates += [(home, lines)] if lines else []
    head = ["home", "reservations", "plan, ms", "p95", "growth", "search, ms", "growth"]
    table(f"A month of {timeline.MOST} units in one question, and what is free among {UNITS}", head, seen)
    for home, lines in rates:
        head = ["clients", "a unit each, per second", "of one client", "one unit, per second", "of one client"]
        table(f"Reservations, {home}", head, lines)


if __name__ == "__main__":
    main([int(size) for size in sys.argv[1:]] or (100_000, 1_000_000))
