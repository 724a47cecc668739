"""What a person can see in the forums: one predicate serves lists, pages, search and live streams."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, Integer, Uuid, and_, bindparam, exists, false, func, not_, or_
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from entente import journal
from entente.clock import now
from entente.db import rows
from entente.ids import Ref
from entente.people.models import Person
from entente.people.queries import Face, faces
from entente.people.who import Who
from entente.prepared import Asked, prepared
from entente.rules import NotFound
from forums.attachments.shown import ShownFile, files_of
from forums.kinds.models import AcceptedAnswer
from forums.models import Forum, Kind, Moderator, Post, Reading, ReadMark, Thread
from forums.moderation.models import FOREVER, Hiding
from forums.reactions.queries import NOTHING_MADE, Made, made_on
from forums.tags.queries import Mark, is_tagged, tags_on

POSTS_PER_PAGE = 50
THREADS_PER_PAGE = 50
MOST_PINNED = 10
"""How many threads may stand on top of a forum."""
_PINNED_FIRST = 4 * 10**15
"""More than any year's microseconds, and less than what JavaScript counts without error."""
_BIRTH = datetime(1970, 1, 1, tzinfo=UTC)
_TICK = timedelta(microseconds=1)


def stream_of(thread_id: UUID) -> Ref:
    """The story of a thread."""
    return Ref("forums/thread", thread_id)


def stream_of_forum(forum_id: UUID) -> Ref:
    """The story of a forum: its threads, not what is said in them."""
    return Ref("forums/forum", forum_id)


def is_readable(who: Who) -> ColumnElement[bool]:
    """The forums open to this person; `rules.may_read` says the same of one forum."""
    if not who.is_known:
        return false()
    grounds: list[ColumnElement[bool]] = [
        col(Forum.body_id).in_(who.bodies),
        col(Forum.group_id).in_(who.groups),
        col(Forum.function).in_(who.function_kinds),
    ]
    if who.is_member:
        grounds += [col(Forum.reading) == Reading.ALL, is_moderated_by(who)]
    return or_(*grounds)


def is_moderated_by(who: Who) -> ColumnElement[bool]:
    """The forums whose peace this person keeps."""
    return exists().where(col(Moderator.forum_id) == col(Forum.id), col(Moderator.person_id) == who.id)


def stream_of_readers(forum_id: UUID) -> Ref:
    """When the readers of a forum change: followed by its threads, which need not hear of one another."""
    return Ref("forums/readers", forum_id)


class Place(NamedTuple):
    """A thread in its forum, as seen by someone who may read it."""

    thread: Thread
    forum: Forum
    moderates: bool


async def thread_for(db: AsyncSession, who: Who, thread_id: UUID) -> Place:
    """The thread, or NotFound: a stranger cannot tell a secret from a void."""
    question, asked = _place(who, thread_id)
    found = (await db.exec(question, params=asked)).one_or_none()
    if found is None:
        raise NotFound
    return Place(*found)


@prepared
def _place(who: Who, thread_id: UUID) -> Any:
    return (
        select(Thread, Forum, is_moderated_by(who))
        .join(Forum, col(Forum.id) == col(Thread.forum_id))
        .where(col(Thread.id) == thread_id, col(Thread.deleted_at).is_(None), is_readable(who))
    )


async def forum_for(db: AsyncSession, who: Who, slug: str) -> tuple[Forum, bool]:
    """The forum at this address and whether this person moderates it, or NotFound."""
    if "\0" in slug:
        raise NotFound  # PostgreSQL has no room for a zero in a text
    return await _forum(db, _forum_at(who, slug))


async def forum_held(db: AsyncSession, who: Who, forum_id: UUID) -> tuple[Forum, bool]:
    """A forum, readable or not, and whether this person moderates it: for whoever asks why it is."""
    return await _forum(db, _forum_with(who, forum_id))


@prepared
def _forum_at(who: Who, slug: str) -> Any:
    return select(Forum, is_moderated_by(who)).where(col(Forum.slug) == slug, is_readable(who))


@prepared
def _forum_with(who: Who, forum_id: UUID) -> Any:
    return select(Forum, is_moderated_by(who)).where(col(Forum.id) == forum_id)


