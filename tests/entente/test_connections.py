"""What the house asks of PostgreSQL besides its questions: as little as it can, and never through a dead connection."""

import asyncio
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

from entente import db as connections
from entente.db import Database
from entente.settings import Settings

pytestmark = pytest.mark.postgres
MOMENT = text("SELECT now()")
WHO = text("SELECT pg_backend_pid()")


async def backend(database: Database) -> tuple[int, Any]:
    """The process of PostgreSQL that answers, and the connection that leads there."""
    async with database.reading() as db:
        raw = await (await db.connection()).get_raw_connection()
        return (await db.execute(WHO)).scalar_one(), raw.driver_connection


async def half_done(database: Database) -> None:
    """A change whose second half fails."""
    async with database.writing() as db:
        await db.execute(text("CREATE TABLE undone (id INTEGER)"))
        await db.execute(text("SELECT 1 FROM nowhere"))


async def test_looking_opens_no_transaction(bare_postgres: Settings) -> None:
    """Two looks see two moments; in a change, time stands still until it is saved."""
    database = Database(bare_postgres)
    seen = []
    for opened in (database.reading, database.writing):
        async with opened() as db:
            seen.append([(await db.execute(MOMENT)).scalar_one() for _ in range(2)])
    await database.close()

    assert seen[0][0] < seen[0][1]
    assert seen[1][0] == seen[1][1]


async def test_after_looking_a_connection_can_still_undo(bare_postgres: Settings) -> None:
    """A connection that looked without a transaction has one again for whoever changes something."""
    database = Database(bare_postgres)
    async with database.reading() as db:
        await db.execute(text("SELECT 1"))
    with pytest.raises(ProgrammingError):
        await half_done(database)
    async with database.reading() as db:
        found = (await db.execute(text("SELECT to_regclass('undone')"))).scalar_one()
    await database.close()

    assert found is None


async def test_a_connection_that_the_server_closed_is_replaced(bare_postgres: Settings) -> None:
    """PostgreSQL ends the process of a connection at rest: the next question knows, and asks through another."""
    database, other = Database(bare_postgres), Database(bare_postgres)
    pid, connection = await backend(database)
    async with other.writing() as db:
        await db.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": pid})
    async with asyncio.timeout(20):
        while not connection.is_closed():
            await asyncio.sleep(0.01)

    replaced, _ = await backend(database)
    for each in (database, other):
        await each.close()
    assert replaced != pid


async def test_a_connection_that_has_rested_is_asked_whether_it_still_leads_somewhere(
    bare_postgres: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that was used just now is not asked; one that has rested is, and replaced when nobody answers."""
    database = Database(bare_postgres)
    dialect = database.engine.dialect
    asked: list[object] = []

    def silent(connection: object) -> bool:
        asked.append(connection)
        return False

    pid, _ = await backend(database)
    monkeypatch.setattr(dialect, "do_ping", silent)
    again, _ = await backend(database)
    used_just_now = len(asked)
    monkeypatch.setattr(connections, "RESTED_SECONDS", 0)
    replaced, _ = await backend(database)
    await database.close()

    assert (again, used_just_now, len(asked)) == (pid, 0, 1)
    assert replaced != pid
