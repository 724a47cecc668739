"""What is done now and then while the house is open, by one process at a time: the database gives the turns.

Every process offers itself for every duty. Whoever finds it due takes it, in one statement that moves it on to its
next time: the others find it no longer due. Nobody leads for long, so nobody has to notice that a leader died; what
a process was doing when it was killed is done again at the next time.
"""

import asyncio
import random
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from os import getpid

import structlog
from sqlalchemy import bindparam, text
from sqlmodel import Field, SQLModel
from sqlmodel.ext.asyncio.session import AsyncSession

from entente.clock import now
from entente.db import Moment
from entente.house import House

Tidy = Callable[[House], Awaitable[None]]

OFFERED_EVERY = 30.0
"""How long, in seconds, a duty waits at most for someone else when whoever did it is gone."""

log = structlog.get_logger()


class Duty(SQLModel, table=True):
    """Something that is done now and then, whatever the number of processes; its row decides who does it."""

    name: str = Field(max_length=60, primary_key=True)
    due_at: datetime = Field(sa_type=Moment)
    taken_by: str = Field(default="", max_length=120)
    """Machine and process that took it last."""
    taken_at: datetime = Field(default_factory=now, sa_type=Moment)


async def take(db: AsyncSession, name: str, seconds: float, whose: str = "") -> bool:
    """Take a duty that is due, and put it off until its next time; false when it is not, or someone else has it."""
    moment = now()
    known = {"name": name, "now": moment, "next": moment + timedelta(seconds=seconds), "whose": whose or _myself()}
    return (await db.execute(_TAKE, known)).scalar_one_or_none() is not None


_TAKE = text(
    "INSERT INTO duty (name, due_at, taken_by, taken_at) VALUES (:name, :next, :whose, :now) "
    "ON CONFLICT (name) DO UPDATE SET due_at = :next, taken_by = :whose, taken_at = :now "
    "WHERE duty.due_at <= :now RETURNING name"
).bindparams(bindparam("now", type_=Moment()), bindparam("next", type_=Moment()))


def _myself() -> str:
    return f"{socket.gethostname()[:100]}/{getpid()}"


@asynccontextmanager
async def tidied(house: House, name: str, seconds: float, tidy: Tidy) -> AsyncIterator[None]:
    """Tidy every so many seconds, here or in another process, for as long as the server lives."""
    running = asyncio.create_task(tidy_often(house, name, seconds, tidy), name=f"tidying {name}")
    try:
        yield
    finally:
        running.cancel()
        await asyncio.wait([running])


async def tidy_often(house: House, name: str, seconds: float, tidy: Tidy) -> None:
    """Offer oneself for a duty, for ever."""
    while True:
        # Never all at once: processes that were born together would ask together.
        await asyncio.sleep(min(seconds, OFFERED_EVERY) * random.uniform(0.8, 1.0))  # noqa: S311
        try:
            async with house.database.writing() as db:
                is_mine = await take(db, name, seconds)
            if is_mine:
                await tidy(house)
        except Exception as error:
            # A database that restarts, a full disk, a bucket that is away: it will be tidied next time.
            # Not its words: those of a bucket may hold its secret.
            log.warning("tidying_failed", what=name, error=type(error).__name__)
