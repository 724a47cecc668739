"""What each person wants of a forum or a thread, and who is to be told of a message."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import and_, func, union
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from entente.db import rows
from entente.people.models import Person
from entente.people.who import Who
from entente.prepared import prepared
from entente.telling import Told
from entente.text import EXCERPT_READS, excerpt
from entente.web.words import plural
from forums.addresses import address_of, address_of_post
from forums.following.models import ForumFollow, Level, ThreadFollow
from forums.following.rules import Effective, Ties, effective, quoted_in, reason
from forums.mentions.queries import is_reader, mentioned_in
from forums.models import Forum, Post, ReadMark, Thread
from forums.queries import is_readable

EXCERPT = 160


@dataclass(frozen=True)
class Wish:
    """What one person wants of one thread: what they chose, and what follows."""

    chosen: Level | None
    effective: Effective


async def wish_for_thread(db: AsyncSession, person_id: UUID, thread: Thread) -> Wish:
    """How much someone is told of a thread."""
    row = (await db.execute(*_wish(person_id, thread.id))).one()
    chosen, forum = _level(row.thread), _level(row.forum)
    return Wish(chosen, effective(chosen, thread.author_id == person_id, forum))


@prepared
def _wish(person_id: UUID, thread_id: UUID) -> Any:
    mine = and_(col(ThreadFollow.thread_id) == col(Thread.id), col(ThreadFollow.person_id) == person_id)
    general = and_(col(ForumFollow.forum_id) == col(Thread.forum_id), col(ForumFollow.person_id) == person_id)
    return (
        rows(col(ThreadFollow.level).label("thread"), col(ForumFollow.level).label("forum"))
        .select_from(Thread)
        .outerjoin(ThreadFollow, mine)
        .outerjoin(ForumFollow, general)
        .where(col(Thread.id) == thread_id)
    )


async def level_for_forum(db: AsyncSession, person_id: UUID, forum_id: UUID) -> Level:
    """How much someone is told of a forum in general."""
    found = await db.get(ForumFollow, (person_id, forum_id))
    return Level(found.level) if found else Level.NORMAL


def _level(word: str | None) -> Level | None:
    return Level(word) if word else None


class Said(NamedTuple):
    """A message that stands, with where it was said."""

    post: Post
    thread: Thread
    forum: Forum


async def standing(db: AsyncSession, post_id: UUID) -> Said | None:
    """A message whose words anybody may still read; none once it is withdrawn or hidden."""
    query = (
        select(Post, Thread, Forum)
        .join(Thread, col(Thread.id) == col(Post.thread_id))
        .join(Forum, col(Forum.id) == col(Thread.forum_id))
        .where(
            col(Post.id) == post_id,
            col(Post.deleted_at).is_(None),
            col(Post.hidden_at).is_(None),
            col(Thread.deleted_at).is_(None),
        )
    )
    found = (await db.exec(query)).one_or_none()
    return Said(*found) if found else None


async def told_of(db: AsyncSession, said: Said, is_edit: bool) -> dict[UUID, str]:
    """Everyone to tell of a message and why: they may read it, want to hear of it, and have not read it yet.

    An edit tells those it calls or quotes, and nobody of an answer they knew.
    """
    mentions = await mentioned_in(db, said.post.id)
    quoted = await _authors_of(db, said.thread.id, quoted_in(said.post.body))
    watchers = set() if is_edit else await _watchers(db, said.thread)
    wishes = await _wishes(db, said, {*mentions, *quoted, *watchers} - {said.post.author_id})
    told = {
        person: reason(
            Ties(
                wish,
                mention=mentions.get(person),
                is_quoted=person in quoted,
                has_opened=person == said.thread.author_id and not is_edit,
                is_first=said.post.number == 1,
            ),
            said.forum.title,
        )
        for person, wish in wishes.items()
    }
    return {person: why for person, why in told.items() if why}


async def _watchers(db: AsyncSession, thread: Thread) -> set[UUID]:
    watching = union(
        rows(ThreadFollow.person_id).where(
            col(ThreadFollow.thread_id) == thread.id, col(ThreadFollow.level) == Level.WATCHING
        ),
        rows(ForumFollow.person_id).where(
            col(ForumFollow.forum_id) == thread.forum_id, col(ForumFollow.level) == Level.WATCHING
        ),
    )
    return {thread.author_id, *(await db.execute(watching)).scalars()}


async def _authors_of(db: AsyncSession, thread_id: UUID, posts: Collection[UUID]) -> set[UUID]:
    """Who wrote these messages of a thread; those of other threads are quoted, not answered."""
    if not posts:
        return set()
    query = rows(Post.author_id).where(col(Post.id).in_(posts), col(Post.thread_id) == thread_id)
    return set((await db.execute(query)).scalars())


async def _wishes(db: AsyncSession, said: Said, people: Collection[UUID]) -> dict[UUID, Effective]:
    """What each of these people wants of this thread, if they may read it and have not read the message."""
    thread, forum = said.thread, said.forum
    has_not_read = func.coalesce(col(ReadMark.number), 0) < said.post.number
    query = (
        rows(
            col(Person.id),
            col(ThreadFollow.level).label("thread"),
            col(ForumFollow.level).label("forum"),
        )
        .select_from(Person)
        .outerjoin(ThreadFollow, _of(ThreadFollow, ThreadFollow.thread_id, thread.id))
        .outerjoin(ForumFollow, _of(ForumFollow, ForumFollow.forum_id, forum.id))
        .outerjoin(ReadMark, _of(ReadMark, ReadMark.thread_id, thread.id))
        .where(is_reader(forum), has_not_read)
    )
    found: dict[UUID, Effective] = {}
    wanted = sorted(people)
    for start in range(0, len(wanted), 500):
        for row in await db.execute(query.where(col(Person.id).in_(wanted[start : start + 500]))):
            has_opened = row.id == thread.author_id
            found[row.id] = effective(_level(row.thread), has_opened, _level(row.forum))
    return found


def _of(table: Any, column: Any, id_: UUID) -> Any:
    return and_(table.person_id == col(Person.id), column == id_)


class Followed(NamedTuple):
    """A forum or a thread about which someone chose."""

    title: str
    place: str
    address: str
    level: Level


async def followed_by(db: AsyncSession, who: Who) -> tuple[list[Followed], list[Followed]]:
    """The readable forums, then threads, about which someone said how much they want to be told."""
    forums = (
        rows(Forum.title, Forum.slug, ForumFollow.level)
        .select_from(Forum)
        .join(ForumFollow, and_(col(ForumFollow.forum_id) == col(Forum.id), col(ForumFollow.person_id) == who.id))
        .where(is_readable(who))
        .order_by(col(Forum.place), col(Forum.title))
    )
    threads = (
        rows(col(Thread.id), Thread.title, col(Forum.title).label("place"), ThreadFollow.level)
        .select_from(Thread)
        .join(Forum, col(Forum.id) == col(Thread.forum_id))
        .join(ThreadFollow, and_(col(ThreadFollow.thread_id) == col(Thread.id), col(ThreadFollow.person_id) == who.id))
        .where(is_readable(who), col(Thread.deleted_at).is_(None))
        .order_by(col(Thread.last_post_at).desc())
        .limit(MOST_FOLLOWED)
    )
    return (
        [Followed(row.title, "", f"/forums/{row.slug}", Level(row.level)) for row in await db.execute(forums)],
        [Followed(row.title, row.place, address_of(row.id), Level(row.level)) for row in await db.execute(threads)],
    )


MOST_FOLLOWED = 500


async def tell_posts(db: AsyncSession, who: Who, ids: Collection[UUID]) -> dict[UUID, Told]:
    """These messages as this person may know them: those that stand, in threads they read."""
    query = _standing(who).where(col(Post.id).in_(ids))
    return {
        row.id: Told(
            row.title, address_of_post(row.thread_id, row.number, row.id), excerpt(row.body, EXCERPT), row.place
        )
        for row in await db.execute(query)
    }


async def tell_threads(db: AsyncSession, who: Who, ids: Collection[UUID]) -> dict[UUID, Told]:
    """These threads as this person may know them, with the first words of each."""
    query = _standing(who, even_wordless=True).where(col(Thread.id).in_(ids), col(Post.number) == 1)
    return {
        row.thread_id: Told(
            row.title,
            address_of(row.thread_id),
            excerpt(row.body, EXCERPT) if row.stands else "",
            row.place,
            plural(row.answers, "réponse", "réponses"),
        )
        for row in await db.execute(query)
    }


def _standing(who: Who, even_wordless: bool = False) -> Any:
    stands = and_(col(Post.deleted_at).is_(None), col(Post.hidden_at).is_(None))
    query = (
        rows(
            col(Post.id),
            Post.thread_id,
            Post.number,
            func.substr(Post.body, 1, EXCERPT_READS).label("body"),
            Thread.title,
            (col(Thread.post_count) - 1).label("answers"),
            col(Forum.title).label("place"),
            stands.label("stands"),
        )
        .select_from(Post)
        .join(Thread, col(Thread.id) == col(Post.thread_id))
        .join(Forum, col(Forum.id) == col(Thread.forum_id))
        .where(col(Thread.deleted_at).is_(None), is_readable(who))
    )
    return query if even_wordless else query.where(stands)