async def _forum(db: AsyncSession, asked: Asked) -> tuple[Forum, bool]:
    question, values = asked
    found = (await db.exec(question, params=values)).one_or_none()
    if found is None:
        raise NotFound
    return found[0], found[1]


async def all_forums(db: AsyncSession) -> list[tuple[UUID, str]]:
    """Every forum with its title, in the order of the list."""
    query = rows(col(Forum.id), Forum.title).order_by(col(Forum.place), col(Forum.title))
    return [(row.id, row.title) for row in await db.execute(query)]


async def watch_thread(db: AsyncSession, who: Who, thread_id: UUID) -> object:
    """The right to follow a thread live: the page's own question."""
    return await thread_for(db, who, thread_id)


async def watch_forum(db: AsyncSession, who: Who, forum_id: UUID) -> object:
    """The right to follow a forum live."""
    found: UUID | None = (await db.execute(*_readable(who, forum_id))).scalar_one_or_none()
    if found is None:
        raise NotFound
    return found


@prepared
def _readable(who: Who, forum_id: UUID) -> Any:
    return rows(col(Forum.id)).where(col(Forum.id) == forum_id, is_readable(who))


async def post_for(db: AsyncSession, who: Who, post_id: UUID, even_hidden: bool = False) -> tuple[Post, Place]:
    """A post whose words stand in a thread this person reads, or NotFound.

    Nobody does anything with words that a moderator hides, unless the caller says so and looks at who asks.
    """
    post = await db.get(Post, post_id)
    if post is None or post.deleted_at is not None or (post.hidden_at is not None and not even_hidden):
        raise NotFound
    return post, await thread_for(db, who, post.thread_id)


@dataclass(frozen=True)
class ShownPost:
    """A post as everybody sees it."""

    id: UUID
    thread_id: UUID
    number: int
    html: str
    look: int
    created_at: datetime
    edited_at: datetime | None
    is_deleted: bool
    author: Face
    hidden: str | None = None
    """Why a moderator hides its words; none when they stand."""
    is_answer: bool = False
    """Whether it answers a question: then it may be accepted."""
    is_accepted: bool = False
    signs: Sequence[Made] = NOTHING_MADE
    """What was answered without a word."""
    files: Sequence[ShownFile] = ()

    @property
    def key(self) -> str:
        """Names these exact bytes: the post and its author, each as it looks now."""
        return f"{self.id}.{self.look}.{self.author.version}"


_SHOWN: Any = (
    col(Post.id),
    Post.thread_id,
    Post.number,
    Post.html,
    Post.look,
    Post.created_at,
    Post.edited_at,
    Post.deleted_at,
    Post.author_id,
    Post.hidden_at,
    Hiding.reason,
    (col(Thread.kind) == Kind.QUESTION).label("in_question"),
    col(AcceptedAnswer.post_id).label("accepted"),
)


async def shown_posts(db: AsyncSession, ids: list[UUID]) -> list[ShownPost]:
    """These posts as everybody sees them, in their order in the thread."""
    if not ids:
        return []
    query = (
        rows(*_SHOWN)
        .join(Thread, col(Thread.id) == col(Post.thread_id))
        .outerjoin(Hiding, col(Hiding.post_id) == col(Post.id))
        .outerjoin(AcceptedAnswer, col(AcceptedAnswer.post_id) == col(Post.id))
    )
    found = (await db.execute(query.where(col(Post.id).in_(ids)).order_by(col(Post.number)))).all()
    authors = await faces(db, {row.author_id for row in found})
    signs = await made_on(db, ids)
    files = await files_of(db, [row.id for row in found if not (row.deleted_at or row.hidden_at)])
    return [
        ShownPost(
            row.id,
            row.thread_id,
            row.number,
            "" if row.deleted_at or row.hidden_at else row.html,
            row.look,
            row.created_at,
            row.edited_at,
            row.deleted_at is not None,
            authors[row.author_id],
            hidden=(row.reason or "") if row.hidden_at else None,
            is_answer=row.in_question and row.number > 1,
            is_accepted=row.accepted is not None,
            signs=signs.get(row.id, NOTHING_MADE),
            files=files.get(row.id, ()),
        )
        for row in found
    ]


