"""The planning under load: a month of it, the conflicts of a meeting, and calendars of it as files.

Figures mean something within one run only: each table gives its own reference, and how many times that is.
"""

import asyncio
import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from uuid import UUID

from sqlalchemy import insert, text
from sqlmodel import SQLModel
from sqlmodel.ext.asyncio.session import AsyncSession

from bench.ground import POSTGRES, ROUNDS, folder, has, median, say, short, table, times
from bench.houses import drop, postgres_database, settings_of
from entente import ical, schema
from entente.clock import now
from entente.house import House
from entente.ical import Event, Head, Key
from entente.outside.models import OutsideEvent, OutsideSource
from entente.people.models import (
    Body,
    BodyKind,
    Function,
    FunctionKind,
    Organisation,
    OrganisationKind,
    Person,
    PersonStatus,
    Seat,
)
from entente.people.queries import who_is
from entente.people.who import Who
from entente.web import templates
from planning.conflicts.queries import conflicts_of
from planning.grid import choices
from planning.grid.blocks import by_day
from planning.grid.choices import ALL, Chosen
from planning.grid.days import Span, View
from planning.models import Absence, Meeting, Series

SERIES = 200
EVENTS = 10_000
PEOPLE = 2_000
BODIES = 40
BATCH = 1_000


@dataclass
class Town:
    """A house with its bodies, all of them full of meetings."""

    house: House
    who: Who
    council: UUID
    """The body in which everybody sits."""
    first: datetime


async def _plant(house: House, rows: Sequence[SQLModel]) -> None:
    for start in range(0, len(rows), BATCH):
        async with house.database.writing() as db:
            await db.execute(insert(type(rows[0])), [row.model_dump() for row in rows[start : start + BATCH]])


async def open_town(url: str, place: Path) -> Town:
    """Two thousand people: each sits in the council and in one of forty bodies, which meet ten thousand times."""
    house = House.build(settings_of(url, 80, place))
    await schema.upgrade(house.database)
    town = Organisation(kind=OrganisationKind.COMMUNE, name="Aubrac", short_name="Aubrac")
    people = [
        Person(
            email=f"p{number}@a.example", given_name="Awa", family_name=f"Diallo {number}", status=PersonStatus.ACTIVE
        )
        for number in range(PEOPLE)
    ]
    council = Body(kind=BodyKind.CONSEIL_COMMUNAUTAIRE, name="Conseil")
    bodies = [
        Body(kind=BodyKind.GROUPE_DE_TRAVAIL, name=f"Groupe {number:02}", hue=9 * number) for number in range(BODIES)
    ]
    since = date(2016, 1, 1)
    seats = [Seat(body_id=council.id, organisation_id=town.id, holder_id=each.id, since=since) for each in people]
    seats += [
        Seat(body_id=bodies[number % BODIES].id, organisation_id=town.id, holder_id=each.id, since=since)
        for number, each in enumerate(people)
    ]
    function = Function(person_id=people[0].id, organisation_id=town.id, kind=FunctionKind.ADMINISTRATEUR, since=since)
    first = (now() + timedelta(days=30)).astimezone(UTC).replace(hour=9, minute=0, second=0, microsecond=0)
    for rows in ([town], people, [council, *bodies], seats, [function]):
        await _plant(house, rows)
    await _meet(house, bodies, people[0].id, first)
    await _elsewhere(house, people, first)
    async with house.database.writing() as db:
        await db.execute(text("ANALYZE"))
    async with house.database.reading() as db:
        who = await who_is(db, people[0].id)
    assert who
    return Town(house, who, council.id, first)


