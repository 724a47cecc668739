"""Which quotas there are, which of them a person may change, and for which service somebody acts."""

from collections.abc import Sequence
from uuid import UUID

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from booking import rules
from booking.fleet.models import Quota, ResourceType, Unit
from entente.db import rows
from entente.people.models import Function
from entente.people.queries import is_current
from entente.people.who import Who
from entente.rules import NotFound


async def types_kept(db: AsyncSession, who: Who) -> list[ResourceType]:
    """The types of which this person keeps a unit: its rules are theirs to write."""
    kept = rows(Unit.type_id).where(col(Unit.owner_id).in_(rules.managed_by(who)), col(Unit.retired_at).is_(None))
    query = select(ResourceType).where(col(ResourceType.id).in_(kept))
    return list(await db.exec(query.order_by(col(ResourceType.place), col(ResourceType.name))))


async def quotas_of(db: AsyncSession, types: Sequence[UUID]) -> Sequence[Quota]:
    """The quotas of these types."""
    query = select(Quota).where(col(Quota.type_id).in_(types))
    return (await db.exec(query.order_by(col(Quota.scope), col(Quota.days), col(Quota.id)))).all()


async def quota_for(db: AsyncSession, who: Who, id_: UUID) -> Quota:
    """A quota that this person may change, or NotFound."""
    quota = await db.get(Quota, id_)
    if quota is None or all(each.id != quota.type_id for each in await types_kept(db, who)):
        raise NotFound
    return quota


async def service_of(db: AsyncSession, person_id: UUID, organisation_id: UUID) -> UUID | None:
    """The service in which a person works for an organisation today; the first, when there are several."""
    query = rows(Function.service_id).where(
        col(Function.person_id) == person_id,
        col(Function.organisation_id) == organisation_id,
        col(Function.service_id).is_not(None),
        is_current(Function),
    )
    return (await db.execute(query.order_by(col(Function.id)).limit(1))).scalar_one_or_none()
