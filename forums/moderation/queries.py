"""What a moderator needs to see: hidden words, and where a thread may go."""

from collections.abc import Collection, Mapping
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import func
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from entente.clock import now
from entente.db import rows
from entente.people.who import Who
from entente.rules import NotFound
from entente.telling import Told
from forums import queries
from forums.models import Forum, Post, Thread
from forums.moderation import rules
from forums.moderation.models import Hiding
from forums.queries import Place, is_readable


class HiddenPost(NamedTuple):
    """A post whose words are hidden, for its author or a moderator."""

    post: Post
    place: Place
    hiding: Hiding


async def hidden_post_for(db: AsyncSession, who: Who, post_id: UUID) -> HiddenPost:
    """A hidden post, for those who still read its words, or NotFound."""
    post, place = await queries.post_for(db, who, post_id, even_hidden=True)
    hiding = await db.get(Hiding, post_id)
    if hiding is None or not rules.may_read_hidden(who, post, place.moderates):
        raise NotFound
    return HiddenPost(post, place, hiding)


async def forums_to_move_to(db: AsyncSession, who: Who, but: UUID) -> list[tuple[str, str]]:
    """The forums open to this person, by address and title, but the one where the thread stands."""
    query = rows(Forum.slug, Forum.title).where(is_readable(who), col(Forum.id) != but)
    return [(slug, title) for slug, title in await db.execute(query.order_by(col(Forum.place), col(Forum.title)))]


async def pinned_in(db: AsyncSession, forum_id: UUID, but: UUID) -> int:
    """How many other threads stand on top of a forum now."""
    query = rows(func.count()).where(
        col(Thread.forum_id) == forum_id,
        col(Thread.id) != but,
        col(Thread.deleted_at).is_(None),
        queries.is_pinned(now()),
    )
    return int((await db.execute(query)).scalar_one())


async def tell_hidings(db: AsyncSession, who: Who, ids: Collection[UUID]) -> Mapping[UUID, Told]:
    """That posts of this person are hidden, and why; never the words."""
    query = (
        select(Post.id, Thread.title, Forum.title, Hiding.reason)
        .join(Hiding, col(Hiding.post_id) == col(Post.id))
        .join(Thread, col(Thread.id) == col(Post.thread_id))
        .join(Forum, col(Forum.id) == col(Thread.forum_id))
        .where(
            col(Post.id).in_(ids),
            col(Post.author_id) == who.id,
            col(Post.deleted_at).is_(None),
            col(Thread.deleted_at).is_(None),
            is_readable(who),
        )
    )
    return {
        id_: Told(title, f"/forums/messages/{id_}/masquage", f"Motif\u00a0: {reason}", forum)
        for id_, title, forum, reason in await db.exec(query)
    }
