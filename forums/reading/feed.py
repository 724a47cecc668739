"""What one's own other devices receive when one reads."""

from sqlmodel.ext.asyncio.session import AsyncSession

from entente.ids import Ref
from entente.journal import Entry
from entente.live import Fragment
from entente.rights import person_feed
from forums.models import ReadMark
from forums.reading.service import Verb


@person_feed.shows(Verb.MARK_MOVED)
async def mark_moved(db: AsyncSession, entry: Entry) -> Fragment:
    """How far this person has read a thread now: lists show it read or unread."""
    person_id = Ref.parse(entry.stream).id
    mark = await db.get(ReadMark, (person_id, entry.subject_id))
    known = {"thread_id": entry.subject_id, "person_id": person_id, "number": mark.number if mark else 0}
    return Fragment("forums/_mark.html", "beforeend", "marks", known)


feeds = (person_feed,)
"""A person's own stream belongs to the whole house: naming it here is what declares the verb above."""
