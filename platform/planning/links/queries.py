"""What a link of a mail opens, asked again each time: whoever got it may have left, and the meeting may be off."""

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from entente.clock import now
from entente.people.queries import hash_of, who_is
from entente.people.who import Who
from entente.web.words import date_time
from planning.answers.queries import Attendance, Member, attendance
from planning.calendars import queries as calendars
from planning.calendars.queries import Said
from planning.models import AnswerLink, Meeting, State


class Closed(Exception):
    """The link no longer serves, or not for whoever holds it; the sentence says why, in French."""

    def __init__(self, status: int, title: str, sentence: str) -> None:
        super().__init__(sentence)
        self.status, self.title, self.sentence = status, title, sentence


class Opened(NamedTuple):
    """For whom a link answers, at what, and what that seat has said so far."""

    link: AnswerLink
    who: Who
    meeting: Meeting
    said: Said
    member: Member
    attendance: Attendance

    @property
    def is_used(self) -> bool:
        """Whether an answer was already given by it."""
        return self.link.used_at is not None


async def opened(db: AsyncSession, secret: str, visitor: UUID | None) -> Opened:
    """What this link opens to whoever holds it; raises Closed, which says why it does not."""
    query = select(AnswerLink).where(col(AnswerLink.hash) == hash_of(secret))
    link = (await db.exec(query)).one_or_none()
    if link is None:
        raise Closed(410, "Ce lien ne sert pas", "Recopiez-le en entier, ou servez-vous du message le plus récent.")
    if visitor is not None and visitor != link.person_id:
        raise Closed(
            403,
            "Ce lien n’est pas le vôtre",
            "Il a été envoyé à une autre personne, qui seule peut s’en servir. Vous répondez pour vous-même depuis la "
            "page de la réunion, si vous y siégez.",
        )
    meeting = await db.get_one(Meeting, link.meeting_id)
    who = await who_is(db, link.person_id)
    said = await calendars.one(db, who, meeting.id) if who else None
    seen = await attendance(db, meeting)
    member = next((each for each in seen.members if each.seat_id == link.seat_id), None)
    if who is None or member is None or said is None or not said.is_open:
        raise _left()
    if who.id not in (member.holder_id, member.substitute_id):
        raise _left()
    _require_open(link, meeting, now())
    return Opened(link, who, meeting, said, member, seen)


def _left() -> Closed:
    return Closed(
        410,
        "Ce siège n’est plus le vôtre",
        "Ce lien répondait pour un siège que vous n’occupez plus le jour de cette réunion.",
    )


def _require_open(link: AnswerLink, meeting: Meeting, at: datetime) -> None:
    if meeting.state == State.CANCELLED:
        raise Closed(410, "Cette réunion est annulée", "Il n’y a plus rien à répondre.")
    if at >= meeting.starts_at or meeting.state == State.HELD:
        began = date_time(meeting.starts_at)
        raise Closed(410, "Les réponses sont closes", f"Cette réunion a commencé le {began}.")
    if at >= link.expires_at or meeting.state == State.OPTION:
        raise Closed(
            410,
            "Ce lien ne sert plus",
            "La réunion a changé de date depuis ce message\u00a0: servez-vous du plus récent.",
        )
