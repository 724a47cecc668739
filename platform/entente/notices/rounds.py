"""The postman's round: who is to be written to now, and when to look again.

One task per minute for the whole house, whatever the number of people: its key keeps it single, and several
workers never make the same round twice.
"""

from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import and_, delete, func
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from entente.clock import now
from entente.db import rows
from entente.notices.models import Notice, Postbag
from entente.notices.rules import GRACE, STALE, Written, goes_at, wishes_of
from entente.people.models import Person, PersonStatus
from entente.work import Work

ROUND = "notices.round"
"""Kind of the task that decides who is written to."""
MAIL = "notices.mail"
"""Kind of the task that writes to one person."""
SWEEP = "notices.sweep"
"""Kind of the task that forgets old notices."""
MINUTE = timedelta(minutes=1)
KEPT_DAYS = 180


class Waiting(NamedTuple):
    """Someone whose news waits, and when a mail may tell it."""

    person_id: UUID
    goes_at: datetime


def call(work: Work, told_at: datetime) -> None:
    """Ask for a round once news told now may go."""
    call_at(work, told_at + GRACE)


def call_at(work: Work, moment: datetime) -> None:
    """Ask for a round at the minute after this moment."""
    # The minute after, always: the round of a minute that has begun may already have looked, and missed this.
    minute = int(moment.timestamp() // 60) + 1
    due = datetime.fromtimestamp(minute * 60, UTC)
    work.later(ROUND, {"minute": minute}, due, key=f"{ROUND}/{minute}")


async def run(work: Work, payload: dict[str, Any]) -> None:
    """Write to those whose time has come, and come back for the others."""
    at = now()
    waiting = await waiting_people(work.db)
    for each in waiting:
        if each.goes_at <= at:
            mail = {"person": str(each.person_id)}
            work.later(MAIL, mail, key=f"{MAIL}/{each.person_id}/{payload['minute']}")
    later = [each.goes_at for each in waiting if each.goes_at > at]
    if later:
        call_at(work, min(later))
    work.later(SWEEP, {}, key=f"{SWEEP}/{at:%Y-%m-%d}")


async def waiting_people(db: AsyncSession, person_id: UUID | None = None) -> list[Waiting]:
    """Everyone whose unread news has not been mailed, or one person, and when it may go."""
    told = (
        rows(Notice.person_id, func.min(Notice.at).label("told_at"))
        .where(is_waiting(), *([col(Notice.person_id) == person_id] if person_id else []))
        .group_by(col(Notice.person_id))
        .subquery()
    )
    query = (
        rows(
            told.c.person_id,
            told.c.told_at,
            Person.time_zone,
            Person.notifications,
            Postbag.mailed_at,
            Postbag.digest_at,
        )
        .select_from(told)
        .join(Person, and_(col(Person.id) == told.c.person_id, col(Person.status) == PersonStatus.ACTIVE))
        .outerjoin(Postbag, col(Postbag.person_id) == told.c.person_id)
    )
    found = [
        (row.person_id, goes_at(wishes_of(row.notifications, row.time_zone), row.told_at, Written(row[4], row[5])))
        for row in await db.execute(query)
    ]
    return [Waiting(person, moment) for person, moment in found if moment]


def is_waiting() -> Any:
    """The notices that a mail may still tell."""
    fresh = col(Notice.at) > now() - STALE
    return and_(col(Notice.read_at).is_(None), col(Notice.mailed_at).is_(None), fresh)


async def sweep(work: Work, _payload: dict[str, Any]) -> None:
    """Forget what was told long ago, read or not."""
    await work.db.execute(delete(Notice).where(col(Notice.at) < now() - timedelta(days=KEPT_DAYS)))
