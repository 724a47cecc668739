"""SQLite at hand: what an index answers at once is asked on the spot, and only what may last goes to a thread.

aiosqlite carries every statement to a thread and back four times, and each journey costs more than most answers.
SQLAlchemy's aiosqlite dialect drives this connection instead, through `async_creator`.
"""

import asyncio
import sqlite3
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from math import inf
from time import perf_counter
from typing import Any, Self, TypeVar

from entente.letters import bare

PATIENCE = 0.002
"""Seconds that a question may hold the loop; then it is dropped and asked again in a thread."""
STEPS = 1_000
"""Instructions of SQLite between two looks at the clock."""

T = TypeVar("T")
_threads = ThreadPoolExecutor(4, "sqlite")


class Connection:
    """One connection; a statement runs on the spot, or apart while the loop goes on."""

    def __init__(self, path: str, timeout: float) -> None:
        made = sqlite3.connect(path, timeout, isolation_level=None, check_same_thread=False)
        made.create_function("bare_letters", 1, bare, deterministic=True)
        made.set_progress_handler(self._is_late, STEPS)
        self._connection: sqlite3.Connection | None = made
        self._until = inf
        self._is_writing = False

    def _is_late(self) -> bool:
        return perf_counter() > self._until

    def cursor(self) -> "Cursor":
        """Where one statement and its rows live."""
        assert self._connection
        return Cursor(self, self._connection.cursor())

    def is_short(self, statement: str) -> bool:
        """Whether a change is over at once: the lock is awaited at the beginning, the disk at the commit."""
        return statement == "BEGIN DEFERRED" or (self._is_writing and statement.startswith(("INSERT", "UPDATE")))

    async def ask(self, do: Callable[[], T], again: Callable[[], T]) -> T:
        """Ask on the spot (readers never wait in WAL mode); ask again apart when the answer is long in coming."""
        self._until = perf_counter() + PATIENCE
        try:
            return do()
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_INTERRUPT:
                raise
        finally:
            self._until = inf
        return await apart(again)

    async def change(self, statement: str, do: Callable[[], T]) -> T:
        """Change something, where that belongs; once, for a change that is interrupted undoes its transaction."""
        if self.is_short(statement):
            return do()
        done = await apart(do)
        self._is_writing = self._is_writing or statement == "BEGIN IMMEDIATE"
        return done

    async def commit(self) -> None:
        """Save, which waits for the disk."""
        if self._connection:
            await apart(self._connection.commit)
        self._is_writing = False

    async def rollback(self) -> None:
        """Forget."""
        if self._connection:
            self._connection.rollback()
        self._is_writing = False

    async def create_function(self, *known: Any, **named: Any) -> None:
        """Teach SQLite a function of Python."""
        assert self._connection
        self._connection.create_function(*known, **named)

    async def close(self) -> None:
        """Let the file go."""
        self.stop()

    def stop(self) -> None:
        """Let the file go, now."""
        if self._connection:
            self._connection.close()
        self._connection = None


class Cursor:
    """One statement and its rows."""

    def __init__(self, connection: Connection, cursor: sqlite3.Cursor) -> None:
        self._home = connection
        self._cursor = cursor
        self._said: Callable[[], sqlite3.Cursor] = cursor.fetchall  # type: ignore[assignment]
        self._is_question = False
        self.arraysize = 100

    async def __aenter__(self) -> Self:
        return self

    def __getattr__(self, name: str) -> Any:
        return getattr(self._cursor, name)

    async def execute(self, statement: str, parameters: Sequence[Any] = ()) -> None:
        """Run a statement."""
        self._said = partial(self._cursor.execute, statement, parameters)
        self._is_question = statement.startswith("SELECT")
        if self._is_question:
            await self._home.ask(self._said, self._said)
        else:
            await self._home.change(statement, self._said)

    async def executemany(self, statement: str, parameters: Sequence[Sequence[Any]]) -> None:
        """Run a statement once for each: always apart, for they may be many."""
        await apart(partial(self._cursor.executemany, statement, parameters))

    async def fetchall(self) -> list[Any]:
        """Every row."""
        if not self._is_question:
            return self._cursor.fetchall()
        return await self._home.ask(self._cursor.fetchall, lambda: self._said().fetchall())

    async def fetchmany(self, size: int | None = None) -> list[Any]:
        """The next rows of a long answer."""
        return await apart(partial(self._cursor.fetchmany, size or self.arraysize))

    async def close(self) -> None:
        """Nothing more is read."""
        self._cursor.close()


async def apart(do: Callable[[], T]) -> T:
    """Do it in a thread; whoever gives up still waits for it, for a connection does one thing at a time."""
    doing = asyncio.get_running_loop().run_in_executor(_threads, do)
    try:
        return await asyncio.shield(doing)
    except asyncio.CancelledError:
        await asyncio.wait([doing])
        raise
