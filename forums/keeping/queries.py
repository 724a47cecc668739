"""The forums as whoever keeps the house sees them: their doors, never what is said inside."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import func, true
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from entente.db import rows
from entente.people.models import Body, Group, Person
from entente.rules import NotFound
from forums.models import Forum, Moderator, Thread


async def forums(db: AsyncSession) -> Sequence[Any]:
    """Every forum, in the order of the list, with to whom it is open and how many threads it holds."""
    threads = (
        select(func.count())
        .where(col(Thread.forum_id) == col(Forum.id), col(Thread.deleted_at).is_(None))
        .scalar_subquery()
    )
    query = (
        rows(
            Forum.slug,
            Forum.title,
            Forum.reading,
            Forum.function,
            func.coalesce(Body.name, Group.name).label("readers"),
            threads.label("threads"),
        )
        .select_from(Forum)
        .outerjoin(Body, col(Body.id) == col(Forum.body_id))
        .outerjoin(Group, col(Group.id) == col(Forum.group_id))
        .order_by(col(Forum.place), col(Forum.title))
    )
    return (await db.execute(query)).all()


async def forum_at(db: AsyncSession, slug: str, held: bool = False) -> Forum:
    """The forum at this address, or NotFound; held until the change is saved when it is to change."""
    if "\0" in slug:
        raise NotFound  # PostgreSQL has no room for a zero in a text
    query = select(Forum).where(col(Forum.slug) == slug)
    found = (await db.exec(query.with_for_update() if held else query)).one_or_none()
    if found is None:
        raise NotFound
    return found


async def moderators_of(db: AsyncSession, forum_id: UUID) -> dict[UUID, str]:
    """Those who keep the peace in a forum, with their addresses."""
    query = (
        rows(col(Person.id), Person.email)
        .join(Moderator, col(Moderator.person_id) == col(Person.id))
        .where(col(Moderator.forum_id) == forum_id)
        .order_by(col(Person.email))
    )
    return {row.id: row.email for row in await db.execute(query)}


async def people_at(db: AsyncSession, addresses: Sequence[str]) -> dict[str, UUID]:
    """Who has these addresses; nobody has the ones that are missing."""
    found = await db.execute(rows(Person.email, col(Person.id)).where(col(Person.email).in_(addresses)))
    return {row.email: row.id for row in found}


async def has_threads(db: AsyncSession, forum_id: UUID) -> bool:
    """Whether anything was ever said in a forum, even if it was withdrawn since."""
    return (await db.execute(rows(true()).where(col(Thread.forum_id) == forum_id).limit(1))).first() is not None


async def last_place(db: AsyncSession) -> int:
    """The place that follows every other in the list."""
    return int((await db.execute(rows(func.coalesce(func.max(Forum.place) + 1, 0)))).scalar_one())


async def choices(db: AsyncSession) -> tuple[list[tuple[UUID, str]], list[tuple[UUID, str]]]:
    """The bodies and the groups to which a forum may be open, by name."""
    bodies = await db.execute(rows(col(Body.id), Body.name).order_by(col(Body.name)))
    groups = await db.execute(rows(col(Group.id), Group.name).order_by(col(Group.name)))
    return [(id_, name) for id_, name in bodies], [(id_, name) for id_, name in groups]
