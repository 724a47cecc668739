"""What live readers receive of questions and announcements."""

from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from entente.journal import Entry
from entente.live import Fragment
from forums.feed import forum_feed, post_changed, thread_feed, thread_listed
from forums.kinds import queries
from forums.kinds.queries import Notified, Settled
from forums.kinds.service import Verb

thread_feed.shows(Verb.POST_ACCEPTED, Verb.POST_UNACCEPTED)(post_changed)
forum_feed.shows(Verb.QUESTION_RESOLVED, Verb.QUESTION_REOPENED)(thread_listed)


def resolution(thread_id: UUID, settled: Settled | None) -> Fragment:
    """Whether the question is settled, and by which answer."""
    known = {"thread_id": thread_id, "settled": settled}
    return Fragment("forums/kinds/_resolution.html", "replace", "resolution", known)


def counter(announcement: Notified) -> Fragment:
    """What the announcement asks, and how many have taken note: nobody's name."""
    return Fragment("forums/kinds/_counter.html", "replace", "announcement", {"announcement": announcement})


@thread_feed.shows(Verb.QUESTION_RESOLVED, Verb.QUESTION_REOPENED)
async def question_turned(db: AsyncSession, entry: Entry) -> Fragment | None:
    """The question as it stands now."""
    return resolution(entry.subject_id, await queries.settled_by(db, entry.subject_id))


@thread_feed.shows(Verb.ANNOUNCEMENT_ACKNOWLEDGED)
async def announcement_noted(db: AsyncSession, entry: Entry) -> Fragment | None:
    """How many have taken note by now."""
    found = await queries.announcement(db, entry.subject_id)
    return counter(found) if found else None
