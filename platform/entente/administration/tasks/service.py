"""What can be done to tasks: try again."""

from uuid import UUID

from sqlalchemy import ColumnElement, true, update
from sqlmodel import col

from entente.clock import now
from entente.ids import Ref
from entente.outbox import Task
from entente.rules import Conflict
from entente.work import Work


async def retry(work: Work, task_id: UUID) -> None:
    """Try a task again at once, however often it failed."""
    if not await _again(work, col(Task.id) == task_id):
        raise Conflict("Cette tâche est déjà faite, ou elle n’a pas encore échoué.")
    work.audit("task.retried", Ref("entente/task", task_id))


async def retry_all(work: Work) -> int:
    """Try again everything that failed or was given up; returns how many."""
    count = await _again(work, true())
    if count:
        work.audit("task.retried", "entente/task", count=count)
    return count


async def _again(work: Work, which: ColumnElement[bool]) -> int:
    failed = (col(Task.done_at).is_(None), col(Task.error) != "", which)
    again = update(Task).where(*failed).values(due_at=now(), tries=0, given_up_at=None)
    return len((await work.db.execute(again.returning(col(Task.id)))).all())
