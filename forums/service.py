"""What can be done in the forums: one function per verb, all inside the caller's transaction."""

from uuid import UUID

from sqlalchemy import Uuid, bindparam, text, true, update
from sqlmodel import col

from entente.clock import now
from entente.ids import Ref
from entente.journal import Verb as AnyVerb
from entente.rules import Conflict, Invalid, require
from entente.text import TooLong, to_html
from entente.work import Work
from forums import rules
from forums.history import service as history
from forums.kinds import service as kinds
from forums.mentions import service as mentions
from forums.mentions.service import Calls
from forums.models import EditedPost, Forum, NewPost, NewThread, Post, Thread
from forums.queries import Place, stream_of, stream_of_forum
from forums.reports import service as reports


class Verb(AnyVerb):
    """What can happen in the forums."""

    THREAD_OPENED = "thread.opened"
    THREAD_CLOSED = "thread.closed"
    THREAD_REOPENED = "thread.reopened"
    THREAD_DELETED = "thread.deleted"
    THREAD_ANSWERED = "thread.answered"
    THREAD_SHORTENED = "thread.shortened"
    POST_POSTED = "post.posted"
    POST_EDITED = "post.edited"
    POST_DELETED = "post.deleted"
    POST_REACTED = "post.reacted"
    POST_HIDDEN = "post.hidden"
    POST_UNHIDDEN = "post.unhidden"
    THREAD_PINNED = "thread.pinned"
    THREAD_UNPINNED = "thread.unpinned"
    THREAD_MOVED = "thread.moved"
    THREAD_TAGGED = "thread.tagged"


CLOSED = "Ce fil est fermé\u00a0: on ne peut plus y répondre."


async def open_thread(work: Work, forum: Forum, moderates: bool, new: NewThread) -> Thread:
    """Start a conversation with its first post."""
    require(rules.may_open_thread(work.who, forum, moderates))
    thread = Thread(
        forum_id=forum.id, author_id=work.who.id, title=new.title, kind=new.kind, last_author_id=work.who.id
    )
    work.db.add(thread)
    await work.db.flush()
    await _say(work, Place(thread, forum, moderates), new)
    work.record(stream_of_forum(forum.id), Verb.THREAD_OPENED, thread.id)
    return thread


async def post(work: Work, place: Place, new: NewPost) -> Post:
    """Answer in a thread."""
    require(rules.may_post(place.thread), CLOSED)
    said = await _say(work, place, new)
    work.record(stream_of_forum(place.forum.id), Verb.THREAD_ANSWERED, place.thread.id)
    return said


async def _say(work: Work, place: Place, new: NewPost) -> Post:
    thread, body = place.thread, new.body
    calls = await mentions.read(work.db, work.who, place.forum, body)
    mentions.agree(calls, place.moderates, new.confirmed)
    html = _safe(body, calls)
    at = now()
    # The row's lock orders those who answer at the same time, and a thread closed meanwhile answers nothing.
    taken = (
        update(Thread)
        .where(col(Thread.id) == thread.id, col(Thread.closed_at).is_(None), col(Thread.deleted_at).is_(None))
        .values(
            last_number=Thread.last_number + 1,
            post_count=Thread.post_count + 1,
            last_post_at=at,
            last_author_id=work.who.id,
        )
        .returning(col(Thread.last_number))
    )
    number = (await work.db.execute(taken)).scalar_one_or_none()
    require(number is not None, CLOSED)
    said = Post(thread_id=thread.id, number=number or 0, author_id=work.who.id, body=body, html=html, created_at=at)
    work.db.add(said)
    await work.db.flush()
    await mentions.call(work, said, calls)
    await mark_read(work, thread.id, said.number)
    work.record(stream_of(thread.id), Verb.POST_POSTED, said.id)
    return said


async def edit_post(work: Work, place: Place, said: Post, edited: EditedPost) -> Post:
    """Correct one's own words; written over an older version, it is refused and the text kept."""
    require(rules.may_edit(work.who, said, place.thread))
    calls = await mentions.read(work.db, work.who, place.forum, edited.body, said.id)
    mentions.agree(calls, place.moderates, edited.confirmed, already=await mentions.mentioned(work.db, said.id))
    return await write_over(work, place, said, edited, calls)


async def write_over(work: Work, place: Place, said: Post, edited: EditedPost, calls: Calls | None = None) -> Post:
    """Put a text in the place of another, which its history keeps; `calls` is what it names, if that is known."""
    if calls is None:
        calls = await mentions.read(work.db, work.who, place.forum, edited.body, said.id)
    await history.keep(work, said.id, edited.version)
    changed = (
        update(Post)
        .where(
            col(Post.id) == said.id,
            col(Post.version) == edited.version,
            col(Post.deleted_at).is_(None),
            col(Post.hidden_at).is_(None),
        )
        .values(
            body=edited.body,
            html=_safe(edited.body, calls),
            version=Post.version + 1,
            look=Post.look + 1,
            edited_at=now(),
        )
        .returning(col(Post.id))
    )
    if (await work.db.execute(changed)).scalar_one_or_none() is None:
        raise Conflict("Ce message a été modifié ailleurs pendant que vous l’écriviez.")
    await work.db.refresh(said)
    await history.add(work, said)
    await mentions.call(work, said, calls)
    work.record(stream_of(place.thread.id), Verb.POST_EDITED, said.id)
    return said


