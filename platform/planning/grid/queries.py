"""What one person's planning holds within a period: one question for its meetings, whatever their number."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, and_, or_
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from entente.db import rows
from entente.ical import Event
from entente.ical import State as Certainty
from entente.people.models import Body
from entente.people.who import Who
from entente.room import Calendar
from entente.rules import NotFound
from planning import rules
from planning.grid.blocks import Block, within
from planning.grid.days import Period, day_of, midnight
from planning.models import Absence, Hall, Meeting, State
from planning.queries import is_open_to

PAGE = 50
"""Meetings on one page of the list."""
LONGEST = timedelta(days=31)
"""No meeting lasts longer: the index on beginnings serves."""
MINE = "/mine"
"""How the calendar of what one did oneself ends, in every room."""
ABSENCES = "absences"
SIGNS = {State.OPTION: "option", State.CANCELLED: "cancelled", State.HELD: "held"}
ABSENCE_HUE, ROOM_HUE = 2, 16


class Choice(NamedTuple):
    """A body whose meetings may be shown."""

    id: UUID
    name: str
    hue: int


class Cursor(NamedTuple):
    """Between two meetings of the list, in the order of time."""

    at: datetime
    id: UUID


def require_look(who: Who) -> None:
    """Whoever takes part has a planning; to anybody else, there is none."""
    if not rules.may_look(who):
        raise NotFound


async def bodies(db: AsyncSession) -> list[Choice]:
    """Every body, by name."""
    found = await db.execute(rows(Body.id, Body.name, Body.hue).order_by(col(Body.name)))
    return [Choice(id_, name, hue // 15 % 24) for id_, name, hue in found]


async def meetings(db: AsyncSession, who: Who, which: Iterable[UUID] | None, period: Period) -> list[Block]:
    """The meetings of these bodies within a period; of all of them, with « Occupé » for what is confidential."""
    require_look(who)
    asked = (
        col(Meeting.starts_at) < period.ends,
        col(Meeting.starts_at) > period.starts - LONGEST,
        col(Meeting.ends_at) > period.starts,
    )
    return [_block(who, row) for row in await db.execute(_asking(who, which).where(*asked))]


async def page(
    db: AsyncSession, who: Who, which: Iterable[UUID] | None, after: Cursor | datetime, back: bool = False
) -> tuple[list[Block], bool]:
    """One page of the meetings from a place in time on, or of those before it, and whether others follow."""
    require_look(who)
    query = _asking(who, which).where(_beyond(after, back)).limit(PAGE + 1)
    if back:
        query = query.order_by(None).order_by(col(Meeting.starts_at).desc(), col(Meeting.id).desc())
    found = [_block(who, row, with_id=True) for row in await db.execute(query)]
    shown = found[:PAGE]
    return shown[::-1] if back else shown, len(found) > PAGE


def _beyond(place: Cursor | datetime, back: bool) -> ColumnElement[bool]:
    starts = col(Meeting.starts_at)
    if isinstance(place, datetime):
        return starts < place if back else col(Meeting.ends_at) > place
    same = and_(starts == place.at, col(Meeting.id) < place.id if back else col(Meeting.id) > place.id)
    return or_(starts < place.at if back else starts > place.at, same)


def _asking(who: Who, which: Iterable[UUID] | None) -> Any:
    is_open = is_open_to(who)
    query = (
        rows(
            Meeting.id,
            Meeting.body_id,
            Meeting.title,
            Meeting.state,
            Meeting.starts_at,
            Meeting.ends_at,
            Meeting.place,
            Meeting.hall_id,
            Meeting.is_confidential,
            col(Hall.name).label("hall"),
            col(Body.name).label("body"),
            Body.hue,
            is_open.label("is_open"),
        )
        .join(Body, col(Body.id) == col(Meeting.body_id))
        .outerjoin(Hall, col(Hall.id) == col(Meeting.hall_id))
        .order_by(col(Meeting.starts_at), col(Meeting.id))
    )
    # A body that was chosen shows nothing of what is confidential: « Occupé » in its colour would name it.
    return query if which is None else query.where(col(Meeting.body_id).in_(list(which)), is_open)


def _block(who: Who, row: Any, with_id: bool = False) -> Block:
    id_ = row.id if with_id else None
    if not row.is_open:
        return Block("Occupé", row.starts_at, row.ends_at, "tout", sign="busy", id=id_)
    state = State(row.state)
    return Block(
        row.title,
        row.starts_at,
        row.ends_at,
        str(row.body_id),
        row.hue // 15 % 24,
        row.hall or row.place,
        f"/planning/reunions/{row.id}",
        SIGNS.get(state) or ("closed" if row.is_confidential else ""),
        row.body,
        is_mine=row.body_id in who.bodies,
        hall_id=row.hall_id,
        id=id_,
    )


async def absences(db: AsyncSession, who: Who, period: Period) -> list[Block]:
    """When this person said to be away."""
    query = rows(Absence.since, Absence.until, Absence.note).where(
        col(Absence.person_id) == who.id,
        col(Absence.since) < day_of(period.ends),
        col(Absence.until) > day_of(period.starts),
    )
    return [
        Block(
            f"Absence\u00a0: {note}" if note else "Absence",
            midnight(since),
            midnight(until),
            ABSENCES,
            ABSENCE_HUE,
            is_whole=True,
            is_mine=True,
        )
        for since, until, note in await db.execute(query.order_by(col(Absence.since), col(Absence.id)))
    ]


def overlays(calendars: Mapping[str, Calendar]) -> dict[str, Calendar]:
    """Of what other rooms show the house, the calendars of what one did oneself."""
    return {kind: each for kind, each in calendars.items() if kind.endswith(MINE) and not kind.startswith("planning/")}


async def overlay(db: AsyncSession, who: Who, calendar: Calendar, period: Period) -> list[Block]:
    """What a calendar of another room holds within a period; nothing for whoever has none there."""
    try:
        known = await calendar.events(db, who, None, None)
    except NotFound:
        return []
    return within((_of_room(calendar.kind, event) for _, event in known), period)


def _of_room(kind: str, event: Event) -> Block:
    starts, ends = event.begins, event.ends
    is_whole = not isinstance(starts, datetime)
    return Block(
        event.title,
        starts if isinstance(starts, datetime) else midnight(starts),
        ends if isinstance(ends, datetime) else midnight(ends),
        kind,
        ROOM_HUE,
        event.place,
        event.address,
        {Certainty.CANCELLED: "cancelled", Certainty.TENTATIVE: "option"}.get(event.state, ""),
        event.category,
        is_whole=is_whole,
    )
