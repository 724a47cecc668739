"""What was left for later, and where it stands."""

from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, case, func, select
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from entente.administration.lists import Page, page_of
from entente.db import rows
from entente.mail import MAIL
from entente.outbox import Task

KEYS: Any = (Task.id,)


class Stage(StrEnum):
    """Where a task stands."""

    WAITING = "en-attente"
    FAILED = "en-echec"
    GIVEN_UP = "abandonnees"
    DONE = "faites"


STAGES = {
    Stage.WAITING: "En attente",
    Stage.FAILED: "En échec, à réessayer",
    Stage.GIVEN_UP: "Abandonnées",
    Stage.DONE: "Faites",
}


def is_at(stage: Stage) -> ColumnElement[bool]:
    """The tasks that stand there."""
    alive = and_(col(Task.done_at).is_(None), col(Task.given_up_at).is_(None))
    match stage:
        case Stage.WAITING:
            return and_(alive, col(Task.error) == "")
        case Stage.FAILED:
            return and_(alive, col(Task.error) != "")
        case Stage.GIVEN_UP:
            return and_(col(Task.done_at).is_(None), col(Task.given_up_at).is_not(None))
        case Stage.DONE:
            return col(Task.done_at).is_not(None)


def tasks_sought(stage: Stage) -> Select[Any]:
    """The tasks that stand there: to whom and about what, never what is said, which may hold a secret link."""
    is_mail, subject = col(Task.kind) == MAIL, col(Task.payload)["subject"].as_string()
    return rows(
        Task.id,
        Task.kind,
        Task.due_at,
        Task.tries,
        Task.done_at,
        Task.given_up_at,
        Task.error,
        case((is_mail, col(Task.payload)["to"].as_string())).label("recipient"),
        # Other tasks carry names of things, and mails of news the titles of threads that not everybody reads.
        case((is_mail, func.coalesce(col(Task.payload)["label"].as_string(), subject))).label("subject"),
    ).where(is_at(stage))


async def tasks(db: AsyncSession, stage: Stage, after: UUID | None) -> Page:
    """A page of tasks, the newest first."""
    return await page_of(db, tasks_sought(stage), KEYS, after, newest_first=True)


async def counts(db: AsyncSession) -> dict[Stage, int]:
    """How many tasks stand where."""
    columns = [func.count(case((is_at(stage), 1))).label(stage.name) for stage in Stage]
    row = (await db.execute(select(*columns).select_from(Task))).one()
    return {stage: getattr(row, stage.name) for stage in Stage}
