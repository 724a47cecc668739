"""The AFOR grids of a piste."""

from collections.abc import Sequence
from uuid import UUID

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from entente.rules import NotFound
from pistes.afor.models import Grid


async def grids(db: AsyncSession, piste_id: UUID) -> Sequence[Grid]:
    """Every grid of a piste: the whole first, then its activities by name."""
    query = select(Grid).where(col(Grid.piste_id) == piste_id)
    return (await db.exec(query.order_by(col(Grid.key), col(Grid.id)))).all()


async def grid_of(db: AsyncSession, piste_id: UUID, grid_id: UUID, is_locked: bool = False) -> Grid:
    """A grid of that piste, or NotFound; locked, it waits for whoever else changes it."""
    query = select(Grid).where(col(Grid.piste_id) == piste_id, col(Grid.id) == grid_id)
    if is_locked:
        query = query.with_for_update().execution_options(populate_existing=True)
    found = (await db.exec(query)).one_or_none()
    if found is None:
        raise NotFound
    return found
