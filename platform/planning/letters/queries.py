"""Who is written to about a meeting, with the rights they have when the mail is written."""

from collections import defaultdict
from collections.abc import Collection
from typing import NamedTuple
from uuid import UUID

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from entente.db import rows
from entente.ids import Ref
from entente.notices.models import Silence
from entente.notices.rules import MailRhythm
from entente.people.models import Person, Seat
from entente.people.queries import is_current, who_are
from planning.answers.queries import Member, members_of
from planning.calendars import queries as calendars
from planning.calendars.queries import Said
from planning.models import Invitation, Meeting, Stance
from planning.queries import paris_day
from planning.rules import may_read
from planning.verbs import BODY, MEETING


class Place(NamedTuple):
    """A seat for which someone is expected at a meeting."""

    seat_id: UUID
    commune: str
    holder: str
    stance: Stance | None
    is_substitute: bool


class Reader(NamedTuple):
    """Someone to whom a mail goes, and the meeting as they may see it."""

    person: Person
    said: Said
    agenda: tuple[str, ...]


async def places_at(db: AsyncSession, meeting: Meeting) -> dict[UUID, list[Place]]:
    """Who is expected: the holder of each seat, and the substitute who was said to come."""
    found: dict[UUID, list[Place]] = defaultdict(list)
    for member in await members_of(db, meeting):
        found[member.holder_id].append(_place(member, is_substitute=False))
        if member.substitute_id and member.said and member.said.stance == Stance.SUBSTITUTED:
            found[member.substitute_id].append(_place(member, is_substitute=True))
    return dict(found)


def _place(member: Member, is_substitute: bool) -> Place:
    return Place(
        member.seat_id, member.commune, member.name, member.said.stance if member.said else None, is_substitute
    )


async def sent_of(db: AsyncSession, meeting_id: UUID) -> dict[UUID, Invitation]:
    """What each person was last sent about a meeting."""
    found = await db.exec(select(Invitation).where(col(Invitation.meeting_id) == meeting_id))
    return {each.person_id: each for each in found}


async def readers_of(db: AsyncSession, meeting: Meeting, ids: Collection[UUID]) -> dict[UUID, Reader]:
    """Those of these people who may read the meeting now; a constant number of statements for any number of them."""
    if not ids:
        return {}
    known, sat = await who_are(db, ids), await _sat(db, meeting)
    allowed = [each for each, who in known.items() if may_read(who, meeting, each in sat)]
    people = await db.exec(select(Person).where(col(Person.id).in_(allowed)))
    said, agendas = await calendars.whole(db, meeting.id), await calendars.agendas_of(db, [meeting.id])
    return {each.id: Reader(each, said, agendas.get(meeting.id, ())) for each in people}


async def _sat(db: AsyncSession, meeting: Meeting) -> set[UUID]:
    """Who sits in its body on the day of the meeting, or stands in for who does."""
    seats = rows(Seat.holder_id, Seat.substitute_id).join(Meeting, col(Meeting.body_id) == col(Seat.body_id))
    seats = seats.where(col(Meeting.id) == meeting.id, is_current(Seat, paris_day(col(Meeting.starts_at))))
    return {person_id for seat in await db.execute(seats) for person_id in seat if person_id}


async def without_reminders(db: AsyncSession, meeting: Meeting, readers: Collection[Reader]) -> set[UUID]:
    """Who no longer wants mails they did not ask for, about this meeting or its body."""
    never = {each.person.id for each in readers if each.person.notifications.get("mail") == MailRhythm.NEVER}
    abouts = [str(Ref(MEETING, meeting.id)), str(Ref(BODY, meeting.body_id))]
    silent = await db.execute(rows(Silence.person_id).where(col(Silence.about).in_(abouts)))
    return never | set(silent.scalars())
