"""Who is away, and who answers meanwhile."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import or_
from sqlalchemy.orm import aliased
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from booking.approvals.models import Absence
from booking.periods import naive
from entente.clock import now
from entente.db import rows
from entente.people.models import Person
from entente.people.who import Who
from entente.rules import NotFound

DAY = timedelta(days=1)


class Shown(NamedTuple):
    """An absence as both people read it."""

    id: UUID
    person_id: UUID
    person: str
    stand_in: str
    since: date
    last: date


async def of(db: AsyncSession, who: Who) -> Sequence[Shown]:
    """The absences, present or to come, of which this person is one of the two people; one question."""
    away, instead = aliased(Person), aliased(Person)
    query = (
        rows(Absence, away.given_name, away.family_name, instead.given_name, instead.family_name)
        .join(away, col(away.id) == col(Absence.person_id))
        .join(instead, col(instead.id) == col(Absence.stand_in_id))
        .where(
            or_(col(Absence.person_id) == who.id, col(Absence.stand_in_id) == who.id),
            col(Absence.ended_at).is_(None),
            col(Absence.until) > naive(now()).date(),
        )
        .order_by(col(Absence.since), col(Absence.id))
    )
    return [
        Shown(each.id, each.person_id, f"{names[0]} {names[1]}", f"{names[2]} {names[3]}", each.since, each.until - DAY)
        for each, *names in await db.execute(query)
    ]


async def own(db: AsyncSession, who: Who, absence_id: UUID) -> Absence:
    """One's own absence that has not been taken back, or NotFound."""
    query = select(Absence).where(
        col(Absence.id) == absence_id, col(Absence.person_id) == who.id, col(Absence.ended_at).is_(None)
    )
    found = (await db.exec(query)).one_or_none()
    if found is None:
        raise NotFound
    return found