async def _meet(house: House, bodies: Sequence[Body], person: UUID, first: datetime) -> None:
    """Each series once a week, half a year before and half a year after that day."""
    series = [Series(rule="FREQ=WEEKLY;COUNT=50") for _ in range(SERIES)]
    weeks = EVENTS // SERIES
    meetings = [
        Meeting(
            body_id=bodies[number % BODIES].id,
            title=f"Réunion de travail {number}",
            starts_at=(starts := first + timedelta(weeks=week - weeks // 2, days=number // BODIES, hours=number % 3)),
            ends_at=starts + timedelta(hours=1),
            series_id=each.id,
            occurs_at=starts,
            place="Mairie d’Aubrac",
            note="Ordre du jour à venir. " * 10,
            person_id=person,
            key=f"{number}-{week}",
            is_confidential=number % 10 == 0,
        )
        for number, each in enumerate(series)
        for week in range(weeks)
    ]
    await _plant(house, series)
    await _plant(house, meetings)


async def _elsewhere(house: House, people: Sequence[Person], first: datetime) -> None:
    """One in ten is away that day; everybody has an outside agenda, in which one in two is busy at that hour."""
    day = first.date()
    away = [Absence(person_id=each.id, since=day, until=day + timedelta(days=1)) for each in people[::10]]
    sources = [OutsideSource(person_id=each.id, title="Agenda", hue=10) for each in people]
    events = [
        OutsideEvent(
            source_id=source.id,
            person_id=source.person_id,
            uid=f"{number}-{turn}",
            recurrence="",
            begins=(begins := first + timedelta(days=turn, hours=0 if number % 2 else 5)),
            ends=begins + timedelta(hours=1),
            title="Pris",
        )
        for number, source in enumerate(sources)
        for turn in range(-5, 5)
    ]
    for rows in (away, sources, events):
        await _plant(house, rows)


async def _timed(ask: Callable[[AsyncSession], Awaitable[object]], town: Town) -> float:
    """Median, in milliseconds, of three rounds of ten."""
    spent = []
    for _ in range(3 + 10 * ROUNDS):
        async with town.house.database.reading() as db:
            started = time.perf_counter()
            await ask(db)
            spent.append((time.perf_counter() - started) * 1000)
    return median(spent[3:])


async def month(town: Town) -> tuple[float, float, int]:
    """Milliseconds to read a month of every body with what clashes in it, and to write its page; its blocks."""
    span, chosen = Span.around(View.MONTH, town.first.date()), Chosen((ALL,))
    count, rendered = 0, 0.0

    async def ask(db: AsyncSession) -> object:
        nonlocal count, rendered
        found = await choices.blocks(db, town.who, chosen, span.period, {})
        count = len(found)
        return found

    read = await _timed(ask, town)
    async with town.house.database.reading() as db:
        found = await choices.blocks(db, town.who, chosen, span.period, {})
    macro = templates.ENVIRONMENT.get_template("planning/_grid_block.html").module.block_link  # type: ignore[attr-defined]
    spent = []
    for _ in range(3 + 10 * ROUNDS):
        started = time.perf_counter()
        days = by_day(found, span.days)
        "".join(macro(each, each.on(day)) for day in span.days for each in days[day][:4])
        spent.append((time.perf_counter() - started) * 1000)
    return read, median(spent[3:]), count


async def conflicts(town: Town, body: UUID) -> float:
    """Milliseconds to say what stands in the way of a body's meeting."""
    ends = town.first + timedelta(hours=2)
    return await _timed(lambda db: conflicts_of(db, town.who, body, town.first, ends), town)


def feed(count: int) -> tuple[float, float, float]:
    """Processor milliseconds to give a calendar of so many events: never rendered, rendered before, unchanged."""
    at = datetime(2026, 1, 5, 17, 30, tzinfo=UTC)
    events = [
        Event(
            f"{number}@bench",
            0,
            at,
            at + timedelta(hours=number),
            at + timedelta(hours=number + 1),
            f"Réunion de travail {number}",
            "Mairie d’Aubrac, salle du conseil",
            "Ordre du jour\u00a0: budget, achats groupés, calendrier de l’année prochaine.\n" * 4,
            f"/planning/reunions/{number}",
        )
        for number in range(count)
    ]
    found: list[list[float]] = [[], [], []]
    head = Head("Mes réunions", "https://entente.example/ical/x.ics")
    for turn in range(ROUNDS):
        keys = [Key(each.uid, f"{count}-{turn}") for each in events]
        known = {key.uid: (key, event) for key, event in zip(keys, events, strict=True)}

        async def events_of(uids: list[str], known: dict[str, tuple[Key, Event]] = known) -> list[tuple[Key, Event]]:
            return [known[uid] for uid in uids]

        for spent in found[:2]:
            started = time.process_time()
            asyncio.run(ical.calendar(head, keys, events_of))
            spent.append((time.process_time() - started) * 1000)
        started = time.process_time()
        ical.tag_of(head, keys)
        found[2].append((time.process_time() - started) * 1000)
    cold, warm, unchanged = map(median, found)
    return cold, warm, unchanged


async def measure(url: str, place: Path) -> tuple[tuple[float, float, int], float, float]:
    """Everything that is measured in one house."""
    say(f"{EVENTS:,} meetings of {SERIES} series in {url.partition(':')[0]}")
    town = await open_town(url, place)
    try:
        async with town.house.database.reading() as db:
            small = (await db.execute(text("SELECT id FROM body WHERE name = 'Groupe 01'"))).scalar_one()
        small_id = UUID(small) if isinstance(small, str) else small
        return await month(town), await conflicts(town, town.council), await conflicts(town, small_id)
    finally:
        await town.house.database.close()


def main() -> None:
    """The tables."""
    lines: list[list[object]] = []
    with folder() as place:
        for home in ("SQLite", "PostgreSQL"):
            if home == "PostgreSQL" and not has(POSTGRES):
                say("skipped: PostgreSQL does not answer")
                continue
            url = postgres_database("planning") if home == "PostgreSQL" else f"sqlite:///{place}/planning.sqlite3"
            try:
                (read, written, count), large, small = asyncio.run(measure(url, place))
            finally:
                if home == "PostgreSQL":
                    drop(url)
            lines.append([home, count, short(read), short(written), short(small), short(large), times(large, small)])
    fed = [[f"{count:,}", *_ratios(*feed(count))] for count in (300, EVENTS)]
    head = ["home", "in the month", "read, ms", "written, ms", "conflicts of 50, ms", f"of {PEOPLE:,}, ms", "growth"]
    table(f"A month of {EVENTS:,} meetings in {SERIES} series, and the conflicts of one meeting", head, lines)
    head = ["events", "cold, ms of processor", "warm", "of cold", "304", "of cold"]
    table("A calendar as a file, by the renderer alone", head, fed)


def _ratios(cold: float, warm: float, unchanged: float) -> list[str]:
    return [short(cold), short(warm), times(warm, cold), short(unchanged), times(unchanged, cold)]


if __name__ == "__main__":
    main()
    sys.stdout.flush()
