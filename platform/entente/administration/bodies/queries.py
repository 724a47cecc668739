"""Instances and who sits in them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Select, func, select
from sqlalchemy.orm import aliased
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from entente.administration.lists import Page, like, page_of
from entente.db import rows
from entente.people.models import Body, BodyKind, Organisation, Person, Seat
from entente.people.queries import is_current
from entente.rules import NotFound

KEYS: Any = (Body.name, Body.id)
SUGGESTED = 500
"""Beyond that many people, a list to complete from helps nobody."""


def bodies_sought(words: str, kind: BodyKind | None) -> Select[Any]:
    """The instances of a list, as plain rows."""
    seats = (
        select(func.count(col(Seat.id)))
        .where(col(Seat.body_id) == col(Body.id), is_current(Seat))
        .correlate(Body)
        .scalar_subquery()
    )
    query = rows(
        Body.id, Body.kind, Body.name, col(Organisation.name).label("organisation"), seats.label("seats")
    ).outerjoin(Organisation, col(Organisation.id) == col(Body.organisation_id))
    if words:
        query = query.where(like(words, Body.name))
    return query.where(col(Body.kind) == kind) if kind else query


async def bodies(db: AsyncSession, words: str, kind: BodyKind | None, after: UUID | None) -> Page:
    """A page of instances, by name."""
    return await page_of(db, bodies_sought(words, kind), KEYS, after)


def seats_sought() -> Select[Any]:
    """Seats with whoever sits there."""
    holder, substitute = aliased(Person), aliased(Person)
    return (
        rows(
            Seat.id,
            Seat.body_id,
            Seat.role,
            Seat.mandate,
            Seat.since,
            Seat.until,
            Seat.holder_id,
            Seat.substitute_id,
            col(Body.name).label("body"),
            col(Organisation.name).label("organisation"),
            Organisation.short_name,
            Organisation.hue,
            (col(holder.given_name) + " " + col(holder.family_name)).label("holder"),
            col(holder.email).label("holder_email"),
            (col(substitute.given_name) + " " + col(substitute.family_name)).label("substitute"),
            col(substitute.email).label("substitute_email"),
        )
        .select_from(Seat)
        .join(Body, col(Body.id) == col(Seat.body_id))
        .join(Organisation, col(Organisation.id) == col(Seat.organisation_id))
        .join(holder, col(holder.id) == col(Seat.holder_id))
        .outerjoin(substitute, col(substitute.id) == col(Seat.substitute_id))
        .order_by(col(Body.name), col(Organisation.name), col(Seat.since), col(Seat.id))
    )


@dataclass(frozen=True)
class Sheet:
    """An instance with its seats, past ones included."""

    body: Body
    organisation: str | None
    seats: Sequence[Any]


async def sheet_of(db: AsyncSession, body_id: UUID) -> Sheet:
    """An instance with its seats, or NotFound."""
    body = await db.get(Body, body_id)
    if body is None:
        raise NotFound
    organisation = await db.get(Organisation, body.organisation_id) if body.organisation_id else None
    seats = (await db.execute(seats_sought().where(col(Seat.body_id) == body_id))).all()
    return Sheet(body, organisation.name if organisation else None, seats)


async def suggested(db: AsyncSession) -> list[tuple[str, str]]:
    """Addresses to complete from, with their names; none when there are too many."""
    query = rows(Person.email, Person.given_name, Person.family_name).order_by(Person.family_name, Person.email)
    found = (await db.execute(query.limit(SUGGESTED + 1))).all()
    return [(row.email, f"{row.given_name} {row.family_name}") for row in found] if len(found) <= SUGGESTED else []
