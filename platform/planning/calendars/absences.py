"""The calendar of absences: one’s own, and those of the people with whom one sits, without their reason."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import or_
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from entente.clock import today
from entente.db import rows
from entente.ical import Event, Key
from entente.people.models import Person, PersonStatus, Seat
from entente.people.queries import is_current
from entente.people.who import Who
from entente.room import Calendar
from entente.rules import NotFound
from entente.web.words import NBSP
from planning import rules
from planning.models import Absence

HUE = 30
AT = "@absences.entente"
"""Never to be changed: applications know an event by its whole uid."""
TITLE = "Absences"
KEPT = timedelta(days=90)


async def _absences(db: AsyncSession, who: Who) -> Sequence[Any]:
    beside = rows(Seat.holder_id).where(col(Seat.body_id).in_(who.bodies), is_current(Seat))
    query = (
        rows(
            col(Absence.id),
            Absence.person_id,
            Absence.since,
            Absence.until,
            Absence.note,
            Person.given_name,
            Person.family_name,
        )
        .join(Person, col(Person.id) == col(Absence.person_id))
        .where(
            col(Absence.until) > today() - KEPT,
            col(Person.status) == PersonStatus.ACTIVE,
            or_(col(Absence.person_id) == who.id, col(Absence.person_id).in_(beside)),
        )
        .order_by(col(Absence.since), col(Absence.id))
    )
    return (await db.execute(query)).all()


def _event(who: Who, row: Any) -> Event:
    is_own = row.person_id == who.id
    return Event(
        uid=f"{row.id}{AT}",
        sequence=0,
        # An absence is written once: its own id says when (RFC 9562 § 5.7).
        changed_at=datetime.fromtimestamp((row.id.int >> 80) // 1000, UTC),
        begins=row.since,
        ends=row.until,
        title="Absence" if is_own else f"Absence{NBSP}: {row.given_name} {row.family_name}",
        text=row.note if is_own else "",
        is_busy=is_own,
        category=TITLE,
    )


def _told(who: Who, row: Any) -> tuple[Key, Event]:
    event = _event(who, row)
    return Key(event.uid, f"{event.title}\0{event.text}\0{event.begins}\0{event.ends}"), event


async def _choices(_db: AsyncSession, who: Who) -> Sequence[tuple[UUID | None, str]]:
    return [(None, TITLE)] if rules.may_look(who) else []


async def _head(_db: AsyncSession, who: Who, subject: UUID | None) -> tuple[str, int]:
    if subject is not None or not rules.may_look(who):
        raise NotFound
    return TITLE, HUE


async def _keys(db: AsyncSession, who: Who, _subject: UUID | None) -> Sequence[Key]:
    return [_told(who, row)[0] for row in await _absences(db, who)]


async def _events(
    db: AsyncSession, who: Who, _subject: UUID | None, uids: list[str] | None
) -> Sequence[tuple[Key, Event]]:
    told = [_told(who, row) for row in await _absences(db, who)]
    asked = {key.uid for key, _ in told} if uids is None else set(uids)
    return [each for each in told if each[0].uid in asked]


ABSENCES = Calendar("planning/absences", _choices, _head, _keys, _events)
