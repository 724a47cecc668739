"""Posts, as the search of the house reads, guards and shows them."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, func, select
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from entente.db import rows
from entente.people.queries import faces
from entente.people.who import Who
from entente.search.findable import Doc, Document, Find, Findable
from entente.text import TooLong, plain
from forums.addresses import address_of_post
from forums.models import Forum, Post, Thread
from forums.queries import is_readable
from forums.search.filters import FILTERS
from forums.service import Verb

KIND = "forums/post"
_OF_THREAD = (Verb.THREAD_MOVED, Verb.THREAD_DELETED)
_OF_POST = (Verb.POST_POSTED, Verb.POST_EDITED, Verb.POST_DELETED, Verb.POST_HIDDEN, Verb.POST_UNHIDDEN)


def _stands() -> tuple[ColumnElement[bool], ...]:
    return col(Post.deleted_at).is_(None), col(Post.hidden_at).is_(None), col(Thread.deleted_at).is_(None)


def _posts(*columns: Any) -> Select[Any]:
    return rows(*columns).join(Thread, col(Thread.id) == col(Post.thread_id)).where(*_stands())


async def touched(db: AsyncSession, verb: str, subject_id: UUID) -> Sequence[UUID]:
    """The post that it is about, or every post of the thread."""
    if verb in _OF_POST:
        return [subject_id]
    query = rows(col(Post.id)).where(col(Post.thread_id) == subject_id).order_by(col(Post.number))
    return (await db.execute(query)).scalars().all()


async def all_posts(db: AsyncSession, after: UUID | None, limit: int) -> Sequence[UUID]:
    """The posts after one, by id, which is the order of their birth."""
    query = rows(col(Post.id)).order_by(col(Post.id)).limit(limit)
    if after is not None:
        query = query.where(col(Post.id) > after)
    return (await db.execute(query)).scalars().all()


async def documents(db: AsyncSession, ids: Sequence[UUID]) -> Sequence[Document]:
    """The posts that stand, with the title of their thread."""
    query = _posts(
        col(Post.id),
        Post.thread_id,
        Post.author_id,
        Post.created_at,
        Post.number,
        Post.body,
        Thread.forum_id,
        Thread.title,
    )
    return [
        Document(
            row.id,
            row.forum_id,
            row.thread_id,
            row.author_id,
            row.created_at,
            row.title,
            _words(row.body),
            is_head=row.number == 1,
        )
        for row in await db.execute(query.where(col(Post.id).in_(ids)))
    ]


def _words(body: str) -> str:
    try:
        return plain(body)
    except TooLong:
        # Written when a post could hold more.
        return body


async def count(db: AsyncSession) -> int:
    """How many posts stand."""
    return int((await db.execute(_posts(func.count()).select_from(Post))).scalar_one())


def scopes(who: Who) -> Select[Any]:
    """The forums open to this person."""
    return select(col(Forum.id)).where(is_readable(who))


def stands(document: Doc, who: Who) -> ColumnElement[bool]:
    """Whether the post stands, in a forum that this person reads: the page's own question."""
    return (
        _posts(col(Post.id))
        .join(Forum, col(Forum.id) == col(Thread.forum_id))
        .where(col(Post.id) == document.subject_id, is_readable(who))
        .exists()
    )


async def shown(db: AsyncSession, ids: Sequence[UUID]) -> Sequence[Find]:
    """These posts, as results show them."""
    query = _posts(
        col(Post.id),
        Post.thread_id,
        Post.author_id,
        Post.created_at,
        Post.number,
        Post.body,
        Thread.title,
        Forum.slug,
        col(Forum.title).label("forum"),
    ).join(Forum, col(Forum.id) == col(Thread.forum_id))
    found = (await db.execute(query.where(col(Post.id).in_(ids)))).all()
    authors = await faces(db, {row.author_id for row in found})
    return [
        Find(
            row.id,
            row.title,
            _words(row.body),
            address_of_post(row.thread_id, row.number, row.id),
            row.created_at,
            authors[row.author_id],
            (row.forum, f"/forums/{row.slug}"),
        )
        for row in found
    ]


posts = Findable(
    KIND,
    label=("message", "messages"),
    groups=("fil", "fils"),
    verbs=frozenset({*_OF_POST, *_OF_THREAD}),
    touched=touched,
    all=all_posts,
    documents=documents,
    count=count,
    scopes=scopes,
    stands=stands,
    shown=shown,
    filters=FILTERS,
)
