"""The seats of a body on a day: who holds them, who stands in, and whether they decide for their commune."""

from datetime import date
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import func
from sqlalchemy.orm import aliased
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from entente.db import rows
from entente.people.models import Body, BodyKind, Organisation, Person, PersonStatus, Seat, SeatRole
from entente.people.queries import is_current
from entente.rules import NotFound
from pistes.communes.queries import Commune


class Sat(NamedTuple):
    """A seat as it was held on a day."""

    id: UUID
    commune: Commune
    holder_id: UUID
    holder: str
    substitute_id: UUID | None
    substitute: str | None
    role: SeatRole
    mandate: bool
    is_suspended: bool = False
    """Whether the account of the holder is suspended: pages open to all do not name them."""


async def seats_on(db: AsyncSession, body_id: UUID, day: date) -> list[Sat]:
    """Every seat of a body on a day, by organisation."""
    holder, substitute = aliased(Person), aliased(Person)
    query = (
        rows(
            col(Seat.id),
            col(Seat.holder_id),
            (col(holder.given_name) + " " + col(holder.family_name)).label("holder"),
            Seat.substitute_id,
            (col(substitute.given_name) + " " + col(substitute.family_name)).label("substitute"),
            Seat.role,
            Seat.mandate,
            col(holder.status).label("status"),
            col(Organisation.id).label("organisation_id"),
            Organisation.name,
            Organisation.short_name,
            Organisation.hue,
        )
        .select_from(Seat)
        .join(Organisation, col(Organisation.id) == col(Seat.organisation_id))
        .join(holder, col(holder.id) == col(Seat.holder_id))
        .outerjoin(substitute, col(substitute.id) == col(Seat.substitute_id))
        .where(col(Seat.body_id) == body_id, is_current(Seat, day))
        .order_by(Organisation.name, col(Seat.since), col(Seat.id))
    )
    return [
        Sat(
            row.id,
            Commune(row.organisation_id, row.name, row.short_name, row.hue),
            row.holder_id,
            row.holder,
            row.substitute_id,
            row.substitute,
            SeatRole(row.role),
            bool(row.mandate),
            row.status == PersonStatus.SUSPENDED,
        )
        for row in await db.execute(query)
    ]


class Named(NamedTuple):
    """A body by its name."""

    id: UUID
    kind: BodyKind
    name: str


async def bodies(db: AsyncSession) -> list[Named]:
    """Every body, by name."""
    query = rows(col(Body.id), Body.kind, Body.name).order_by(Body.name)
    return [Named(row.id, BodyKind(row.kind), row.name) for row in await db.execute(query)]


async def body_named(db: AsyncSession, body_id: UUID) -> Named:
    """The body of that id, or NotFound."""
    row = (await db.execute(rows(col(Body.id), Body.kind, Body.name).where(col(Body.id) == body_id))).one_or_none()
    if row is None:
        raise NotFound
    return Named(row.id, BodyKind(row.kind), row.name)


async def secretaries(db: AsyncSession, body_id: UUID, day: date) -> set[UUID]:
    """Who writes down for a body on a day: holder and substitute of the seat of secretary."""
    query = rows(Seat.holder_id, Seat.substitute_id).where(
        col(Seat.body_id) == body_id, col(Seat.role) == SeatRole.SECRETARY, is_current(Seat, day)
    )
    return {id_ for row in await db.execute(query) for id_ in (row.holder_id, row.substitute_id) if id_}


async def deciders(db: AsyncSession, kinds: set[BodyKind]) -> dict[BodyKind, list[Named]]:
    """The bodies of these kinds."""
    found: dict[BodyKind, list[Named]] = {kind: [] for kind in kinds}
    for each in await bodies(db):
        if each.kind in found:
            found[each.kind].append(each)
    return found


async def has_sat(db: AsyncSession, body_id: UUID, day: date) -> int:
    """How many seats a body had on a day."""
    query = rows(func.count(col(Seat.id))).where(col(Seat.body_id) == body_id, is_current(Seat, day))
    return int((await db.execute(query)).scalar_one())
