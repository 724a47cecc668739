"""What one sees of one's own account."""

from uuid import UUID

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from entente.db import rows
from entente.people.models import Function, Organisation, Person
from entente.people.queries import is_current
from entente.people.who import Who
from entente.rules import NotFound


async def person_of(db: AsyncSession, who: Who) -> Person:
    """The account of whoever is signed in."""
    person = await db.get(Person, who.id)
    if person is None:
        raise NotFound
    return person


async def functions_of(db: AsyncSession, who: Who) -> list[tuple[str, str]]:
    """What this person is today, and where: titles with organisations."""
    query = (
        rows(Function.title, Function.kind, Organisation.name)
        .join(Organisation, col(Organisation.id) == col(Function.organisation_id))
        .where(col(Function.person_id) == who.id, is_current(Function))
        .order_by(col(Organisation.name), col(Function.id))
    )
    # An élue who is mayor holds two functions under one title: she reads it once.
    return list(dict.fromkeys((row.title or str(row.kind).capitalize(), row.name) for row in await db.execute(query)))


async def is_shown(db: AsyncSession, photo: UUID) -> bool:
    """Whether this photo is someone's, today."""
    return (await db.exec(select(Person.id).where(col(Person.photo) == photo).limit(1))).first() is not None


async def photos(db: AsyncSession) -> frozenset[UUID]:
    """Every photo in use."""
    found = (await db.exec(select(Person.photo).where(col(Person.photo).is_not(None)))).all()
    return frozenset(photo for photo in found if photo)
