"""What an address leads to, asked with the present rights of its owner."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, and_
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from entente.db import rows
from entente.people.queries import Face, faces, hash_of, who_is
from entente.people.who import Who
from entente.rules import NotFound
from forums.atom.models import AtomAddress
from forums.models import Forum, Post, Thread
from forums.queries import is_readable
from forums.tags.queries import Mark, tags_on

ENTRIES = 50


class Source(NamedTuple):
    """A living address: whose, and of which forum; none stands for all that they may read."""

    address: AtomAddress
    who: Who
    forum: Forum | None


class Said(NamedTuple):
    """A post as a feed tells it."""

    id: UUID
    number: int
    title: str
    forum: str
    html: str
    created_at: datetime
    edited_at: datetime | None
    author: Face
    tags: Sequence[Mark]


class Offer(NamedTuple):
    """Something that may be followed from outside, and since when it is."""

    slug: str
    title: str
    address_id: UUID | None
    created_at: datetime | None


async def source_at(db: AsyncSession, secret: str) -> Source:
    """What this secret opens, for someone who is still active and may still read it; or NotFound."""
    query = rows(AtomAddress).where(col(AtomAddress.hash) == hash_of(secret))
    address = None if "\0" in secret else (await db.execute(query)).scalar_one_or_none()
    who = await who_is(db, address.person_id) if address else None
    if address is None or who is None:
        raise NotFound
    if address.forum_id is None:
        return Source(address, who, None)
    forum = rows(Forum).where(col(Forum.id) == address.forum_id, is_readable(who))
    found = (await db.execute(forum)).scalar_one_or_none()
    if found is None:
        raise NotFound
    return Source(address, who, found)


async def newest(db: AsyncSession, source: Source) -> list[Said]:
    """The last words that stand, the newest first."""
    where: ColumnElement[bool] = is_readable(source.who)
    if source.forum:
        where = and_(where, col(Thread.forum_id) == source.forum.id)
    # Whatever the size of the forum: the newest posts are in the threads that were answered last, at their end.
    recent = (
        rows(col(Thread.id), Thread.title, Thread.last_number, col(Forum.title).label("forum"))
        .join(Forum, col(Forum.id) == col(Thread.forum_id))
        .where(where, col(Thread.deleted_at).is_(None))
        .order_by(col(Thread.last_post_at).desc(), col(Thread.id).desc())
        .limit(ENTRIES)
        .subquery()
    )
    query = (
        rows(
            col(Post.id),
            Post.thread_id,
            Post.number,
            recent.c.title,
            recent.c.forum,
            Post.html,
            Post.created_at,
            Post.edited_at,
            Post.author_id,
        )
        .join(recent, recent.c.id == col(Post.thread_id))
        .where(
            col(Post.number) > recent.c.last_number - ENTRIES,
            col(Post.deleted_at).is_(None),
            col(Post.hidden_at).is_(None),
        )
        .order_by(col(Post.created_at).desc(), col(Post.id).desc())
        .limit(ENTRIES)
    )
    found = (await db.execute(query)).all()
    authors = await faces(db, {row.author_id for row in found})
    tags = await tags_on(db, list({row.thread_id for row in found}))
    return [
        Said(
            row.id,
            row.number,
            row.title,
            row.forum,
            row.html,
            row.created_at,
            row.edited_at,
            authors[row.author_id],
            tags.get(row.thread_id, ()),
        )
        for row in found
    ]


async def offers(db: AsyncSession, who: Who) -> tuple[Offer, list[Offer]]:
    """All that someone may follow: everything at once, and forum by forum."""
    mine = {
        address.forum_id: address
        for address in (await db.execute(rows(AtomAddress).where(col(AtomAddress.person_id) == who.id))).scalars()
    }
    query = rows(col(Forum.id), Forum.slug, Forum.title).where(is_readable(who))

    def offer(forum_id: UUID | None, slug: str, title: str) -> Offer:
        known = mine.get(forum_id)
        return Offer(slug, title, known.id if known else None, known.created_at if known else None)

    found = await db.execute(query.order_by(col(Forum.place), col(Forum.title)))
    return offer(None, "", "Tous mes forums"), [offer(*row) for row in found]


async def address_of_mine(db: AsyncSession, who: Who, address_id: UUID) -> AtomAddress:
    """An address of this person, or NotFound."""
    address = await db.get(AtomAddress, address_id)
    if address is None or address.person_id != who.id:
        raise NotFound
    return address
