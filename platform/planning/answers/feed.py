"""What those who sit at a meeting receive while its page is open."""

from sqlmodel.ext.asyncio.session import AsyncSession

from entente.journal import Entry
from entente.live import Feed, Fragment
from planning.agenda import queries as agenda
from planning.answers import queries
from planning.models import Meeting
from planning.verbs import MEETING, OF_MEETINGS, Verb

feed = Feed(MEETING, watch=queries.watch)
feed.renews(*(verb for verb in OF_MEETINGS if verb != Verb.MEETING_PLANNED))


def shown(attendance: queries.Attendance) -> Fragment:
    """Who comes, and where the quorum stands."""
    return Fragment("planning/_attendance.html", "replace", f"attendance-{attendance.meeting_id}", {"seen": attendance})


def agenda_shown(read: agenda.Agenda) -> Fragment:
    """What the meeting is about."""
    return Fragment("planning/_agenda.html", "replace", f"agenda-{read.meeting_id}", {"agenda": read})


@feed.shows(Verb.ANSWER_GIVEN, Verb.ANSWER_WITHDRAWN)
async def answered(db: AsyncSession, entry: Entry) -> Fragment | None:
    """Everybody's answers as they are now."""
    meeting = await db.get(Meeting, entry.subject_id)
    return shown(await queries.attendance(db, meeting)) if meeting else None


@feed.shows(Verb.AGENDA_CHANGED)
async def written(db: AsyncSession, entry: Entry) -> Fragment | None:
    """The agenda as it is now."""
    return agenda_shown(await agenda.agenda_of(db, entry.subject_id))
