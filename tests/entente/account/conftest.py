"""What tests of the door need: a mailbox, a demonstration, a password already chosen."""

import re
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import pytest
from sqlalchemy import update
from sqlmodel import col, select

from entente.account import passwords
from entente.account.service import SEND_LINK, send_link
from entente.outbox import Task
from entente.people.models import Person
from entente.people.who import Who
from entente.settings import Settings
from entente.worker import Worker
from world import World, build_world

PASSWORD = "les vaches rentrent tard"


@dataclass
class Mailbox:
    """The mails that wait to be sent."""

    world: World

    async def mails(self) -> list[dict[str, Any]]:
        """Every mail, in the order it was posted."""
        await Worker(self.world.house, {SEND_LINK: send_link}, {}).work_once()
        async with self.world.reading() as db:
            tasks = (await db.exec(select(Task).where(col(Task.kind) == "mail").order_by(col(Task.id)))).all()
        return [task.payload for task in tasks]

    async def link(self) -> str:
        """The link in the last mail."""
        body = (await self.mails())[-1]["body"]
        found = re.search(r"https?://[^/\s]+(/\S+)", body)
        assert found, body
        return found.group(1)


@pytest.fixture
def mailbox(world: World) -> Mailbox:
    """The mails of the world."""
    return Mailbox(world)


@pytest.fixture
async def demo(settings: Settings) -> AsyncIterator[World]:
    """The demonstration: Awa is there to be tried, nobody else."""
    built = await build_world(settings, is_demo=True)
    async with built.house.database.writing() as db:
        pitch = update(Person).where(col(Person.id) == built.awa.id)
        await db.execute(pitch.values(demo_pitch="Awa achète pour Aubrac."))
    yield built
    await built.house.database.close()


ChoosePassword = Callable[[Who], Awaitable[None]]


@pytest.fixture
def choose_password(world: World) -> ChoosePassword:
    """Someone has chosen the password of these tests."""

    async def choose(who: Who) -> None:
        hash_ = await passwords.hashed(PASSWORD)
        async with world.house.database.writing() as db:
            await db.execute(update(Person).where(col(Person.id) == who.id).values(password_hash=hash_))

    return choose
