"""What stands in the way of a meeting: the same few questions, whatever the number of members and calendars."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from entente.db import rows
from entente.outside import queries as outside
from entente.people.models import Body, Person, Seat, SeatRole
from entente.people.queries import is_current
from entente.people.who import Who
from planning import rules
from planning.conflicts.rules import Conflicts, Other, Some, holidays_in
from planning.doors import address_of
from planning.grid.blocks import MOMENT
from planning.grid.days import DAY, day_of
from planning.grid.queries import LONGEST
from planning.models import Absence, Meeting, State
from planning.queries import is_open_to

MOST_NAMES = 600
"""Names read in all; sentences show a dozen each, and count the others."""


async def conflicts_of(
    db: AsyncSession,
    who: Who,
    body_id: UUID,
    starts: datetime,
    ends: datetime,
    hall_id: UUID | None = None,
    but: UUID | None = None,
) -> Conflicts:
    """What stands in the way of a body that wants to meet then; `but` is that very meeting, when it exists.

    Names are for whoever writes the meetings of this body, and only of a meeting that they may read; the others read
    how many.
    """
    day = day_of(starts)
    may_name = rules.may_write(who, body_id)
    members = {id_: f"{given} {family}" for id_, given, family in await db.execute(_members(body_id, day))}
    found = (await db.execute(_others(who, body_id, starts, ends, hall_id, but))).all()
    named = {each.body_id for each in found if each.is_open and each.shared} if may_name else set()
    names = await _names(db, body_id, day, named) if may_name else {}
    away = set((await db.execute(_away(body_id, starts, ends))).scalars())
    busy = await outside.busy_among(db, _sitting(body_id, day), starts, ends)
    return Conflicts(
        len(members),
        [_other(row, hall_id, names) for row in found if row.shared or (hall_id and row.hall_id == hall_id)],
        _some(members, away, may_name),
        _some(members, busy, may_name),
        holidays_in(starts, ends),
    )


def _sitting(body_id: UUID, day: date) -> Any:
    """Who holds a seat with a voice in a body that day."""
    return rows(Seat.holder_id).where(
        col(Seat.body_id) == body_id, col(Seat.role) != SeatRole.SECRETARY, is_current(Seat, day)
    )


def _members(body_id: UUID, day: date) -> Any:
    query = rows(Person.id, Person.given_name, Person.family_name).where(col(Person.id).in_(_sitting(body_id, day)))
    return query.order_by(col(Person.family_name), col(Person.given_name), col(Person.id))


def _others(who: Who, body_id: UUID, starts: datetime, ends: datetime, hall_id: UUID | None, but: UUID | None) -> Any:
    shared = _shared(body_id, day_of(starts)).subquery()
    query = (
        rows(
            Meeting.id,
            Meeting.body_id,
            Meeting.title,
            Meeting.starts_at,
            Meeting.ends_at,
            Meeting.hall_id,
            col(Body.name).label("body"),
            is_open_to(who).label("is_open"),
            func.coalesce(shared.c.count, 0).label("shared"),
        )
        .join(Body, col(Body.id) == col(Meeting.body_id))
        .outerjoin(shared, shared.c.body_id == col(Meeting.body_id))
        .where(
            col(Meeting.starts_at) < ends,
            col(Meeting.starts_at) > starts - LONGEST,
            col(Meeting.ends_at) > starts,
            col(Meeting.state) != State.CANCELLED,
        )
        .order_by(col(Meeting.starts_at), col(Meeting.id))
    )
    return query.where(col(Meeting.id) != but) if but else query


def _seats_shared(body_id: UUID, day: date, *said: Any) -> Any:
    """The seats that members of a body hold in any: found from member to member, never from meeting to meeting."""
    ours = _sitting(body_id, day).distinct().subquery()
    return (
        rows(*said)
        .select_from(ours)
        .join(Seat, col(Seat.holder_id) == ours.c.holder_id)
        .where(col(Seat.role) != SeatRole.SECRETARY, is_current(Seat, day))
    )


def _shared(body_id: UUID, day: date) -> Any:
    """For each body, how many members of ours sit there too."""
    count = func.count(col(Seat.holder_id).distinct()).label("count")
    return _seats_shared(body_id, day, col(Seat.body_id), count).group_by(col(Seat.body_id))


async def _names(db: AsyncSession, body_id: UUID, day: date, bodies: set[UUID]) -> dict[UUID, list[str]]:
    """For each of these bodies, the members of ours who sit there too."""
    query = (
        _seats_shared(body_id, day, col(Seat.body_id), Person.given_name, Person.family_name)
        .join(Person, col(Person.id) == col(Seat.holder_id))
        .where(col(Seat.body_id).in_(bodies))
        .distinct()
        .order_by(col(Person.family_name), col(Person.given_name), col(Seat.body_id))
        .limit(MOST_NAMES)
    )
    found: dict[UUID, list[str]] = defaultdict(list)
    for id_, given, family in await db.execute(query):
        found[id_].append(f"{given} {family}")
    return found


def _away(body_id: UUID, starts: datetime, ends: datetime) -> Any:
    first, last = day_of(starts), day_of(ends - MOMENT)
    return rows(Absence.person_id).where(
        col(Absence.since) < last + DAY,
        col(Absence.until) > first,
        col(Absence.person_id).in_(_sitting(body_id, first)),
    )


def _other(row: Any, hall_id: UUID | None, names: Mapping[UUID, list[str]]) -> Other:
    is_same_hall = hall_id is not None and row.hall_id == hall_id
    if not row.is_open:
        return Other("", "", row.starts_at, row.ends_at, "", Some(row.shared), is_same_hall)
    taken = Some(row.shared, tuple(names.get(row.body_id, ())))
    return Other(row.title, row.body, row.starts_at, row.ends_at, address_of(row.id), taken, is_same_hall)


def _some(members: Mapping[UUID, str], which: Iterable[UUID], may_name: bool) -> Some:
    found = set(which)
    return Some(len(found), tuple(name for id_, name in members.items() if id_ in found) if may_name else ())
