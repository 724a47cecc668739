"""What can be done with questions and announcements: one function per verb, inside the caller's transaction."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Uuid, bindparam, delete, text, update
from sqlmodel import col

from entente.clock import now
from entente.db import Moment
from entente.ids import Ref
from entente.journal import Verb as AnyVerb
from entente.notices.models import News
from entente.notices.service import notify
from entente.rules import Conflict, Invalid, require
from entente.work import Work
from forums.kinds import queries, rules
from forums.kinds.models import AcceptedAnswer, Announcement
from forums.models import Forum, Kind, Post, Thread
from forums.queries import Place, first_post, stream_of, stream_of_forum

ANNOUNCE, REMIND = "forums.announce", "forums.remind"
BEFORE = timedelta(days=1)
"""How long before its date those who are missing are reminded of an announcement."""
NOT_AN_ANSWER = "Seule une réponse encore lisible peut être retenue."
BEATEN = "Une autre réponse vient d’être retenue\u00a0: relisez le fil avant de choisir."


class Verb(AnyVerb):
    """What can happen to questions and announcements."""

    POST_ACCEPTED = "post.accepted"
    POST_UNACCEPTED = "post.unaccepted"
    QUESTION_RESOLVED = "question.resolved"
    QUESTION_REOPENED = "question.reopened"
    ANNOUNCEMENT_ACKNOWLEDGED = "announcement.acknowledged"


async def accept(work: Work, place: Place, said: Post) -> None:
    """Say that an answer settles the question; it takes the place of the one before."""
    require(rules.may_accept(work.who, place.thread, place.moderates))
    require(rules.is_an_answer(said), NOT_AN_ANSWER)
    before = await queries.settled_by(work.db, place.thread.id)
    if before and before.post_id == said.id:
        return
    former = before.post_id if before else None
    # The posts first, in one order, then the line: whoever withdraws a post comes the same way.
    for post_id in sorted({said.id, former or said.id}, key=str):
        stands = await _look_again(work, post_id)
        require(stands or post_id != said.id, NOT_AN_ANSWER)
    known = {"thread": place.thread.id, "post": said.id, "former": former, "person": work.who.id, "at": now()}
    if (await work.db.execute(_ACCEPT, known)).scalar_one_or_none() is None:
        raise Conflict(BEATEN)
    here = stream_of(place.thread.id)
    if former:
        work.record(here, Verb.POST_UNACCEPTED, former)
    work.record(here, Verb.POST_ACCEPTED, said.id)
    work.record(here, Verb.QUESTION_RESOLVED, place.thread.id)
    work.record(stream_of_forum(place.forum.id), Verb.QUESTION_RESOLVED, place.thread.id)
    news = News(Verb.POST_ACCEPTED, Ref("forums/post", said.id), here, work.who.id)
    await notify(work, news, {said.author_id: "Votre réponse a été retenue."})


# The key holds one line per question; it is replaced only if it is still the one that was read.
_ACCEPT = text(
    "INSERT INTO accepted_answer (thread_id, post_id, person_id, at) VALUES (:thread, :post, :person, :at) "
    "ON CONFLICT (thread_id) DO UPDATE SET post_id = :post, person_id = :person, at = :at "
    "WHERE accepted_answer.post_id = :former RETURNING post_id"
).bindparams(
    *(bindparam(name, type_=Uuid()) for name in ("thread", "post", "former", "person")), bindparam("at", type_=Moment())
)


async def _look_again(work: Work, post_id: UUID) -> bool:
    """Name the bytes of a post anew; false when its words no longer stand."""
    standing = update(Post).where(
        col(Post.id) == post_id, col(Post.deleted_at).is_(None), col(Post.hidden_at).is_(None)
    )
    found = await work.db.execute(standing.values(look=Post.look + 1).returning(col(Post.id)))
    return found.scalar_one_or_none() is not None


async def unaccept(work: Work, place: Place, said: Post) -> None:
    """Say that an answer does not settle the question after all."""
    require(rules.may_accept(work.who, place.thread, place.moderates))
    await _look_again(work, said.id)
    await release(work, place.thread, said.id)


async def release(work: Work, thread: Thread, post_id: UUID) -> None:
    """Let go of an answer that no longer settles anything; nothing happens to any other post."""
    gone = delete(AcceptedAnswer).where(col(AcceptedAnswer.post_id) == post_id).returning(col(AcceptedAnswer.post_id))
    if (await work.db.execute(gone)).scalar_one_or_none() is None:
        return
    work.record(stream_of(thread.id), Verb.POST_UNACCEPTED, post_id)
    work.record(stream_of(thread.id), Verb.QUESTION_REOPENED, thread.id)
    work.record(stream_of_forum(thread.forum_id), Verb.QUESTION_REOPENED, thread.id)


async def announce(work: Work, thread: Thread, is_mandatory: bool, due_at: datetime | None) -> None:
    """Ask the readers of a thread to take note of it; they are told after the commit, reminded before the date."""
    at = now()
    if due_at is not None and due_at <= at:
        raise Invalid({"due_day": "Cette date est passée\u00a0: choisissez un moment à venir."})
    work.db.add(Announcement(thread_id=thread.id, is_mandatory=is_mandatory, due_at=due_at))
    await work.db.flush()
    work.later(ANNOUNCE, {"thread": str(thread.id)})
    if due_at is not None:
        reminder = max(due_at - BEFORE, at + (due_at - at) / 2)
        work.later(REMIND, {"thread": str(thread.id)}, due=reminder, key=f"{REMIND}/{thread.id}")


async def acknowledge(work: Work, place: Place) -> None:
    """Take note of an announcement; doing so twice changes nothing."""
    require(place.thread.kind == Kind.ANNOUNCEMENT, "Ce fil ne demande rien.")
    known = {"thread": place.thread.id, "person": work.who.id, "at": now()}
    if (await work.db.execute(_NOTE, known)).scalar_one_or_none() is not None:
        work.record(stream_of(place.thread.id), Verb.ANNOUNCEMENT_ACKNOWLEDGED, place.thread.id)


_NOTE = text(
    "INSERT INTO acknowledgement (thread_id, person_id, at) VALUES (:thread, :person, :at) "
    "ON CONFLICT (thread_id, person_id) DO NOTHING RETURNING person_id"
).bindparams(bindparam("thread", type_=Uuid()), bindparam("person", type_=Uuid()), bindparam("at", type_=Moment()))


async def tell(work: Work, payload: dict[str, Any]) -> None:
    """Tell every reader of an announcement; the crowd is told a handful at a time."""
    await _tell_missing(work, payload, reminding=False)


async def remind(work: Work, payload: dict[str, Any]) -> None:
    """Remind those who have not yet taken note of an announcement."""
    await _tell_missing(work, payload, reminding=True)


async def _tell_missing(work: Work, payload: dict[str, Any], reminding: bool) -> None:
    thread = await work.db.get(Thread, UUID(payload["thread"]))
    if thread is None or thread.deleted_at is not None:
        return
    forum = await work.db.get_one(Forum, thread.forum_id)
    # The reminder is about the thread, the first notice about its first post: one is told once of each.
    subject = stream_of(thread.id) if reminding else Ref("forums/post", (await first_post(work.db, thread.id)).id)
    reason = REMINDED if reminding else f"Une annonce dans «\u00a0{forum.title}\u00a0», que vous lisez."
    news = News("thread.opened", subject, stream_of(thread.id), thread.author_id)
    missing = await queries.missing_from(work.db, forum, thread)
    await notify(work, news, dict.fromkeys(missing, reason))


REMINDED = "Rappel\u00a0: cette annonce attend que vous en preniez connaissance."


TASKS = {ANNOUNCE: tell, REMIND: remind}