async def delete_post(work: Work, place: Place, said: Post) -> None:
    """Withdraw a post: its place stays, its words go."""
    require(rules.may_delete(work.who, said, place.moderates))
    # One statement decides who withdraws, and counts on from a correction made meanwhile: a look that
    # named two contents would let a cache show words that were withdrawn.
    withdrawn = (
        update(Post)
        .where(col(Post.id) == said.id, col(Post.deleted_at).is_(None))
        .values(deleted_at=now(), version=Post.version + 1, look=Post.look + 1, body="", html="")
        .returning(col(Post.id))
    )
    if (await work.db.execute(withdrawn)).scalar_one_or_none() is None:
        return
    await history.forget(work, said.id)
    await reports.settle_by_act(work, [said.id])
    await kinds.release(work, place.thread, said.id)
    if said.number > 1:
        await work.db.execute(
            update(Thread).where(col(Thread.id) == place.thread.id).values(post_count=Thread.post_count - 1)
        )
    if said.author_id != work.who.id:
        work.audit(Verb.POST_DELETED, Ref("forums/post", said.id), thread=str(place.thread.id))
    work.record(stream_of(place.thread.id), Verb.POST_DELETED, said.id)
    work.record(stream_of_forum(place.forum.id), Verb.THREAD_SHORTENED, place.thread.id)


async def close_thread(work: Work, place: Place, reason: str = "") -> None:
    """Say that a conversation is over, and why if there is something to say."""
    require(rules.may_close(work.who, place.thread, place.moderates))
    if place.thread.closed_at is None:
        place.thread.closed_reason = reason or None
        await _turn(work, place, Verb.THREAD_CLOSED, closed=True)


async def reopen_thread(work: Work, place: Place) -> None:
    """Let a conversation go on."""
    require(rules.may_close(work.who, place.thread, place.moderates))
    if place.thread.closed_at is not None:
        place.thread.closed_reason = None
        await _turn(work, place, Verb.THREAD_REOPENED, closed=False)


async def _turn(work: Work, place: Place, verb: Verb, closed: bool) -> None:
    place.thread.closed_at = now() if closed else None
    work.db.add(place.thread)
    work.audit(verb, stream_of(place.thread.id))
    work.record(stream_of(place.thread.id), verb, place.thread.id)
    work.record(stream_of_forum(place.forum.id), verb, place.thread.id)


async def delete_thread(work: Work, place: Place) -> None:
    """Remove a whole conversation from sight."""
    require(rules.may_delete_thread(work.who, place.thread, place.moderates))
    # Someone may answer between the page and this line: then it is no longer the author's alone to remove.
    alone = true() if place.moderates else col(Thread.last_number) <= 1
    removed = (
        update(Thread)
        .where(col(Thread.id) == place.thread.id, col(Thread.deleted_at).is_(None), alone)
        .values(deleted_at=now())
        .returning(col(Thread.id))
    )
    if (await work.db.execute(removed)).scalar_one_or_none() is None:
        raise Conflict("Ce fil a reçu une réponse, ou a été supprimé, pendant que vous le lisiez.")
    await reports.settle_thread(work, place.thread.id)
    # Not its title: administrators read the audit, and not every forum is open to them.
    work.audit(Verb.THREAD_DELETED, stream_of(place.thread.id), forum=str(stream_of_forum(place.forum.id)))
    work.record(stream_of(place.thread.id), Verb.THREAD_DELETED, place.thread.id)
    work.record(stream_of_forum(place.forum.id), Verb.THREAD_DELETED, place.thread.id)


async def mark_read(work: Work, thread_id: UUID, number: int) -> None:
    """Remember how far this person has read; a mark only moves forward."""
    await work.db.execute(_MARK, {"person": work.who.id, "thread": thread_id, "number": number})


_MARK = text(
    "INSERT INTO read_mark (person_id, thread_id, number) VALUES (:person, :thread, :number) "
    "ON CONFLICT (person_id, thread_id) DO UPDATE SET number = :number, held_at = NULL "
    "WHERE read_mark.number < :number"
).bindparams(bindparam("person", type_=Uuid()), bindparam("thread", type_=Uuid()))


def _safe(body: str, calls: Calls) -> str:
    try:
        return to_html(body, calls.links)
    except TooLong as error:
        raise Invalid({"body": str(error)}) from None