async def first_post(db: AsyncSession, thread_id: UUID) -> Post:
    """What a thread begins with."""
    return (await db.exec(select(Post).where(col(Post.thread_id) == thread_id, col(Post.number) == 1))).one()


async def shown_post(db: AsyncSession, post_id: UUID) -> ShownPost | None:
    """One post as everybody sees it."""
    found = await shown_posts(db, [post_id])
    return found[0] if found else None


class PostKey(NamedTuple):
    """A post on a page, before anything is rendered."""

    id: UUID
    number: int
    key: str


def page_of(number: int) -> int:
    """The number after which the page that holds this post begins: numbers never change, nor do pages."""
    return (max(number, 1) - 1) // POSTS_PER_PAGE * POSTS_PER_PAGE


async def post_keys(db: AsyncSession, thread_id: UUID, after: int) -> list[PostKey]:
    """The posts of a page and one more, by number: what may already be rendered needs no other question."""
    found = await db.execute(_KEYS, {"thread": thread_id, "after": after})
    return [PostKey(id_, number, f"{id_}.{look}.{author_version}") for id_, number, look, author_version in found]


_KEYS = (
    rows(col(Post.id), Post.number, Post.look, Person.version)
    .join(Person, col(Person.id) == col(Post.author_id))
    .where(col(Post.thread_id) == bindparam("thread", type_=Uuid()))
    .where(col(Post.number) > bindparam("after", type_=Integer()))
    .order_by(col(Post.number))
    .limit(POSTS_PER_PAGE + 1)
)


class ThreadRow(NamedTuple):
    """A thread in a list, as everybody sees it."""

    id: UUID
    title: str
    forum_title: str
    is_closed: bool
    answers: int
    last_number: int
    last_post_at: datetime
    last_author: Face
    forum_id: UUID
    is_pinned: bool = False
    tags: Sequence[Mark] = ()
    kind: Kind = Kind.DISCUSSION
    is_resolved: bool = False

    @property
    def order(self) -> int:
        """Its place in the list, lowest first: pinned or not, then how recently it was answered."""
        return self.age - _PINNED_FIRST * self.is_pinned

    @property
    def age(self) -> int:
        """What it lacks to have been answered in 1970, in microseconds."""
        return (_BIRTH - self.last_post_at) // _TICK

    @property
    def key(self) -> str:
        """Names these exact bytes: everything that the list shows of the thread."""
        author = f"{self.last_author.id}.{self.last_author.version}"
        state = f"{self.id}.{self.order}.{self.last_number}.{self.answers}.{self.is_closed:d}.{author}"
        state = f"{state}.{self.kind}.{self.is_resolved:d}"
        return f"{state}.{self.forum_id}.{' '.join(f'{tag.slug}={tag.name}' for tag in self.tags)}.{self.title}"


class ThreadList(NamedTuple):
    """A page of threads, which of them hold news for this person, and where older ones begin."""

    threads: list[ThreadRow]
    unread: set[UUID]
    older: str | None


_ROW: Any = (
    col(Thread.id),
    Thread.title,
    col(Forum.title).label("forum_title"),
    col(Thread.closed_at).is_not(None).label("is_closed"),
    (col(Thread.post_count) - 1).label("answers"),
    Thread.last_number,
    Thread.last_post_at,
    Thread.last_author_id,
    Thread.forum_id,
    Thread.pinned_until,
    Thread.kind,
    exists().where(col(AcceptedAnswer.thread_id) == col(Thread.id)).label("is_resolved"),
)


def _thread_rows() -> Any:
    return rows(*_ROW).join(Forum, col(Forum.id) == col(Thread.forum_id)).where(col(Thread.deleted_at).is_(None))


async def threads_in(
    db: AsyncSession,
    who: Who,
    forum: Forum,
    before: str | None = None,
    tag_id: UUID | None = None,
    kind: Kind | None = None,
    is_settled: bool | None = None,
) -> ThreadList:
    """A page of a forum's threads, the most recently answered first; on top of the first page, the pinned ones.

    All of them, those that bear a tag, those of a kind, the questions that are settled or not.
    """
    sought: dict[str, Any] = {
        "who": who,
        "forum_id": forum.id,
        "at": now(),
        "tag_id": tag_id,
        "kind": kind,
        "is_settled": is_settled,
    }
    top = [] if before else (await db.execute(*_pinned(**sought))).all()
    before_at, before_id = _before(before) if before else (None, None)
    found = (await db.execute(*_others(**sought, before_at=before_at, before_id=before_id))).all()
    return await _list(db, found, THREADS_PER_PAGE, top)


