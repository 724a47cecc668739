"""The marks of pistes, as they stand or as they stood on a day."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import or_
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from entente.db import rows
from pistes.marks.models import Mark, Origin


class Retained(NamedTuple):
    """The mark that counts, and what it stands over."""

    level: int
    origin: Origin
    reason: str = ""
    base: int | None = None
    """The imported or computed level under an override; none when nothing else was ever given."""
    base_origin: Origin | None = None


_ORIGINS = {str(origin): origin for origin in Origin}


async def retained(
    db: AsyncSession, family: str, at: datetime | None = None, pistes: Collection[UUID] | None = None
) -> dict[UUID, dict[str, Retained]]:
    """The retained mark of each piste and criterion, now or as it was at a moment."""
    query = rows(Mark.piste_id, Mark.criterion, Mark.level, Mark.origin, Mark.is_override, Mark.reason).where(
        col(Mark.family) == family
    )
    if at is None:
        query = query.where(col(Mark.replaced_at).is_(None))
    else:
        query = query.where(col(Mark.at) <= at, or_(col(Mark.replaced_at).is_(None), col(Mark.replaced_at) > at))
    if pistes is not None:
        query = query.where(col(Mark.piste_id).in_(pistes))
    found: dict[UUID, dict[str, Retained]] = {}
    # The base first, so that the override finds it.
    for piste_id, key, level, origin, is_override, reason in await db.execute(
        query.order_by(col(Mark.is_override), col(Mark.id))
    ):
        kept = found.setdefault(piste_id, {})
        under = kept.get(key) if is_override else None
        kept[key] = Retained(
            level, _ORIGINS[origin], reason, under.level if under else None, under.origin if under else None
        )
    return found


async def given(db: AsyncSession, piste_id: UUID) -> Sequence[Mark]:
    """Every mark a piste was ever given, the newest first."""
    query = select(Mark).where(col(Mark.piste_id) == piste_id)
    return (await db.exec(query.order_by(col(Mark.at).desc(), col(Mark.id).desc()))).all()


async def standing_mark(db: AsyncSession, piste_id: UUID, family: str, key: str, is_override: bool) -> Mark | None:
    """The base mark or the override that stands for one criterion."""
    query = select(Mark).where(
        col(Mark.piste_id) == piste_id,
        col(Mark.family) == family,
        col(Mark.criterion) == key,
        col(Mark.is_override).is_(is_override),
        col(Mark.replaced_at).is_(None),
    )
    return (await db.exec(query)).one_or_none()
