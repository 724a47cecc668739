"""Who is away, and when."""

from collections.abc import Collection
from datetime import date
from uuid import UUID

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from entente.db import rows
from entente.people.who import Who
from entente.rules import NotFound
from planning.models import Absence


async def away_on(db: AsyncSession, people: Collection[UUID], day: date) -> set[UUID]:
    """Which of these people are away that day."""
    query = rows(Absence.person_id).where(
        col(Absence.person_id).in_(people), col(Absence.since) <= day, col(Absence.until) > day
    )
    return set((await db.execute(query)).scalars())


async def absences_of(db: AsyncSession, who: Who, since: date) -> list[Absence]:
    """The absences of this person that are not over, the first one first."""
    query = select(Absence).where(col(Absence.person_id) == who.id, col(Absence.until) > since)
    return list(await db.exec(query.order_by(col(Absence.since), col(Absence.id))))


async def absence_for(db: AsyncSession, who: Who, absence_id: UUID) -> Absence:
    """One of one's own absences, or NotFound."""
    found = await db.get(Absence, absence_id)
    if found is None or found.person_id != who.id:
        raise NotFound
    return found
