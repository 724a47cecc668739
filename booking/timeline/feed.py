"""What live readers of the timeline receive: the row that changed, in the window they look at."""

from functools import partial

from sqlmodel.ext.asyncio.session import AsyncSession

from booking.timeline import queries
from booking.timeline.row import Row
from booking.timeline.service import Verb
from booking.timeline.window import KINDS, Window
from entente.ids import Ref
from entente.journal import Entry
from entente.live import Feed, Fragment

ROW = "booking/_timeline_row.html"


def shown(row: Row) -> Fragment:
    """A row, where it stands."""
    return Fragment(ROW, "replace", f"plan-{row.id}", {"row": row}, row.version)


async def row_changed(db: AsyncSession, entry: Entry) -> Fragment | None:
    """The row of a unit as it is now."""
    row = await queries.row(db, Window.of(Ref.parse(entry.stream)), entry.subject_id)
    return shown(row) if row else None


def _feed(kind: str) -> Feed:
    feed = Feed(kind, watch=partial(queries.watch, kind=kind))
    feed.shows(Verb.ROW_CHANGED)(row_changed)
    return feed


feeds = [_feed(kind) for kind in KINDS.values()]
