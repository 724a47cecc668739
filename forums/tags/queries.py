"""Which tags there are, and which threads bear them."""

from collections.abc import Sequence
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, exists, func
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from entente.db import rows
from entente.prepared import prepared
from entente.rules import NotFound
from forums.models import Thread
from forums.tags.models import Tag, ThreadTag


class Mark(NamedTuple):
    """A tag as everybody sees it."""

    id: UUID
    slug: str
    name: str


class UsedTag(NamedTuple):
    """A tag as whoever keeps the forum sees it: with how many threads bear it."""

    id: UUID
    slug: str
    name: str
    threads: int


_MARK = (col(Tag.id), Tag.slug, Tag.name)
# By address: it has no accents, which databases sort each in their own way.
_ORDER = (col(Tag.slug), col(Tag.id))


async def tags_of(db: AsyncSession, forum_id: UUID) -> list[Mark]:
    """The tags of a forum, in the order of the alphabet."""
    query = rows(*_MARK).where(col(Tag.forum_id) == forum_id).order_by(*_ORDER)
    return [Mark(*row) for row in await db.execute(query)]


async def used_tags_of(db: AsyncSession, forum_id: UUID) -> list[UsedTag]:
    """The tags of a forum, each with the number of threads that bear it."""
    count = func.count(col(ThreadTag.thread_id))
    query = (
        rows(*_MARK, count)
        .outerjoin(ThreadTag, col(ThreadTag.tag_id) == col(Tag.id))
        .where(col(Tag.forum_id) == forum_id)
        .group_by(*_MARK)
        .order_by(*_ORDER)
    )
    return [UsedTag(*row) for row in await db.execute(query)]


async def tags_on(db: AsyncSession, thread_ids: Sequence[UUID]) -> dict[UUID, list[Mark]]:
    """For each of these threads that bears tags, which ones."""
    if not thread_ids:
        return {}
    found: dict[UUID, list[Mark]] = {}
    for thread_id, *mark in await db.execute(*_on(thread_ids)):
        found.setdefault(thread_id, []).append(Mark(*mark))
    return found


@prepared
def _on(thread_ids: Sequence[UUID]) -> Any:
    return (
        rows(ThreadTag.thread_id, *_MARK)
        .join(Tag, col(Tag.id) == col(ThreadTag.tag_id))
        .where(col(ThreadTag.thread_id).in_(thread_ids))
        .order_by(*_ORDER)
    )


def is_tagged(tag_id: UUID) -> ColumnElement[bool]:
    """The threads that bear this tag."""
    return exists().where(col(ThreadTag.thread_id) == col(Thread.id), col(ThreadTag.tag_id) == tag_id)


async def tag_in(db: AsyncSession, forum_id: UUID, slug: str) -> Mark:
    """The tag at this address in a forum, or NotFound."""
    query = rows(*_MARK).where(col(Tag.forum_id) == forum_id, col(Tag.slug) == slug)
    found = None if "\0" in slug else (await db.execute(query)).one_or_none()
    if found is None:
        raise NotFound
    return Mark(*found)


async def kept_tag(db: AsyncSession, forum_id: UUID, tag_id: UUID) -> Tag:
    """A tag of this forum, or NotFound."""
    tag = await db.get(Tag, tag_id)
    if tag is None or tag.forum_id != forum_id:
        raise NotFound
    return tag


async def lost_in(db: AsyncSession, thread_id: UUID, forum_id: UUID) -> list[Mark]:
    """The tags of a thread that another forum does not know."""
    known = {tag.slug for tag in await tags_of(db, forum_id)}
    borne = (await tags_on(db, [thread_id])).get(thread_id, [])
    return [tag for tag in borne if tag.slug not in known]
