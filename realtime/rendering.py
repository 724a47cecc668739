"""Entries become frames: each is rendered once per process, and of what shows the same the newest alone."""

from collections.abc import Sequence

import structlog
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, NotSupportedError, ProgrammingError
from sqlmodel.ext.asyncio.session import AsyncSession

from entente.journal import Entry
from entente.live import Matter
from realtime import metrics
from realtime.frames import Frame, passed, reset, shown
from realtime.topic import Topic

_OURS = (DataError, IntegrityError, NotSupportedError, ProgrammingError)
"""What a database says of a question of ours that will never have an answer."""

log = structlog.get_logger()


async def frames_of(db: AsyncSession, topic: Topic, entries: Sequence[Entry]) -> list[Frame]:
    """Render what follows the ring, or what comes just before it; raises what the database raises when it is away."""
    matters = [topic.feed.matter(entry) for entry in entries]
    newest = {matter: entry.position for matter, entry in zip(matters, entries, strict=True)}
    if entries[0].position <= topic.start:
        newest |= {matter: topic.tip for matter in matters if topic.is_shown(matter)}
    return [
        Frame(entry.position, passed(topic.cursor(entry.position)), entry.at.timestamp())
        if matter and newest[matter] != entry.position
        else await _frame(db, topic, entry, matter)
        for matter, entry in zip(matters, entries, strict=True)
    ]


async def _frame(db: AsyncSession, topic: Topic, entry: Entry, matter: Matter | None) -> Frame:
    cursor = topic.cursor(entry.position)
    if topic.feed.is_renewed_by(entry):
        metrics.RESETS.labels("renewed").inc()
        return Frame(entry.position, reset(topic.name, cursor), entry.at.timestamp())
    try:
        data = shown(await topic.feed.fragment(db, entry), cursor)
    except Exception as error:
        if isinstance(error, DBAPIError) and not isinstance(error, _OURS):
            # The database is away, or died while it was asked: it will be asked again.
            raise
        # An entry that cannot be shown must neither silence those that follow nor leave a silent gap.
        log.error("fragment_failed", stream=topic.name, position=entry.position, error=repr(error))
        metrics.RESETS.labels("unshown").inc()
        await db.rollback()
        data, matter = reset(topic.name, cursor), None
    return Frame(entry.position, data, entry.at.timestamp(), matter)
