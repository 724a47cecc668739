"""What the bell of open pages shows: the one fragment made for one person, on their own stream (R12)."""

from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from entente.ids import Ref
from entente.journal import Entry
from entente.live import Fragment
from entente.notices import queries
from entente.notices.service import Verb
from entente.rights import person_feed


def bell(count: int) -> Fragment:
    """The bell of a page, with its count."""
    return Fragment("notices/_bell.html", "replace", "bell", {"count": count})


@person_feed.shows(Verb.NOTICE_GIVEN, Verb.NOTICE_READ, Verb.NOTICE_WITHDRAWN)
async def rung(db: AsyncSession, entry: Entry) -> Fragment | None:
    """The bell as it is now."""
    return bell(await queries.unread(db, _whose(entry)))


def _whose(entry: Entry) -> UUID:
    return Ref.parse(entry.stream).id
