"""Who is a member on a day, and where each commune stood on that day."""

from collections.abc import Collection, Sequence
from datetime import date
from typing import Any, NamedTuple
from uuid import UUID

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from entente import clock
from entente.db import rows
from entente.people.models import Membership, Organisation, OrganisationKind
from entente.people.queries import is_current
from entente.prepared import prepared
from pistes.communes.models import Position, Stance, Unresolved


class Commune(NamedTuple):
    """A commune as it is shown."""

    id: UUID
    name: str
    short_name: str
    hue: int


class Stood(NamedTuple):
    """A commune with its position, and since when."""

    commune: Commune
    stance: Stance
    since: date


_COMMUNE = (col(Organisation.id), Organisation.name, Organisation.short_name, Organisation.hue)


async def members(db: AsyncSession, day: date | None = None) -> list[Commune]:
    """The communes that belong to the EPCI on a day (today), by name."""
    return [Commune(*row) for row in await db.execute(*_members(day or clock.today()))]


@prepared
def _members(day: date) -> Any:
    return (
        rows(*_COMMUNE)
        .join(Membership, col(Membership.organisation_id) == col(Organisation.id))
        .where(col(Organisation.kind) == OrganisationKind.COMMUNE, is_current(Membership, day))
        .distinct()
        .order_by(Organisation.name)
    )


async def positions(
    db: AsyncSession, day: date | None = None, pistes: Collection[UUID] | None = None
) -> dict[UUID, list[Stood]]:
    """Where every commune stands on each piste on a day (today): the latest position that has begun."""
    query = (
        rows(Position.piste_id, Position.stance, Position.since, *_COMMUNE)
        .join(Organisation, col(Organisation.id) == col(Position.organisation_id))
        .where(col(Position.since) <= (day or clock.today()))
        .order_by(col(Position.since), col(Position.at), col(Position.id))
    )
    if pistes is not None:
        query = query.where(col(Position.piste_id).in_(pistes))
    latest: dict[UUID, dict[UUID, Stood]] = {}
    for piste_id, stance, since, *commune in await db.execute(query):
        place = Commune(*commune)
        latest.setdefault(piste_id, {})[place.id] = Stood(place, Stance(stance), since)
    return {piste: sorted(found.values(), key=lambda each: each.commune.name) for piste, found in latest.items()}


async def history(db: AsyncSession, piste_id: UUID) -> list[Stood]:
    """Every position ever taken on a piste, the newest first."""
    query = (
        rows(Position.stance, Position.since, *_COMMUNE)
        .join(Organisation, col(Organisation.id) == col(Position.organisation_id))
        .where(col(Position.piste_id) == piste_id)
        .order_by(col(Position.since).desc(), col(Position.id).desc())
    )
    return [Stood(Commune(*commune), Stance(stance), since) for stance, since, *commune in await db.execute(query)]


async def unresolved(db: AsyncSession, pistes: Collection[UUID] | None = None) -> Sequence[Unresolved]:
    """The carriers that nobody has named yet, the oldest first."""
    query = select(Unresolved).where(col(Unresolved.resolved_at).is_(None))
    if pistes is not None:
        query = query.where(col(Unresolved.piste_id).in_(pistes))
    return (await db.exec(query.order_by(col(Unresolved.at), col(Unresolved.id)))).all()
