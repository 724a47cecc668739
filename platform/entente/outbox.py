"""What must happen after a commit, at least once, whatever fails in between.

A task is leased for a while, done, then marked. A crash before the mark gives it to another worker when the
lease ends; a handler that writes to the database does so in the transaction that marks the task, so it is
done exactly once.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, Index, Uuid, bindparam, delete, func, text, update
from sqlmodel import Field, SQLModel, col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from entente.clock import now
from entente.db import Moment, rows
from entente.ids import new_id

LEASE = timedelta(seconds=60)
LATE = timedelta(minutes=10)
"""A task that has waited so long past its moment waits for a worker that is not there."""
BATCH = 20
TRIES = 12


class Task(SQLModel, table=True):
    """Something to do after the commit that left it here."""

    __table_args__ = (
        Index("task_due", "due_at", sqlite_where=text("done_at IS NULL"), postgresql_where=text("done_at IS NULL")),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    kind: str = Field(max_length=40)
    key: str | None = Field(default=None, max_length=120, unique=True)
    payload: dict[str, Any] = Field(default_factory=dict, sa_type=JSON)
    due_at: datetime = Field(default_factory=now, sa_type=Moment)
    """When it may run; a lease and a retry push it forward."""
    tries: int = 0
    done_at: datetime | None = Field(default=None, sa_type=Moment)
    given_up_at: datetime | None = Field(default=None, sa_type=Moment)
    error: str = Field(default="", max_length=500)


def task(kind: str, payload: dict[str, Any], due: datetime | None, key: str | None) -> Task:
    """A task not yet saved; its payload must be plain JSON."""
    json.dumps(payload)
    return Task(kind=kind, payload=payload, due_at=due or now(), key=key)


async def leave(db: AsyncSession, tasks: Sequence[Task]) -> None:
    """Save tasks; one whose key is already known is the same task, and stays single."""
    if tasks:
        await db.execute(_LEAVE, [each.model_dump(exclude={"done_at", "given_up_at"}) for each in tasks])


_LEAVE = text(
    "INSERT INTO task (id, kind, key, payload, due_at, tries, error) "
    "VALUES (:id, :kind, :key, :payload, :due_at, :tries, :error) ON CONFLICT (key) DO NOTHING"
).bindparams(bindparam("id", type_=Uuid()), bindparam("payload", type_=JSON()), bindparam("due_at", type_=Moment()))


async def lease(db: AsyncSession, kinds: Sequence[str], limit: int = BATCH) -> Sequence[Task]:
    """Take the tasks that are due and that nobody else is doing, for the length of a lease."""
    query = (
        select(Task)
        .where(
            col(Task.done_at).is_(None),
            col(Task.given_up_at).is_(None),
            col(Task.due_at) <= now(),
            col(Task.kind).in_(kinds),
        )
        .order_by(col(Task.due_at))
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    tasks = (await db.exec(query)).all()
    for each in tasks:
        each.due_at = now() + LEASE
        each.tries += 1
    return tasks


async def renew(db: AsyncSession, task_: Task) -> bool:
    """Lengthen a lease before doing the task; false when it ended meanwhile and another worker has it."""
    mine = (
        update(Task)
        .where(col(Task.id) == task_.id, col(Task.done_at).is_(None), col(Task.tries) == task_.tries)
        .values(due_at=now() + LEASE)
        .returning(col(Task.id))
    )
    return (await db.execute(mine)).scalar_one_or_none() is not None


async def give_back(db: AsyncSession, tasks: Sequence[Task]) -> None:
    """Leave to others what was taken and not begun."""
    await db.execute(
        update(Task)
        .where(col(Task.id).in_([each.id for each in tasks]), col(Task.done_at).is_(None))
        .values(due_at=now(), tries=Task.tries - 1)
    )


async def finish(db: AsyncSession, task_: Task) -> bool:
    """Mark a task done and forget what it carried; false when another worker has done it meanwhile."""
    mark = (
        update(Task)
        .where(col(Task.id) == task_.id, col(Task.done_at).is_(None))
        # A mail may hold a secret link: once it has left, nobody needs it here.
        .values(done_at=now(), error="", payload={})
        .returning(col(Task.id))
    )
    return (await db.execute(mark)).scalar_one_or_none() is not None


async def fail(db: AsyncSession, task_: Task, error: str) -> None:
    """Try again later, later each time; after the last try, keep it for an administrator to see."""
    delay = timedelta(seconds=min(5 * 2**task_.tries, 6 * 3600))
    given_up = now() if task_.tries >= TRIES else None
    await db.execute(
        update(Task)
        .where(col(Task.id) == task_.id, col(Task.done_at).is_(None))
        .values(due_at=now() + delay, error=error[:500], given_up_at=given_up)
    )


@dataclass(frozen=True)
class Standing:
    """How many tasks are late, tried in vain so far, and given up."""

    late: int
    failing: int
    given_up: int


async def standing(db: AsyncSession) -> Standing:
    """How the work that was left stands, for those who watch over the house."""
    alive = col(Task.given_up_at).is_(None)
    query = rows(
        func.count().filter(alive, col(Task.due_at) < now() - LATE),
        func.count().filter(alive, col(Task.error) != ""),
        func.count().filter(~alive),
    ).where(col(Task.done_at).is_(None))
    return Standing(*(await db.execute(query)).one())


async def sweep(db: AsyncSession, days: int = 7) -> None:
    """Forget what was done long ago."""
    await db.execute(delete(Task).where(col(Task.done_at) < now() - timedelta(days=days)))
