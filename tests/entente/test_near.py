"""SQLite at hand: short questions on the spot, long ones apart, and a change never twice."""

import asyncio
import sqlite3
from pathlib import Path

import pytest

from entente.near import Connection

LONG = (
    "SELECT count(*) FROM (WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 400000) "
    "SELECT i FROM n)"
)


async def asked(connection: Connection, statement: str) -> list[tuple[object, ...]]:
    """Run a statement, and give back its rows."""
    cursor = connection.cursor()
    await cursor.execute(statement)
    found = await cursor.fetchall()
    await cursor.close()
    return found


async def filled(path: Path) -> Connection:
    """A connection to a file with one table."""
    connection = Connection(str(path / "near.sqlite3"), 1)
    await asked(connection, "PRAGMA journal_mode=WAL")
    await asked(connection, "CREATE TABLE thing (id INTEGER PRIMARY KEY, name TEXT)")
    return connection


async def test_a_long_question_is_answered_while_the_loop_goes_on(tmp_path: Path) -> None:
    """A question that lasts leaves the loop to others, and its answer is whole."""
    connection = await filled(tmp_path)
    turns = 0

    async def others() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    beside = asyncio.create_task(others())
    assert await asked(connection, LONG) == [(400_000,)]
    beside.cancel()
    assert turns > 10
    await connection.close()


async def test_a_long_change_is_made_once(tmp_path: Path) -> None:
    """No clock interrupts a change, for SQLite would undo its whole transaction."""
    connection = await filled(tmp_path)
    await asked(connection, "BEGIN IMMEDIATE")
    await asked(connection, "INSERT INTO thing (name) VALUES ('first')")
    await asked(
        connection,
        "INSERT INTO thing (name) WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 50000) "
        "SELECT 'many' FROM n",
    )
    await connection.commit()
    assert await asked(connection, "SELECT count(*) FROM thing") == [(50_001,)]
    await connection.close()


async def test_a_writer_waits_for_another_one_without_holding_the_loop(tmp_path: Path) -> None:
    """While the lock is elsewhere, the loop runs; the wait ends with the error that SQLite gives."""
    mine, other = await filled(tmp_path), Connection(str(tmp_path / "near.sqlite3"), 1)
    await asked(other, "BEGIN IMMEDIATE")
    waiting = asyncio.create_task(asked(mine, "BEGIN IMMEDIATE"))
    await asyncio.sleep(0.05)
    assert not waiting.done()
    with pytest.raises(sqlite3.OperationalError, match="locked"):
        await waiting
    await mine.close()
    await other.close()


async def test_whoever_gives_up_leaves_the_connection_at_rest(tmp_path: Path) -> None:
    """A question that is abandoned is over before anything else may use its connection."""
    connection = await filled(tmp_path)
    asking = asyncio.create_task(asked(connection, LONG))
    await asyncio.sleep(0.01)
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    assert await asked(connection, "SELECT 1") == [(1,)]
    await connection.close()
