"""Whose addresses a secretary may end: those of the people who sit in their bodies; whoever keeps the house, all."""

from typing import NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, func, or_, true
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from entente.agendas.models import Subscription
from entente.db import rows
from entente.letters import bare
from entente.people.models import Person, Seat
from entente.people.queries import is_current
from entente.people.who import Who
from entente.rules import NotFound

MOST = 200


class Held(NamedTuple):
    """An address of someone, without what it shows."""

    subscription: Subscription
    name: str


def may_keep(who: Who) -> bool:
    """Whether this person may end the addresses of others."""
    return bool(who.secretary_of) or who.is_administrator


def _is_kept_by(who: Who) -> ColumnElement[bool]:
    if who.is_administrator:
        return true()
    seats = (col(Seat.body_id).in_(who.secretary_of), is_current(Seat))
    holders, substitutes = rows(Seat.holder_id).where(*seats), rows(Seat.substitute_id).where(*seats)
    return or_(col(Subscription.person_id).in_(holders), col(Subscription.person_id).in_(substitutes))


async def held(db: AsyncSession, who: Who, name: str) -> list[Held]:
    """The addresses that this person may end, by name of their owners; `name` is a part of it, as one types it."""
    if not may_keep(who):
        raise NotFound
    query = (
        rows(Subscription, Person.given_name, Person.family_name)
        .join(Person, col(Person.id) == col(Subscription.person_id))
        .where(_is_kept_by(who), col(Subscription.revoked_at).is_(None), col(Subscription.person_id) != who.id)
        .order_by(func.lower(Person.family_name), Person.given_name, col(Subscription.created_at))
    )
    found = [Held(row.Subscription, f"{row.given_name} {row.family_name}") for row in await db.execute(query)]
    return [each for each in found if bare(name.strip()) in bare(each.name)][:MOST]


async def held_for(db: AsyncSession, who: Who, id_: UUID) -> Held:
    """One of these addresses, or NotFound."""
    query = (
        rows(Subscription, Person.given_name, Person.family_name)
        .join(Person, col(Person.id) == col(Subscription.person_id))
        .where(col(Subscription.id) == id_, _is_kept_by(who))
    )
    row = (await db.execute(query)).one_or_none() if may_keep(who) else None
    if row is None:
        raise NotFound
    return Held(row.Subscription, f"{row.given_name} {row.family_name}")
