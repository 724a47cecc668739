"""The rooms in which bodies meet."""

from uuid import UUID

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from entente.rules import NotFound
from planning.models import Hall


async def halls(db: AsyncSession) -> list[Hall]:
    """Every hall, by name."""
    return list(await db.exec(select(Hall).order_by(col(Hall.name))))


async def hall_of(db: AsyncSession, hall_id: UUID) -> Hall:
    """The hall with this id, or NotFound."""
    found = await db.get(Hall, hall_id)
    if found is None:
        raise NotFound
    return found
