"""What settles a question, and who has taken note of an announcement."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import and_, exists, func
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from entente.db import rows
from entente.people.models import Function, Organisation, Person
from entente.people.queries import Face, faces, is_current
from entente.people.who import Who
from entente.prepared import prepared
from forums.kinds.models import AcceptedAnswer, Acknowledgement, Announcement
from forums.mentions.queries import is_reader
from forums.models import Forum, Post, Thread
from forums.queries import is_readable

NOWHERE = "Sans organisation"


class Settled(NamedTuple):
    """The answer that settles a question."""

    post_id: UUID
    number: int
    author: Face


async def settled_by(db: AsyncSession, thread_id: UUID) -> Settled | None:
    """The accepted answer of a question, if there is one."""
    query = (
        rows(col(Post.id), Post.number, Post.author_id)
        .join(AcceptedAnswer, col(AcceptedAnswer.post_id) == col(Post.id))
        .where(col(AcceptedAnswer.thread_id) == thread_id)
    )
    found = (await db.execute(query)).one_or_none()
    if found is None:
        return None
    return Settled(found.id, found.number, (await faces(db, {found.author_id}))[found.author_id])


class Notified(NamedTuple):
    """An announcement as everybody sees it: what it asks, and how many have taken note."""

    thread_id: UUID
    is_mandatory: bool
    due_at: datetime | None
    noted: int


async def announcement(db: AsyncSession, thread_id: UUID) -> Notified | None:
    """What a thread asks its readers to take note of, if it is an announcement."""
    count = rows(func.count()).where(col(Acknowledgement.thread_id) == thread_id).scalar_subquery()
    query = rows(Announcement.thread_id, Announcement.is_mandatory, Announcement.due_at, count.label("noted"))
    found = (await db.execute(query.where(col(Announcement.thread_id) == thread_id))).one_or_none()
    return Notified(*found) if found else None


async def taken_note(db: AsyncSession, who: Who, thread_id: UUID) -> datetime | None:
    """When this person took note of an announcement."""
    found = await db.get(Acknowledgement, (thread_id, who.id))
    return found.at if found else None


class Recorded(NamedTuple):
    """What is kept about someone: an announcement, and when they took note of it."""

    thread_id: UUID
    title: str
    forum: str
    at: datetime


async def recorded_about(db: AsyncSession, who: Who) -> list[Recorded]:
    """Every announcement this person has taken note of, among those they may read, the latest first."""
    query = (
        rows(col(Thread.id), Thread.title, col(Forum.title).label("forum"), Acknowledgement.at)
        .join(Acknowledgement, col(Acknowledgement.thread_id) == col(Thread.id))
        .join(Forum, col(Forum.id) == col(Thread.forum_id))
        .where(col(Acknowledgement.person_id) == who.id, col(Thread.deleted_at).is_(None), is_readable(who))
        .order_by(col(Acknowledgement.at).desc())
    )
    return [Recorded(*row) for row in await db.execute(query)]


class Awaited(NamedTuple):
    """A mandatory announcement that awaits someone."""

    thread_id: UUID
    title: str
    forum: str
    due_at: datetime | None


async def awaited_from(db: AsyncSession, who: Who) -> list[Awaited]:
    """The mandatory announcements that this person reads and has not taken note of, the most urgent first."""
    return [Awaited(*row) for row in await db.execute(*_awaited(who))]


@prepared
def _awaited(who: Who) -> Any:
    known = exists().where(
        col(Acknowledgement.thread_id) == col(Announcement.thread_id), col(Acknowledgement.person_id) == who.id
    )
    return (
        rows(col(Thread.id), Thread.title, col(Forum.title).label("forum"), Announcement.due_at)
        .join(Announcement, col(Announcement.thread_id) == col(Thread.id))
        .join(Forum, col(Forum.id) == col(Thread.forum_id))
        .where(col(Announcement.is_mandatory).is_(True), col(Thread.deleted_at).is_(None), is_readable(who), ~known)
        .where(col(Thread.author_id) != who.id)
        .order_by(col(Announcement.due_at).is_(None), col(Announcement.due_at), col(Thread.created_at))
    )


class Reader(NamedTuple):
    """One of those to whom an announcement is addressed, for one of the organisations they act for."""

    id: UUID
    name: str
    title: str
    at: datetime | None
    """When they took note; none while they have not."""


class Town(NamedTuple):
    """An organisation, as the readers who act for it have taken note or not."""

    id: UUID | None
    name: str
    short_name: str
    hue: int
    readers: list[Reader]

    @property
    def present(self) -> list[Reader]:
        """Those who have taken note."""
        return [reader for reader in self.readers if reader.at]

    @property
    def missing(self) -> list[Reader]:
        """Those who have not."""
        return [reader for reader in self.readers if not reader.at]


async def towns_of(db: AsyncSession, forum: Forum, thread: Thread) -> list[Town]:
    """The readers of an announcement by organisation; whoever acts for several stands under each.

    Its author, who knows, is not counted.
    """
    query = (
        rows(
            col(Person.id),
            Person.given_name,
            Person.family_name,
            Acknowledgement.at,
            func.min(Function.title).label("title"),
            col(Organisation.id).label("organisation_id"),
            col(Organisation.name).label("organisation"),
            Organisation.short_name,
            Organisation.hue,
        )
        .select_from(Person)
        .outerjoin(Function, and_(col(Function.person_id) == col(Person.id), is_current(Function)))
        .outerjoin(Organisation, col(Organisation.id) == col(Function.organisation_id))
        .outerjoin(
            Acknowledgement,
            and_(col(Acknowledgement.person_id) == col(Person.id), col(Acknowledgement.thread_id) == thread.id),
        )
        .where(is_reader(forum), col(Person.id) != thread.author_id)
        .group_by(col(Person.id), col(Organisation.id), col(Acknowledgement.at))
        .order_by(col(Person.family_name), col(Person.given_name), col(Person.id))
    )
    return _by_town(await db.execute(query))


def _by_town(found: Iterable[Any]) -> list[Town]:
    towns: dict[UUID | None, Town] = {}
    for row in found:
        name = row.organisation or NOWHERE
        town = towns.setdefault(
            row.organisation_id, Town(row.organisation_id, name, row.short_name or "", row.hue or 0, [])
        )
        town.readers.append(Reader(row.id, f"{row.given_name} {row.family_name}", row.title or "", row.at))
    return sorted(towns.values(), key=lambda town: (town.id is None, town.name))


async def missing_from(db: AsyncSession, forum: Forum, thread: Thread) -> list[UUID]:
    """The readers of an announcement who have not taken note of it, its author aside."""
    known = exists().where(
        col(Acknowledgement.thread_id) == thread.id, col(Acknowledgement.person_id) == col(Person.id)
    )
    query = rows(col(Person.id)).where(is_reader(forum), col(Person.id) != thread.author_id, ~known)
    return list((await db.execute(query.order_by(col(Person.id)))).scalars())