def is_pinned(at: datetime) -> ColumnElement[bool]:
    """Whether a thread stands on top of its forum at this moment."""
    return and_(col(Thread.pinned_until).is_not(None), func.coalesce(col(Thread.pinned_until), at) > at)


@prepared
def _pinned(
    who: Who, forum_id: UUID, at: datetime, tag_id: UUID | None, kind: Kind | None, is_settled: bool | None
) -> Any:
    # By their own index, which holds nothing else: in the order of the list, finding them would read the whole forum.
    few = select(Thread.id).where(_is_sought(forum_id, tag_id, kind, is_settled), is_pinned(at))
    return _listing(who, col(Thread.id).in_(few)).limit(MOST_PINNED)


@prepared
def _others(
    who: Who,
    forum_id: UUID,
    at: datetime,
    tag_id: UUID | None,
    kind: Kind | None,
    is_settled: bool | None,
    before_at: datetime | None,
    before_id: UUID | None,
) -> Any:
    query = _listing(who, and_(_is_sought(forum_id, tag_id, kind, is_settled), not_(is_pinned(at))))
    if before_at is not None:
        last, id_ = col(Thread.last_post_at), col(Thread.id)
        query = query.where(or_(last < before_at, and_(last == before_at, id_ < before_id)))
    return query.limit(THREADS_PER_PAGE + 1)


def _is_sought(forum_id: UUID, tag_id: UUID | None, kind: Kind | None, is_settled: bool | None) -> ColumnElement[bool]:
    sought = [col(Thread.forum_id) == forum_id]
    if tag_id is not None:
        sought.append(is_tagged(tag_id))
    if kind is not None:
        sought.append(col(Thread.kind) == kind)
    if is_settled is not None:
        settled = exists().where(col(AcceptedAnswer.thread_id) == col(Thread.id))
        sought += [col(Thread.kind) == Kind.QUESTION, settled if is_settled else ~settled]
    return and_(*sought)


async def threads_with_news(db: AsyncSession, who: Who, limit: int) -> ThreadList:
    """The readable threads that hold something this person has not read."""
    found = (await db.execute(*_with_news(who, limit + 1))).all()
    return await _list(db, found, limit)


@prepared
def _with_news(who: Who, most: int) -> Any:
    return _listing(who, and_(is_readable(who), _is_unread())).limit(most)


def _is_unread() -> ColumnElement[bool]:
    return col(Thread.last_number) > func.coalesce(col(ReadMark.number), 0)


def _listing(who: Who, which: ColumnElement[bool]) -> Any:
    return (
        _thread_rows()
        .add_columns(_is_unread().label("unread"))
        .outerjoin(ReadMark, and_(col(ReadMark.thread_id) == col(Thread.id), col(ReadMark.person_id) == who.id))
        .where(which)
        .order_by(col(Thread.last_post_at).desc(), col(Thread.id).desc())
    )


async def _list(db: AsyncSession, found: Sequence[Any], limit: int, top: Sequence[Any] = ()) -> ThreadList:
    page = [*top, *found[:limit]]
    threads = await _with_authors(db, page)
    older = f"{-threads[-1].age}_{threads[-1].id}" if len(found) > limit else None
    return ThreadList(threads, {row.id for row in page if row.unread}, older)


async def _with_authors(db: AsyncSession, found: Sequence[Any]) -> list[ThreadRow]:
    authors = await faces(db, {row.last_author_id for row in found})
    tags = await tags_on(db, [row.id for row in found])
    at = now()
    return [
        ThreadRow(
            row.id,
            row.title,
            row.forum_title,
            row.is_closed,
            row.answers,
            row.last_number,
            row.last_post_at,
            authors[row.last_author_id],
            row.forum_id,
            is_pinned=row.pinned_until is not None and row.pinned_until > at,
            tags=tags.get(row.id, ()),
            kind=Kind(row.kind),
            is_resolved=row.is_resolved,
        )
        for row in found
    ]


