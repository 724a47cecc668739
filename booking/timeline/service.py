"""How open timelines hear of a reservation: after its commit, so that two units never wait for one another."""

from typing import Any
from uuid import UUID

from booking.timeline import queries
from booking.timeline.window import windows_over
from entente.ids import Ref
from entente.journal import Verb as AnyVerb
from entente.work import Work

TELL = "booking.timeline"
MOST_DAYS = 400
"""What lasts longer is told live for so many days; pages opened later show all of it."""


class Verb(AnyVerb):
    """What can happen to a timeline."""

    ROW_CHANGED = "row.changed"


async def tell(work: Work, payload: dict[str, Any]) -> None:
    """Tell every window in which a reservation is, or was, that the row of a unit has changed.

    The counters of these streams are shared by the whole fleet: taken within the reservation's own transaction,
    they would have strangers wait for each other.
    """
    unit_id = Ref.parse(payload["stream"]).id
    periods = await queries.periods_of(work.db, UUID(payload["subject"]))
    for window in {window for period in periods for window in windows_over(period, MOST_DAYS)}:
        work.record(window.stream, Verb.ROW_CHANGED, unit_id)
