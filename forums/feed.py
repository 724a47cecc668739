"""What live readers of a thread or a forum receive."""

from sqlmodel.ext.asyncio.session import AsyncSession

from entente import links
from entente.journal import Entry
from entente.live import Feed, Fragment, Put
from forums import queries
from forums.models import Thread
from forums.queries import ShownPost, ThreadPlace, ThreadRow, stream_of_forum
from forums.service import Verb

thread_feed = Feed("forums/thread", watch=queries.watch_thread, has_presence=True)
# What a thread is tied to is told to each reader as they may know it.
thread_feed.renews(links.Verb.TIED)
forum_feed = Feed("forums/forum", watch=queries.watch_forum)
readers_feed = Feed("forums/readers", watch=queries.watch_forum)
"""Nothing to show: the hub itself asks again who may read."""

POST = "forums/_post.html"


def shown(post: ShownPost, put: Put = "beforeend") -> Fragment:
    """A post, at the foot of the conversation or where it stands."""
    to = "posts" if put == "beforeend" else f"post-{post.id}"
    return Fragment(POST, put, to, {"post": post}, version=post.key)


def state(thread: Thread) -> Fragment:
    """Whether the conversation goes on, is over, or is gone."""
    return Fragment("forums/_thread_state.html", "replace", "thread-state", {"thread": thread})


def place(of: ThreadPlace) -> Fragment:
    """Where the thread stands: its forum, its pin, its tags."""
    return Fragment("forums/_thread_place.html", "replace", "thread-place", {"place": of})


def listed(row: ThreadRow) -> Fragment:
    """A thread on top of the list."""
    return Fragment("forums/_thread_row.html", "afterbegin", "threads", {"thread": row}, version=row.key)


@thread_feed.shows(Verb.POST_POSTED)
async def post_added(db: AsyncSession, entry: Entry) -> Fragment | None:
    """The post as it is now, at the foot of the conversation."""
    post = await queries.shown_post(db, entry.subject_id)
    return shown(post) if post else None


@thread_feed.shows(Verb.POST_EDITED, Verb.POST_DELETED, Verb.POST_REACTED, Verb.POST_HIDDEN, Verb.POST_UNHIDDEN)
async def post_changed(db: AsyncSession, entry: Entry) -> Fragment | None:
    """The post as it is now, on the pages that show it."""
    post = await queries.shown_post(db, entry.subject_id)
    return shown(post, "replace") if post else None


@thread_feed.shows(Verb.THREAD_CLOSED, Verb.THREAD_REOPENED, Verb.THREAD_DELETED)
async def thread_turned(db: AsyncSession, entry: Entry) -> Fragment | None:
    """The state of the thread as it is now."""
    thread = await db.get(Thread, entry.subject_id)
    return state(thread) if thread else None


@thread_feed.shows(Verb.THREAD_PINNED, Verb.THREAD_UNPINNED, Verb.THREAD_TAGGED)
async def thread_placed(db: AsyncSession, entry: Entry) -> Fragment | None:
    """The head of the thread as it is now."""
    found = await queries.thread_place(db, entry.subject_id)
    return place(found) if found else None


# Those who still read it follow the readers of another forum from now on: only a fresh page says which.
thread_feed.renews(Verb.THREAD_MOVED)


@forum_feed.shows(
    *(Verb.THREAD_OPENED, Verb.THREAD_ANSWERED, Verb.THREAD_SHORTENED, Verb.THREAD_CLOSED, Verb.THREAD_REOPENED),
    *(Verb.THREAD_PINNED, Verb.THREAD_UNPINNED, Verb.THREAD_MOVED, Verb.THREAD_TAGGED),
)
async def thread_listed(db: AsyncSession, entry: Entry) -> Fragment | None:
    """The thread as lists show it now; nothing but its going, to the readers of a forum that it has left."""
    row = await queries.thread_row(db, entry.subject_id)
    if row and str(stream_of_forum(row.forum_id)) != entry.stream:
        return await thread_gone(db, entry)
    return listed(row) if row else None


@forum_feed.shows(Verb.THREAD_DELETED)
async def thread_gone(_db: AsyncSession, entry: Entry) -> Fragment | None:
    """The thread leaves the list."""
    return Fragment("forums/_thread_row.html", "delete", f"thread-{entry.subject_id}")
