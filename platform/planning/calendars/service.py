"""What calendars are told of names that changed elsewhere: exactly the meetings that bear them are said again."""

from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, update
from sqlmodel import col

from entente.clock import now
from entente.work import Work
from planning.calendars.queries import KEPT
from planning.models import Meeting

BODY_RENAMED = "planning.body_renamed"
"""Kind of the task that says the meetings of a body again."""


async def say_again(work: Work, which: ColumnElement[bool]) -> None:
    """Note that what calendars show of these meetings has changed: SEQUENCE and LAST-MODIFIED grow."""
    shown = update(Meeting).where(which, col(Meeting.ends_at) > now() - KEPT)
    await work.db.execute(
        shown.values(version=Meeting.version + 1, changed_at=now()), execution_options={"synchronize_session": False}
    )


async def body_renamed(work: Work, payload: dict[str, Any]) -> None:
    """A body has another name."""
    await say_again(work, col(Meeting.body_id) == UUID(payload["subject"]))
