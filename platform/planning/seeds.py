"""What it looks like in real life: a year of meetings of GrandAngoulême around today, with agendas and answers."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import update
from sqlmodel import SQLModel, col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from entente import clock
from entente.clock import now
from entente.people.models import Function, Seat, SeatRole
from entente.people.seeds import START, Settled, plant
from planning.models import (
    Absence,
    Answer,
    AnswerSaid,
    BodyRule,
    Channel,
    Hall,
    Item,
    Meeting,
    Series,
    Stance,
    State,
)
from planning.series.rules import SeriesForm
from planning.typed import moment_of

BEFORE, AFTER = 5, 7
"""How many months of meetings there are, on either side of today."""
SECRETARY = "claire-sauzeau"
KEPT = ("copil", "cotech", "conference-des-maires", "bureau", "conseil-communautaire", "club-des-acheteurs")
"""The bodies whose secretariat she keeps."""
CHAIRED = ("bureau", "conseil-communautaire", "conference-des-maires", "copil")
CONVENED_AHEAD = timedelta(days=12)
ANSWERED_AHEAD = timedelta(days=45)


@dataclass
class Year:
    """What is to be planted, and what helps to draw it always the same."""

    settled: Settled
    secretary: UUID
    halls: Sequence[Hall]
    seats: Mapping[UUID, Sequence[Seat]]
    today: date
    meetings: list[Meeting] = field(default_factory=list)
    series: list[SQLModel] = field(default_factory=list)
    items: list[SQLModel] = field(default_factory=list)
    answers: list[SQLModel] = field(default_factory=list)
    said: list[SQLModel] = field(default_factory=list)


async def meet(db: AsyncSession, settled: Settled) -> None:
    """Secretaries and chairs, halls and rules, then a year of meetings, and who is away."""
    read = json.loads((Path(__file__).parent / "demo.json").read_text("utf-8"))
    await _appoint(db, settled)
    halls = [Hall(name=name, address=address, seats=seats) for name, address, seats in read["halls"]]
    await plant(db, halls)
    await plant(db, [_rule(settled, each) for each in read["rules"]])
    year = Year(settled, settled.people[SECRETARY], halls, await _seats(db), clock.today())
    for programme in read["programmes"]:
        _programme(year, programme)
    _particular(year)
    for meeting in year.meetings:
        _answers(year, meeting)
    for rows in (year.series, year.meetings, year.items, year.answers, year.said):
        await plant(db, rows)
    await plant(db, [_absence(year, *each) for each in read["absences"]])


async def _appoint(db: AsyncSession, settled: Settled) -> None:
    where = select(Function.organisation_id).where(col(Function.person_id) == settled.people[SECRETARY])
    organisation = (await db.exec(where.limit(1))).one()
    for key in KEPT:
        body = settled.bodies[key]
        seat = await _first_seat(db, body, settled.people[SECRETARY])
        if seat is None:
            db.add(
                Seat(
                    body_id=body,
                    organisation_id=organisation,
                    holder_id=settled.people[SECRETARY],
                    role=SeatRole.SECRETARY,
                    since=START,
                )
            )
        else:
            await db.execute(update(Seat).where(col(Seat.id) == seat.id).values(role=SeatRole.SECRETARY))
        settled.sitting[key].add(SECRETARY)
    for key in CHAIRED:
        seat = await _first_seat(db, settled.bodies[key])
        if seat is not None:
            await db.execute(update(Seat).where(col(Seat.id) == seat.id).values(role=SeatRole.CHAIR))
    await db.flush()


async def _first_seat(db: AsyncSession, body_id: UUID, holder_id: UUID | None = None) -> Seat | None:
    query = select(Seat).where(col(Seat.body_id) == body_id)
    if holder_id:
        query = query.where(col(Seat.holder_id) == holder_id)
    return (await db.exec(query.order_by(col(Seat.id)).limit(1))).one_or_none()


async def _seats(db: AsyncSession) -> dict[UUID, list[Seat]]:
    found: dict[UUID, list[Seat]] = {}
    query = select(Seat).where(col(Seat.role) != SeatRole.SECRETARY).order_by(col(Seat.id))
    for seat in await db.exec(query):
        found.setdefault(seat.body_id, []).append(seat)
    return found


def _rule(settled: Settled, read: Mapping[str, Any]) -> BodyRule:
    return BodyRule(body_id=settled.bodies[read["body"]], since=START, **{k: v for k, v in read.items() if k != "body"})


def _programme(year: Year, read: Mapping[str, Any]) -> None:
    days = [_nth(_month(year.today, offset), read["weekday"], read["rank"]) for offset in _offsets(read)]
    series = None
    if read.get("series"):
        rule = SeriesForm.model_validate({"repeat": "month", "times": len(days)}).rule(days[0])
        series = Series(rule=rule)
        year.series.append(series)
    for number, day in enumerate(days):
        meeting = _meeting(year, read, day, number)
        if series:
            meeting.series_id, meeting.occurs_at = series.id, meeting.starts_at
        year.meetings.append(meeting)
        agenda = read["agendas"][number % len(read["agendas"])]
        if meeting.starts_at < now() + ANSWERED_AHEAD * 2:
            year.items += [_item(meeting, place, point) for place, point in enumerate(agenda, 1)]


def _offsets(read: Mapping[str, Any]) -> range:
    return range(read["from"], AFTER + 1, read["every"])


def _month(today: date, offset: int) -> date:
    years, month = divmod(today.month - 1 + offset, 12)
    return date(today.year + years, month + 1, 1)


def _nth(first: date, weekday: int, rank: int) -> date:
    return first + timedelta(days=(weekday - first.weekday()) % 7 + 7 * (rank - 1))


def _meeting(year: Year, read: Mapping[str, Any], day: date, number: int) -> Meeting:
    starts = moment_of(day, time(*read["start"]))
    return Meeting(
        body_id=year.settled.bodies[read["body"]],
        title=read["title"],
        state=_state(starts),
        starts_at=starts,
        ends_at=starts + timedelta(minutes=read["minutes"]),
        hall_id=year.halls[read["hall"]].id,
        link=read.get("link", ""),
        note=read["note"],
        convened_at=starts - CONVENED_AHEAD - timedelta(days=1)
        if _state(starts) in (State.HELD, State.CONVENED)
        else None,
        person_id=year.secretary,
        key=f"{read['body']}-{number}",
        created_at=min(starts - timedelta(days=60), now()),
        changed_at=min(starts - timedelta(days=30), now()),
    )


def _state(starts: datetime) -> State:
    if starts < now():
        return State.HELD
    return State.CONVENED if starts < now() + CONVENED_AHEAD else State.PLANNED


def _item(meeting: Meeting, position: int, point: Sequence[Any]) -> Item:
    title, note, rapporteur, minutes, is_deliberation = point
    return Item(
        meeting_id=meeting.id,
        position=position,
        title=title,
        note=note,
        rapporteur=rapporteur,
        minutes=minutes,
        is_deliberation=is_deliberation,
    )


def _particular(year: Year) -> None:
    """What no programme says: one called off, one behind closed doors, two that are only options."""

    def coming(key: str, rank: int) -> Meeting:
        body = year.settled.bodies[key]
        return [each for each in year.meetings if each.body_id == body and each.starts_at > now()][rank]

    off = coming("gt-materiels", 0)
    off.state, off.version = State.CANCELLED, 2
    off.cancelled_for, off.convened_at = "Le hangar est en travaux ; une autre date sera proposée.", None
    closed = coming("bureau", 1)
    closed.title, closed.is_confidential = "Bureau : préparation budgétaire, entre élus", True
    coming("conference-des-maires", 1).state = State.OPTION
    coming("club-des-acheteurs", 1).state = State.OPTION


def _answers(year: Year, meeting: Meeting) -> None:
    if meeting.state not in (State.HELD, State.CONVENED, State.PLANNED):
        return
    if meeting.starts_at > now() + ANSWERED_AHEAD:
        return
    seats = year.seats.get(meeting.body_id, [])
    bearers = {each.id for each in seats}
    has_pouvoirs = meeting.body_id in {year.settled.bodies[key] for key in ("bureau", "conseil-communautaire")}
    draw = meeting.starts_at.toordinal()
    for number, seat in enumerate(seats):
        told = (number * 7 + draw * 5) % 20
        if meeting.state != State.HELD and told < 5:
            continue
        stance, bearer = Stance.PRESENT, None
        if told in (17, 18):
            stance = Stance.EXCUSED
        elif told == 19 and has_pouvoirs and number:
            bearer = seats[number - 1].id
            if bearer in bearers and _is_present(year, meeting, bearer):
                stance = Stance.REPRESENTED
                bearers.discard(bearer)
            else:
                stance, bearer = Stance.EXCUSED, None
        elif told == 16 and seat.substitute_id and not has_pouvoirs and number % 2:
            stance = Stance.EXCUSED
        _say(year, meeting, seat, stance, bearer, number)


def _is_present(year: Year, meeting: Meeting, seat_id: UUID) -> bool:
    return any(
        isinstance(each, Answer)
        and (each.meeting_id, each.seat_id, each.stance) == (meeting.id, seat_id, Stance.PRESENT)
        for each in year.answers
    )


def _say(year: Year, meeting: Meeting, seat: Seat, stance: Stance, bearer: UUID | None, number: int) -> None:
    by_telephone = number % 6 == 5
    about: dict[str, Any] = {
        "meeting_id": meeting.id,
        "seat_id": seat.id,
        "stance": stance,
        "bearer_id": bearer,
        "channel": Channel.TELEPHONE if by_telephone else Channel.WEB,
        "person_id": year.secretary if by_telephone else seat.holder_id,
        "at": min(meeting.starts_at - timedelta(days=6), now()) - timedelta(minutes=37 * number),
    }
    year.answers.append(Answer(**about))
    year.said.append(AnswerSaid(**about))


def _absence(year: Year, key: str, since: int, until: int, note: str) -> Absence:
    return Absence(
        person_id=year.settled.people[key],
        since=year.today + timedelta(days=since),
        until=year.today + timedelta(days=until),
        note=note,
    )
