"""What can be done with a link: make it, and answer by it once."""

import secrets
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, BeforeValidator
from sqlalchemy import update
from sqlmodel import col

from entente.clock import now
from entente.people.queries import hash_of
from entente.rules import Conflict
from entente.work import Work
from planning.answers import service as answers
from planning.answers.rules import Said
from planning.links.queries import Opened
from planning.models import AnswerLink, Channel, Meeting, Stance

DOOR = "/planning/reponse/"
USED = "Une réponse a déjà été donnée par ce lien, qui ne sert qu’une fois."


class LinkAnswer(BaseModel):
    """What the form of a link may send."""

    stance: Stance
    bearer: Annotated[UUID | None, BeforeValidator(lambda value: value or None)] = None

    @property
    def said(self) -> Said:
        """The answer; a bearer is of a pouvoir alone."""
        return Said(self.stance, self.bearer if self.stance == Stance.REPRESENTED else None)


def make(work: Work, base_url: str, meeting: Meeting, seat_id: UUID, person_id: UUID) -> str:
    """A new secret address: 256 bits, of which only the hash is kept, good until the meeting begins."""
    secret = secrets.token_urlsafe(32)
    work.db.add(
        AnswerLink(
            hash=hash_of(secret),
            meeting_id=meeting.id,
            seat_id=seat_id,
            person_id=person_id,
            expires_at=meeting.starts_at,
        )
    )
    return f"{base_url}{DOOR}{secret}"


async def answer(work: Work, opened: Opened, given: LinkAnswer) -> None:
    """Answer by a link; raises Conflict the second time. A refused answer leaves it whole: all is one transaction."""
    # Of two at the same moment, the row's own lock chooses one.
    used = (
        update(AnswerLink)
        .where(col(AnswerLink.id) == opened.link.id, col(AnswerLink.used_at).is_(None))
        .values(used_at=now())
        .returning(col(AnswerLink.id))
    )
    if (await work.db.execute(used)).scalar_one_or_none() is None:
        raise Conflict(USED)
    await answers.give(work, opened.meeting, opened.member.seat_id, given.said, Channel.LINK)