def _before(older: str) -> tuple[datetime, UUID]:
    """When the last thread of a page was answered, and which it is."""
    moment, _, thread_id = older.partition("_")
    try:
        return _BIRTH + int(moment) * _TICK, UUID(thread_id)
    except (ValueError, OverflowError):
        raise NotFound from None


async def thread_row(db: AsyncSession, thread_id: UUID) -> ThreadRow | None:
    """One thread as lists show it."""
    found = await _with_authors(db, (await db.execute(_thread_rows().where(col(Thread.id) == thread_id))).all())
    return found[0] if found else None


class ThreadPlace(NamedTuple):
    """Where a thread stands, as everybody who reads it sees it."""

    slug: str
    forum: str
    created_at: datetime
    is_pinned: bool
    pinned_until: datetime | None
    """None for a pin without end."""
    tags: Sequence[Mark]


async def thread_place(db: AsyncSession, thread_id: UUID) -> ThreadPlace | None:
    """The head of a thread."""
    query = select(Thread, Forum).join(Forum, col(Forum.id) == col(Thread.forum_id))
    found = (await db.exec(query.where(col(Thread.id) == thread_id))).one_or_none()
    return await placed(db, *found) if found else None


async def placed(db: AsyncSession, thread: Thread, forum: Forum) -> ThreadPlace:
    """The head of a thread that is at hand."""
    until = thread.pinned_until
    tags = (await tags_on(db, [thread.id])).get(thread.id, ())
    end = None if until == FOREVER else until
    is_on_top = until is not None and until > now()
    return ThreadPlace(forum.slug, forum.title, thread.created_at, is_on_top, end, tags)


class ForumCard(NamedTuple):
    """A forum in the list of forums."""

    forum: Forum
    threads: int
    last_post_at: datetime | None
    unread: int


async def forums_of(db: AsyncSession, who: Who) -> list[ForumCard]:
    """The forums open to this person, with what is new in each."""
    found = await db.execute(*_forums(who))
    return [ForumCard(forum, threads or 0, last, unread or 0) for forum, threads, last, unread in found]


@prepared
def _forums(who: Who) -> Any:
    counted = (
        rows(
            Thread.forum_id,
            func.count().label("threads"),
            func.max(Thread.last_post_at).label("last"),
            func.count().filter(_is_unread()).label("unread"),
        )
        .outerjoin(ReadMark, and_(col(ReadMark.thread_id) == col(Thread.id), col(ReadMark.person_id) == who.id))
        .where(col(Thread.deleted_at).is_(None))
        .group_by(col(Thread.forum_id))
        .subquery()
    )
    return (
        select(Forum, counted.c.threads, counted.c.last, counted.c.unread)
        .outerjoin(counted, counted.c.forum_id == col(Forum.id))
        .where(is_readable(who))
        .order_by(col(Forum.place), col(Forum.title))
    )


async def read_up_to(db: AsyncSession, who: Who, thread_id: UUID) -> int:
    """The number of the last post this person has seen in a thread."""
    return (await db.execute(*_read(who.id, thread_id))).scalar_one_or_none() or 0


@prepared
def _read(person_id: UUID, thread_id: UUID) -> Any:
    return rows(ReadMark.number).where(col(ReadMark.person_id) == person_id, col(ReadMark.thread_id) == thread_id)


async def cursors_of(db: AsyncSession, thread_id: UUID) -> list[journal.Cursor]:
    """Where the stories of a thread and of its readers stand: read them before the posts."""
    forum_id = (await db.execute(_FORUM_OF, {"thread": thread_id})).scalar_one_or_none()
    if forum_id is None:
        raise NotFound
    streams = [stream_of(thread_id), stream_of_readers(forum_id)]
    tips = await journal.tips(db, map(str, streams))
    unborn = journal.Tip(0, 0, journal.UNBORN)
    found = [(stream, tips.get(str(stream), unborn)) for stream in streams]
    return [journal.Cursor(stream, tip.epoch, tip.position) for stream, tip in found]


_FORUM_OF = rows(Thread.forum_id).where(col(Thread.id) == bindparam("thread", type_=Uuid()))
