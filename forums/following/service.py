"""What follows from the journal: who is told of a message, and what is taken back."""

from typing import Any
from uuid import UUID

from sqlalchemy import Uuid, bindparam, text
from sqlmodel import col, select

from entente.ids import Ref
from entente.journal import Verb as AnyVerb
from entente.notices import queries as notices_of
from entente.notices import service as notices
from entente.notices.models import News
from entente.rights import stream_of_person
from entente.work import Work
from forums import queries as forums
from forums.following import queries
from forums.following.models import Level, ThreadFollow
from forums.models import Forum, Thread
from forums.service import Verb as ForumVerb

TELL = "forums.tell"
"""Kind of the task that tells of a message."""
TAKE_BACK = "forums.take_back"
"""Kind of the task that forgets what is gone."""
REVIEW = "forums.review"
"""Kind of the task that looks again at who may know what."""


class Verb(AnyVerb):
    """What one chose, said on one's own stream: one's other devices follow."""

    FORUM_FOLLOWED = "forum.followed"
    THREAD_FOLLOWED = "thread.followed"


async def follow_thread(work: Work, thread: Thread, level: Level | None) -> None:
    """Choose how much one is told of a thread; none goes back to what was said of its forum."""
    found = await work.db.get(ThreadFollow, (work.who.id, thread.id))
    if level is not None:
        await work.db.execute(_THREAD, {"person": work.who.id, "thread": thread.id, "level": str(level)})
    elif found:
        await work.db.delete(found)
    work.record(stream_of_person(work.who.id), Verb.THREAD_FOLLOWED, thread.id)


async def follow_forum(work: Work, forum: Forum, level: Level) -> None:
    """Choose how much one is told of a forum, where nothing else was said of a thread."""
    await work.db.execute(_FORUM, {"person": work.who.id, "forum": forum.id, "level": str(level)})
    work.record(stream_of_person(work.who.id), Verb.FORUM_FOLLOWED, forum.id)


# Two devices may choose at once: the key makes one row of it, and the last word stands.
_THREAD = text(
    "INSERT INTO thread_follow (person_id, thread_id, level) VALUES (:person, :thread, :level) "
    "ON CONFLICT (person_id, thread_id) DO UPDATE SET level = :level"
).bindparams(bindparam("person", type_=Uuid()), bindparam("thread", type_=Uuid()))
_FORUM = text(
    "INSERT INTO forum_follow (person_id, forum_id, level) VALUES (:person, :forum, :level) "
    "ON CONFLICT (person_id, forum_id) DO UPDATE SET level = :level"
).bindparams(bindparam("person", type_=Uuid()), bindparam("forum", type_=Uuid()))


async def tell(work: Work, entry: dict[str, Any]) -> None:
    """Tell of a message those whom it concerns, as it is now."""
    said = await queries.standing(work.db, UUID(entry["subject"]))
    if said is None:
        return
    told = await queries.told_of(work.db, said, is_edit=entry["verb"] == ForumVerb.POST_EDITED)
    about = forums.stream_of(said.thread.id)
    news = News(entry["verb"], Ref("forums/post", said.post.id), about, said.post.author_id)
    await notices.notify(work, news, told)


async def take_back(work: Work, entry: dict[str, Any]) -> None:
    """Forget what was told of a message or a thread that is gone."""
    if entry["verb"] == ForumVerb.THREAD_DELETED:
        await notices.withdraw(work, abouts=[forums.stream_of(UUID(entry["subject"]))])
    else:
        await notices.withdraw(work, subjects=[Ref("forums/post", UUID(entry["subject"]))])


async def review(work: Work, entry: dict[str, Any]) -> None:
    """Look again at what people were told of a thread that moved, or of a forum whose readers changed."""
    stream = Ref.parse(entry["stream"])
    if entry["verb"] == ForumVerb.THREAD_MOVED:
        threads = {UUID(entry["subject"])}
    elif stream.kind == "forums/readers":
        threads = set(await work.db.exec(select(Thread.id).where(col(Thread.forum_id) == stream.id)))
    else:
        return
    for person in await notices_of.told_about(work.db, "forums/thread", threads):
        notices.ask_review(work, person)


TASKS = {TELL: tell, TAKE_BACK: take_back, REVIEW: review}
