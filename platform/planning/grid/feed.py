"""What live readers of a planning receive: a sign, the same for everybody, that a meeting of a body has changed.

It says nothing that its readers may not know, for calendars lie over each other differently for each of them: the
pages concerned ask again for their own grid, the others let it pass.
"""

from uuid import UUID

from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from entente.db import rows
from entente.journal import Entry
from entente.live import Feed, Fragment
from entente.people.who import Who
from entente.rules import NotFound
from planning.grid import queries
from planning.grid.service import STREAM, Verb
from planning.models import Meeting


async def watch(_db: AsyncSession, who: Who, id_: UUID) -> object:
    """The planning of the house, or NotFound; its pages ask the same."""
    queries.require_look(who)
    if id_ != STREAM.id:
        raise NotFound
    return who


feed = Feed(STREAM.kind, watch=watch)


def sign(body: str = "", version: str = "") -> Fragment:
    """That something has changed, and for which body."""
    return Fragment("planning/_grid_news.html", "replace", "grid-news", {"body": body, "version": version})


@feed.shows(Verb.GRID_CHANGED)
async def changed(db: AsyncSession, entry: Entry) -> Fragment | None:
    """A sign without a body for what is confidential: whose meeting it is concerns those who may see it."""
    query = rows(Meeting.body_id, Meeting.is_confidential).where(col(Meeting.id) == entry.subject_id)
    found = (await db.execute(query)).one_or_none()
    is_open = found is not None and not found.is_confidential
    return sign(str(found.body_id) if found and is_open else "", str(entry.position))
