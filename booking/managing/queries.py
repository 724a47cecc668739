"""What awaits whoever keeps equipment, in figures."""

from collections import defaultdict
from collections.abc import Sequence
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import func
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from booking import queries, rules
from booking.approvals.rules import may_set
from booking.fleet.models import Depot, Quota, ResourceType, Unit
from booking.models import Allocation, Reservation, State
from booking.queries import Shown
from booking.regulations.models import Regulation, Wording
from entente.clock import now
from entente.db import rows
from entente.people.who import Who


class Settled(NamedTuple):
    """How many rules this person has written, and for how many places."""

    quotas: int
    regulations: int
    depots: int


async def settled(db: AsyncSession, who: Who) -> Settled:
    """The rules that stand for what this person keeps: a withdrawn règlement is none."""
    managed = rules.managed_by(who)
    kept = rows(Unit.type_id).where(col(Unit.owner_id).in_(managed), col(Unit.retired_at).is_(None))
    quotas = rows(func.count(col(Quota.id))).where(col(Quota.type_id).in_(kept))
    asked = (
        rows(func.count(col(Regulation.id)))
        .join(
            Wording,
            (col(Wording.regulation_id) == col(Regulation.id)) & (col(Wording.number) == col(Regulation.current)),
        )
        .where(col(Regulation.owner_id).in_(managed), col(Wording.body) != "")
    )
    depots = rows(func.count(col(Depot.id))).where(col(Depot.organisation_id).in_(managed))
    found = rows(*(query.scalar_subquery() for query in (quotas, asked, depots)))
    return Settled(*(await db.execute(found)).one())


async def kept_back(db: AsyncSession, who: Who) -> list[Shown]:
    """When the units that this person keeps are not lent, from now on."""
    managed = rows(Unit.id).where(col(Unit.owner_id).in_(rules.managed_by(who)))
    held = rows(Allocation.reservation_id).where(
        col(Allocation.unit_id).in_(managed), col(Allocation.state) == State.BLOCKED, col(Allocation.ends_at) > now()
    )
    return await queries.shown_where(db, col(Reservation.id).in_(held))


async def types_to_set(db: AsyncSession, who: Who, types: Sequence[ResourceType]) -> list[ResourceType]:
    """The types of which this person says who must agree."""
    owners: defaultdict[UUID, set[UUID]] = defaultdict(set)
    query = rows(Unit.type_id, Unit.owner_id).distinct().where(col(Unit.retired_at).is_(None))
    for type_id, owner_id in await db.execute(query):
        owners[type_id].add(owner_id)
    return [each for each in types if may_set(who, owners[each.id])]
