"""Who is written to about a meeting, with the rights they have when the mail is written."""

from collections import defaultdict
from typing import NamedTuple
from uuid import UUID

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from entente.db import rows
from entente.ids import Ref
from entente.notices.models import Silence
from entente.notices.rules import MailRhythm
from entente.people.models import Person
from entente.people.queries import who_is
from planning.answers.queries import Member, members_of
from planning.calendars import queries as calendars
from planning.calendars.queries import Said
from planning.models import Invitation, Meeting, Stance
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


async def reader_of(db: AsyncSession, person_id: UUID, meeting: Meeting) -> Reader | None:
    """This person and the meeting as they may see it now; none when they have left or may not."""
    who, person = await who_is(db, person_id), await db.get(Person, person_id)
    if who is None or person is None:
        return None
    said = await calendars.one(db, who, meeting.id)
    if said is None or not said.is_open:
        return None
    agendas = await calendars.agendas_of(db, [meeting.id])
    return Reader(person, said, agendas.get(meeting.id, ()))


async def wants_reminders(db: AsyncSession, person: Person, meeting: Meeting) -> bool:
    """Whether this person still wants mails they did not ask for, about this meeting or its body."""
    if person.notifications.get("mail") == MailRhythm.NEVER:
        return False
    abouts = [str(Ref(MEETING, meeting.id)), str(Ref(BODY, meeting.body_id))]
    query = rows(Silence.about).where(col(Silence.person_id) == person.id, col(Silence.about).in_(abouts))
    return (await db.execute(query)).first() is None
