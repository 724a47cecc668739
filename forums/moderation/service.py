"""What keeps the peace: one function per verb, each in the audit by ids alone.

Titles and words stay out of the audit: administrators read it, and not every forum is open to them.
"""

from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import delete, update
from sqlmodel import col, select

from entente import clock
from entente.clock import now
from entente.ids import Ref
from entente.notices import service as notices
from entente.notices.models import News
from entente.rights import Verb as RightsVerb
from entente.rules import Conflict, Invalid, NotFound, require
from entente.web.words import PARIS
from entente.work import Work
from forums import queries
from forums import rules as forum_rules
from forums.kinds import service as kinds
from forums.models import Forum, Post, Thread
from forums.moderation import rules
from forums.moderation.models import FOREVER, Hiding, NewHiding, NewPin, NewPlace
from forums.moderation.queries import HiddenPost, pinned_in
from forums.queries import MOST_PINNED, Place, stream_of, stream_of_forum
from forums.reports import service as reports
from forums.service import Verb
from forums.tags import queries as tags
from forums.tags import service as tagging

LONGEST_PIN = timedelta(days=366)
UNPIN = "forums.unpin"
"""Kind of the task that tells open pages that a pin has come to its end."""
NO_SUCH_FORUM = "Choisissez un forum dans la liste."
SAME_FORUM = "Le fil est déjà dans ce forum."


def subject_of_hiding(post_id: UUID) -> Ref:
    """What the author of a hidden post is told of."""
    return Ref("forums/hiding", post_id)


async def hide_post(work: Work, place: Place, said: Post, new: NewHiding) -> None:
    """Hide the words of a post from everybody, and tell its author why."""
    require(rules.may_hide(said, place.moderates))
    # One statement decides between two moderators, and counts on from a correction made meanwhile.
    hidden = (
        update(Post)
        .where(col(Post.id) == said.id, col(Post.deleted_at).is_(None), col(Post.hidden_at).is_(None))
        .values(hidden_at=now(), look=Post.look + 1)
        .returning(col(Post.id))
    )
    if (await work.db.execute(hidden)).scalar_one_or_none() is None:
        raise Conflict("Ce message vient d’être masqué ou supprimé.")
    work.db.add(Hiding(post_id=said.id, moderator_id=work.who.id, reason=new.reason))
    await work.db.flush()
    await reports.settle_by_act(work, [said.id])
    await kinds.release(work, place.thread, said.id)
    work.audit(Verb.POST_HIDDEN, Ref("forums/post", said.id), thread=str(stream_of(place.thread.id)))
    work.record(stream_of(place.thread.id), Verb.POST_HIDDEN, said.id)
    news = News(Verb.POST_HIDDEN, subject_of_hiding(said.id), stream_of(place.thread.id), work.who.id)
    await notices.notify(work, news, {said.author_id: "Un modérateur a masqué votre message."})


async def unhide_post(work: Work, found: HiddenPost) -> None:
    """Give the words of a post back to everybody."""
    require(rules.may_unhide(found.post, found.place.moderates))
    shown = (
        update(Post)
        .where(col(Post.id) == found.post.id, col(Post.hidden_at).is_not(None))
        .values(hidden_at=None, look=Post.look + 1)
        .returning(col(Post.id))
    )
    if (await work.db.execute(shown)).scalar_one_or_none() is None:
        return
    await work.db.execute(delete(Hiding).where(col(Hiding.post_id) == found.post.id))
    await notices.withdraw(work, subjects=[subject_of_hiding(found.post.id)])
    thread_id = found.place.thread.id
    work.audit(Verb.POST_UNHIDDEN, Ref("forums/post", found.post.id), thread=str(stream_of(thread_id)))
    work.record(stream_of(thread_id), Verb.POST_UNHIDDEN, found.post.id)


async def pin_thread(work: Work, place: Place, new: NewPin) -> None:
    """Put a thread on top of its forum, until the end of a day or for ever."""
    require(rules.may_pin(place.thread, place.moderates))
    until = _end_of(new.until)
    # The forum's row orders those who pin at the same time: the last place is given once.
    await work.db.execute(select(Forum.id).where(col(Forum.id) == place.forum.id).with_for_update())
    if await pinned_in(work.db, place.forum.id, but=place.thread.id) >= MOST_PINNED:
        raise Invalid({"until": f"{MOST_PINNED} fils sont déjà épinglés dans ce forum\u00a0: désépinglez-en un."})
    await _set_pin(work, place.thread, until)
    if until != FOREVER:
        # The list asks the clock each time it is read; this only tells the pages that are open.
        work.later(UNPIN, {"thread": str(place.thread.id)}, due=until, key=f"{UNPIN}:{place.thread.id}:{until:%s}")
    shown = {"until": new.until.isoformat()} if new.until else {}
    work.audit(Verb.THREAD_PINNED, stream_of(place.thread.id), forum=str(stream_of_forum(place.forum.id)), **shown)
    _tell(work, place.thread, Verb.THREAD_PINNED)


