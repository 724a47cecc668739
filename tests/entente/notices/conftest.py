"""Fixtures: a world whose mails go to a postman, and in which time passes when it is told to."""

import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from sqlalchemy import select, update
from sqlmodel import SQLModel, col

from entente.app import worker_of
from entente.clock import now
from entente.notices.models import Notice, Postbag
from entente.outbox import Task
from entente.people.models import Person
from entente.settings import Settings
from world import World, build_world


@dataclass
class Postman:
    """A mail server that keeps what it accepts."""

    letters: list[EmailMessage] = field(default_factory=list)

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:
        self.letters.append(message_from_bytes(envelope.content, policy=default))
        return "250 Reçu"


@dataclass
class Post:
    """A world, its postman, and the time between a message and its mail."""

    world: World
    postman: Postman

    async def work(self) -> None:
        """Do everything that is due."""
        worker = worker_of(self.world.house)
        while await worker.work_once():
            pass

    async def wait(self, **length: int) -> list[EmailMessage]:
        """Let time pass, then do what is due; returns the mails that went meanwhile."""
        await self.work()
        before = len(self.postman.letters)
        await self.pass_(timedelta(**length))
        await self.work()
        return self.postman.letters[before:]

    async def pass_(self, length: timedelta) -> None:
        """Everything happened that much earlier."""
        moments: tuple[tuple[type[SQLModel], tuple[str, ...]], ...] = (
            (Notice, ("at", "read_at", "mailed_at")),
            (Postbag, ("mailed_at", "digest_at")),
            (Task, ("due_at",)),
        )
        async with self.world.house.database.writing() as db:
            for table, columns in moments:
                key = table.__mapper__.primary_key  # type: ignore[attr-defined]
                for row in (await db.execute(select(table))).scalars().all():
                    earlier = {name: _minus(getattr(row, name), length) for name in columns}
                    mine = [column == getattr(row, column.name) for column in key]
                    await db.execute(update(table).where(*mine).values(earlier))
            # Keys name minutes: those of the past are not those to come.
            await db.execute(update(Task).values(key=None))

    async def wishes(self, who: Any, **notifications: Any) -> None:
        """Someone chose how to be written to."""
        async with self.world.house.database.writing() as db:
            await db.execute(update(Person).where(col(Person.id) == who.id).values(notifications=notifications))


def _minus(moment: datetime | None, length: timedelta) -> datetime | None:
    return moment - length if moment else None


@pytest.fixture
async def post(settings: Settings) -> AsyncIterator[Post]:
    """A world whose mails go to a postman; nobody there minds the hour."""
    postman = Postman()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    controller = Controller(postman, hostname="127.0.0.1", port=port)
    controller.start()
    world = await build_world(settings.model_copy(update={"smtp_url": f"smtp://127.0.0.1:{port}"}))
    async with world.house.database.writing() as db:
        await db.execute(update(Person).values(notifications={"quiet": [0, 0]}))
        await db.execute(update(Task).values(done_at=now()))
    yield Post(world, postman)
    await world.house.database.close()
    controller.stop()
