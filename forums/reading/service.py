"""What moves a read mark: reading, forward and not too often; its owner, backward and at once."""

from datetime import timedelta
from uuid import UUID

from sqlalchemy import Boolean, Uuid, bindparam, text
from sqlmodel import col

from entente.clock import now
from entente.db import Moment, rows
from entente.ids import Ref
from entente.journal import Verb as AnyVerb
from entente.notices import queries as notices_of
from entente.notices import service as notices
from entente.rights import stream_of_person
from entente.work import Work
from forums.models import Post
from forums.queries import stream_of
from forums.reading.models import Reach

EVERY = timedelta(seconds=5)
"""How often reading moves a mark, at most."""


POST = "forums/post"


class Verb(AnyVerb):
    """What can happen to what one has read: told to one's own other devices."""

    MARK_MOVED = "mark.moved"


async def reach(work: Work, thread_id: UUID, to: Reach) -> bool:
    """Move a mark forward if it is time, and if its owner did not hold it back since; says whether it moved."""
    known = {"person": work.who.id, "thread": thread_id, "number": to.number, "opens": to.opens, "asked": to.asked_at}
    at = now()
    # The row decides, whatever the process: of two that come at once, one moves the mark and the other waits.
    moved = (await work.db.execute(_REACH, {**known, "at": at, "before": at - EVERY})).scalar_one_or_none()
    if moved is None:
        return False
    work.record(stream_of_person(work.who.id), Verb.MARK_MOVED, thread_id)
    await _quiet(work, thread_id, to.number)
    return True


async def _quiet(work: Work, thread_id: UUID, number: int) -> None:
    """Call read what was told of the posts that are."""
    # A mark may be written seconds after the reading: meanwhile, its owner may have been told of what they just read.
    # Only of that: an answer that came since still waits for them.
    waiting = await notices_of.unread_about(work.db, work.who.id, stream_of(thread_id))
    posts = [each.id for each in waiting if each.kind == POST]
    if posts:
        seen = rows(Post.id).where(col(Post.id).in_(posts), col(Post.number) <= number)
        found = (await work.db.execute(seen)).scalars()
        await notices.read_of(work, work.who.id, [Ref(POST, id_) for id_ in found])


async def hold_back(work: Work, post: Post) -> None:
    """Call a post and all that follow unread, until the thread is opened again."""
    known = {"person": work.who.id, "thread": post.thread_id, "number": post.number - 1, "at": now()}
    await work.db.execute(_HOLD, known)
    work.record(stream_of_person(work.who.id), Verb.MARK_MOVED, post.thread_id)


_IDS = (bindparam("person", type_=Uuid()), bindparam("thread", type_=Uuid()))
_AT = bindparam("at", type_=Moment())
_REACH = text(
    "INSERT INTO read_mark (person_id, thread_id, number, written_at) VALUES (:person, :thread, :number, :at) "
    "ON CONFLICT (person_id, thread_id) DO UPDATE SET number = :number, written_at = :at, held_at = NULL "
    "WHERE read_mark.number < :number AND (read_mark.written_at IS NULL OR read_mark.written_at <= :before) "
    "AND (read_mark.held_at IS NULL OR (:opens AND read_mark.held_at < :asked)) RETURNING number"
).bindparams(
    *_IDS,
    _AT,
    bindparam("before", type_=Moment()),
    bindparam("asked", type_=Moment()),
    bindparam("opens", type_=Boolean()),
)
_HOLD = text(
    "INSERT INTO read_mark (person_id, thread_id, number, held_at) VALUES (:person, :thread, :number, :at) "
    "ON CONFLICT (person_id, thread_id) DO UPDATE SET number = :number, held_at = :at"
).bindparams(*_IDS, _AT)