async def unpin_thread(work: Work, place: Place) -> None:
    """Put a thread back in its place in the list."""
    require(rules.may_pin(place.thread, place.moderates))
    if place.thread.pinned_until is None:
        return
    await _set_pin(work, place.thread, None)
    work.audit(Verb.THREAD_UNPINNED, stream_of(place.thread.id), forum=str(stream_of_forum(place.forum.id)))
    _tell(work, place.thread, Verb.THREAD_UNPINNED)


async def let_go(work: Work, payload: dict[str, Any]) -> None:
    """Tell open pages that a pin has come to its end; a pin that was renewed goes on."""
    thread = await work.db.get(Thread, UUID(payload["thread"]))
    if thread is None or thread.deleted_at or thread.pinned_until is None or thread.pinned_until > now():
        return
    await _set_pin(work, thread, None)
    _tell(work, thread, Verb.THREAD_UNPINNED)


def _end_of(day: date | None) -> datetime:
    if day is None:
        return FOREVER
    today = clock.today()
    if day < today:
        raise Invalid({"until": "Cette date est passée\u00a0: choisissez aujourd’hui ou un jour à venir."})
    if day > today + LONGEST_PIN:
        raise Invalid({"until": "C’est plus d’un an\u00a0: choisissez une date plus proche, ou aucune."})
    return datetime.combine(day + timedelta(days=1), time(), PARIS)


async def _set_pin(work: Work, thread: Thread, until: datetime | None) -> None:
    thread.pinned_until = until
    work.db.add(thread)
    await work.db.flush()


def _tell(work: Work, thread: Thread, verb: Verb) -> None:
    work.record(stream_of(thread.id), verb, thread.id)
    work.record(stream_of_forum(thread.forum_id), verb, thread.id)


async def target_of(work: Work, place: Place, new: NewPlace) -> tuple[Forum, bool]:
    """Where the thread is to go; a forum that is not open to this person is like one that never was."""
    try:
        target, moderates = await queries.forum_for(work.db, work.who, new.forum)
    except NotFound:
        raise Invalid({"forum": NO_SUCH_FORUM}) from None
    if target.id == place.forum.id:
        raise Invalid({"forum": SAME_FORUM})
    return target, moderates


async def move_thread(work: Work, place: Place, new: NewPlace) -> Forum:
    """Take a thread to another forum, with all that was said; from then on, those who read that forum read it."""
    require(rules.may_move(place.thread, place.moderates))
    target, moderates = await target_of(work, place, new)
    require(forum_rules.may_open_thread(work.who, target, moderates), "Vous ne pouvez pas ouvrir de fil dans ce forum.")
    lost = await tags.lost_in(work.db, place.thread.id, target.id)
    if lost and not new.agreed:
        raise Invalid({"agreed": _warning(target, [tag.name for tag in lost])})
    moved = (
        update(Thread)
        .where(
            col(Thread.id) == place.thread.id,
            col(Thread.forum_id) == place.forum.id,
            col(Thread.deleted_at).is_(None),
        )
        .values(forum_id=target.id, pinned_until=None)
        .returning(col(Thread.id))
    )
    if (await work.db.execute(moved)).scalar_one_or_none() is None:
        raise Conflict("Ce fil vient d’être déplacé ou supprimé.")
    await work.db.refresh(place.thread)
    await tagging.carry(work, place.thread.id, target.id)
    await reports.carry(work, place.thread.id, target.id)
    source = stream_of_forum(place.forum.id)
    work.audit(
        Verb.THREAD_MOVED, stream_of(place.thread.id), source=str(source), target=str(stream_of_forum(target.id))
    )
    # Whoever follows the thread is asked again; those who still read it start afresh, and follow its new readers.
    work.record(stream_of(place.thread.id), RightsVerb.READERS_CHANGED, place.thread.id)
    work.record(stream_of(place.thread.id), Verb.THREAD_MOVED, place.thread.id)
    work.record(source, Verb.THREAD_MOVED, place.thread.id)
    work.record(stream_of_forum(target.id), Verb.THREAD_MOVED, place.thread.id)
    return target


def _warning(target: Forum, names: list[str]) -> str:
    listed = ", ".join(f"«\u00a0{name}\u00a0»" for name in names)
    return f"Le forum «\u00a0{target.title}\u00a0» ne connaît pas {listed}\u00a0: cochez la case pour y renoncer."
