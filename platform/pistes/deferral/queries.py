"""Which pistes are put off."""

from collections.abc import Collection
from uuid import UUID

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from pistes.deferral.models import Deferral


async def standing(db: AsyncSession, pistes: Collection[UUID] | None = None) -> dict[UUID, Deferral]:
    """The deferral that lasts, for each piste that is put off."""
    query = select(Deferral).where(col(Deferral.ended_at).is_(None))
    if pistes is not None:
        query = query.where(col(Deferral.piste_id).in_(pistes))
    return {each.piste_id: each for each in await db.exec(query)}
