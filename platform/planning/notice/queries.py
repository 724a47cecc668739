"""The rule of a body on a day."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from entente.db import rows
from entente.people.models import Body, BodyKind, Membership, Organisation, OrganisationKind
from entente.people.queries import is_current
from planning import queries
from planning.models import BodyRule
from planning.notice.rules import default_rule


async def rule_on(db: AsyncSession, body_id: UUID, day: date) -> BodyRule:
    """The rule that was written for that day, or the one that holds without any (CGCT, art. L.5211-1)."""
    query = select(BodyRule).where(col(BodyRule.body_id) == body_id, is_current(BodyRule, day))
    written = (await db.exec(query.order_by(col(BodyRule.since).desc()).limit(1))).one_or_none()
    if written is not None:
        return written
    body = await queries.body_of(db, body_id)
    return default_rule(body.kind, body_id, await _populations(db, body, day))


async def _populations(db: AsyncSession, body: Body, day: date) -> Sequence[int | None]:
    if body.kind == BodyKind.CONSEIL_MUNICIPAL and body.organisation_id:
        query = rows(Organisation.population).where(col(Organisation.id) == body.organisation_id)
    else:
        query = (
            rows(Organisation.population)
            .join(Membership, col(Membership.organisation_id) == col(Organisation.id))
            .where(col(Organisation.kind) == OrganisationKind.COMMUNE, is_current(Membership, day))
        )
    return list((await db.execute(query)).scalars())


async def rules_of(db: AsyncSession, body_id: UUID) -> list[BodyRule]:
    """Every rule of a body, the present one first."""
    query = select(BodyRule).where(col(BodyRule.body_id) == body_id).order_by(col(BodyRule.since).desc())
    return list(await db.exec(query))
