"""One change: what it does, what it tells, and what it leaves for later, saved together."""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from types import MappingProxyType
from typing import Any
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from entente import journal, outbox
from entente.db import Database
from entente.ids import Ref
from entente.journal import Record, Rung, Verb
from entente.people.models import AuditEntry
from entente.people.who import Who
from entente.rules import Refused

Announce = Callable[[Sequence[Rung]], None]
"""Rings the bell for streams that moved; called once, after the commit."""
Followers = Mapping[str, Sequence[str]]
"""For each verb of the journal, the kinds of the tasks that read such entries after the commit."""


class Work:
    """An open transaction and the person who works in it; services receive it and never commit."""

    def __init__(self, db: AsyncSession, someone: Who | None, followers: Followers) -> None:
        self.db = db
        self.someone = someone
        self._followers = followers
        self._records: list[Record] = []
        self._tasks: list[outbox.Task] = []
        self.has_left = False
        """Whether something was left for later, once sealed."""

    @property
    def who(self) -> Who:
        """The person who works; raises Refused when nobody is signed in."""
        if self.someone is None:
            raise Refused("Connectez-vous pour continuer.")
        return self.someone

    def record(self, stream: Ref, verb: Verb, subject_id: UUID) -> None:
        """Tell the stream what happened, in the same transaction; whoever follows the verb hears of it after."""
        self._records.append(Record(stream, verb, subject_id))
        for task in self._followers.get(verb, ()):
            person = str(self.someone.id) if self.someone else None
            told = {"stream": str(stream), "verb": str(verb), "subject": str(subject_id), "person": person}
            self.later(task, told)

    def later(self, task: str, payload: dict[str, Any], due: datetime | None = None, key: str | None = None) -> None:
        """Leave a task that runs at least once after the commit; of two with the same key, one stays."""
        self._tasks.append(outbox.task(task, payload, due, key))

    def audit(self, act: str, subject: Ref | str, **detail: Any) -> None:
        """Keep for ever who did this and to what."""
        person_id = self.someone.id if self.someone else None
        self.db.add(AuditEntry(person_id=person_id, act=act, subject=str(subject), detail=detail))

    async def seal(self) -> list[Rung]:
        """Save everything, positions last; what follows can only be the commit. What was sealed is so once."""
        await self.db.flush()
        tasks, self._tasks = self._tasks, []
        records, self._records = self._records, []
        self.has_left = self.has_left or bool(tasks)
        await outbox.leave(self.db, tasks)
        if not records:
            return []
        return await journal.append(self.db, records, self.someone.id if self.someone else None)


@asynccontextmanager
async def working(
    database: Database,
    who: Who | None,
    announce: Announce,
    stir: Callable[[], None] = lambda: None,
    followers: Followers = MappingProxyType({}),
) -> AsyncIterator[Work]:
    """Commit on the way out, then ring; on an error, roll back and stay silent."""
    async with database.writing() as db:
        work = Work(db, who, followers)
        yield work
        rungs = await work.seal()
    if rungs:
        announce(rungs)
    if work.has_left:
        stir()
