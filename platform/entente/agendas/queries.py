"""Subscriptions as their owner sees them, and as a calendar application asks for them."""

from datetime import timedelta
from uuid import UUID

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from entente.agendas.models import Subscription
from entente.clock import now
from entente.people.queries import hash_of
from entente.people.who import Who
from entente.rules import NotFound

SAID_FOR = timedelta(days=60)
"""How long a revoked address still says that it is revoked."""


async def subscriptions_of(db: AsyncSession, who: Who) -> list[Subscription]:
    """The addresses that still serve, the newest first."""
    query = (
        select(Subscription)
        .where(col(Subscription.person_id) == who.id, col(Subscription.revoked_at).is_(None))
        .order_by(col(Subscription.created_at).desc(), col(Subscription.id))
    )
    return list((await db.exec(query)).all())


async def subscription_for(db: AsyncSession, who: Who, id_: UUID) -> Subscription:
    """One of this person's own addresses, or NotFound."""
    found = await db.get(Subscription, id_)
    if found is None or found.person_id != who.id:
        raise NotFound
    return found


async def subscription_at(db: AsyncSession, secret: str) -> Subscription:
    """The subscription that this address opens; NotFound for an address that never was."""
    query = select(Subscription).where(col(Subscription.hash) == hash_of(secret))
    found = (await db.exec(query)).one_or_none()
    if found is None:
        raise NotFound
    return found


def is_gone(found: Subscription) -> bool:
    """Whether the address was revoked so long ago that it no longer says so."""
    return found.revoked_at is not None and found.revoked_at < now() - SAID_FOR
