"""Secret links: 256 bits, kept as a hash, one purpose, one use, and not for long."""

import secrets
from datetime import timedelta
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import delete, update
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from entente.account.models import Newcomer
from entente.clock import now
from entente.people.models import Person, PersonStatus, Purpose, Token
from entente.people.queries import hash_of

LIVES = {
    Purpose.SIGN_IN: timedelta(minutes=15),
    Purpose.EMAIL_CHANGE: timedelta(hours=1),
}


class Gone(Exception):
    """The link was used, has expired, was cancelled, or serves something else (410)."""


class Ticket(NamedTuple):
    """Whose link it is, and the address it was sent to."""

    person: Person
    email: str


def issue(db: AsyncSession, purpose: Purpose, person: Person, email: str | None = None) -> str:
    """A new secret for one purpose, to be sent to this address."""
    secret = secrets.token_urlsafe(32)
    db.add(
        Token(
            hash=hash_of(secret),
            purpose=purpose,
            person_id=person.id,
            email=email or person.email,
            expires_at=now() + LIVES[purpose],
        )
    )
    return secret


def issue_for_newcomer(db: AsyncSession, email: str) -> str:
    """A new secret that lets whoever reads this address create their account."""
    secret = secrets.token_urlsafe(32)
    db.add(Newcomer(hash=hash_of(secret), email=email, expires_at=now() + LIVES[Purpose.SIGN_IN]))
    return secret


async def look_at(db: AsyncSession, purpose: Purpose, secret: str) -> Ticket:
    """Whose link it is, without using it; raises Gone when it no longer serves."""
    token = (
        await db.exec(
            select(Token).where(
                col(Token.hash) == hash_of(secret),
                col(Token.purpose) == purpose,
                col(Token.used_at).is_(None),
                col(Token.expires_at) > now(),
            )
        )
    ).one_or_none()
    if token is None:
        raise Gone
    return await _ticket(db, purpose, token.person_id, token.email)


async def use(db: AsyncSession, purpose: Purpose, secret: str) -> Ticket:
    """Use a link, once: of two who try at the same moment, the row's own lock chooses one."""
    used = (
        update(Token)
        .where(
            col(Token.hash) == hash_of(secret),
            col(Token.purpose) == purpose,
            col(Token.used_at).is_(None),
            col(Token.expires_at) > now(),
        )
        .values(used_at=now())
        .returning(col(Token.person_id), col(Token.email))
    )
    row = (await db.execute(used)).one_or_none()
    if row is None:
        raise Gone
    return await _ticket(db, purpose, row.person_id, row.email)


async def look_at_newcomer(db: AsyncSession, secret: str) -> str:
    """The address of a newcomer's link, without using it; raises Gone when it no longer serves."""
    newcomer = await db.get(Newcomer, hash_of(secret))
    if newcomer is None or newcomer.used_at or newcomer.expires_at <= now():
        raise Gone
    return newcomer.email


async def use_newcomer(db: AsyncSession, secret: str) -> str:
    """Use a newcomer's link, once; returns the address it was sent to."""
    used = (
        update(Newcomer)
        .where(
            col(Newcomer.hash) == hash_of(secret),
            col(Newcomer.used_at).is_(None),
            col(Newcomer.expires_at) > now(),
        )
        .values(used_at=now())
        .returning(col(Newcomer.email))
    )
    email: str | None = (await db.execute(used)).scalar_one_or_none()
    if email is None:
        raise Gone
    return email


async def has_live_link(db: AsyncSession, person_id: UUID) -> bool:
    """Whether a sign-in link waits in this person's mailbox."""
    query = select(Token.hash).where(
        col(Token.person_id) == person_id,
        col(Token.purpose) == Purpose.SIGN_IN,
        col(Token.used_at).is_(None),
        col(Token.expires_at) > now(),
    )
    return (await db.exec(query.limit(1))).first() is not None


async def cancel(db: AsyncSession, person_id: UUID) -> None:
    """Make every link of this person worthless: their address, password or status has changed."""
    await db.execute(delete(Token).where(col(Token.person_id) == person_id))


async def sweep(db: AsyncSession) -> None:
    """Forget the links that no longer serve."""
    await db.execute(delete(Token).where(col(Token.expires_at) < now()))
    await db.execute(delete(Newcomer).where(col(Newcomer.expires_at) < now()))


async def _ticket(db: AsyncSession, purpose: Purpose, person_id: UUID, email: str) -> Ticket:
    person = await db.get(Person, person_id, populate_existing=True)
    if person is None or not _still_serves(purpose, person, email):
        raise Gone
    return Ticket(person, email)


def _still_serves(purpose: Purpose, person: Person, email: str) -> bool:
    # Asked again here: whoever changes an address or a status may forget to cancel the links.
    match purpose:
        case Purpose.SIGN_IN:
            return person.status != PersonStatus.SUSPENDED and person.email == email
        case Purpose.INVITATION:
            return person.status == PersonStatus.INVITED and person.email == email
        case Purpose.EMAIL_CHANGE:
            return person.status == PersonStatus.ACTIVE
