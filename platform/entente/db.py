"""One database, two homes: SQLite beside the server, or PostgreSQL."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import DateTime, Dialect, Select, String, event, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import InvalidatePoolError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry
from sqlalchemy.types import TypeDecorator
from sqlmodel.ext.asyncio.session import AsyncSession

from entente import near
from entente.settings import Settings

BUSY_SECONDS = 10
RESTED_SECONDS = 5
"""After so long unused, a connection to PostgreSQL is asked whether it still leads somewhere."""
SLOW_STATEMENT_SECONDS = 30


class Moment(TypeDecorator[datetime]):
    """A moment with its zone; SQLite forgets zones, so it keeps UTC without saying so."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Refuse a moment without a zone, and store UTC."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a moment needs a zone")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def result_processor(self, dialect: Dialect, coltype: object) -> Any:
        """PostgreSQL keeps the zone: on its hot lists, nothing is done for each value."""
        return None if dialect.name == "postgresql" else super().result_processor(dialect, coltype)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Give the zone back."""
        return value.replace(tzinfo=UTC) if value is not None and value.tzinfo is None else value


class Word(TypeDecorator[str]):
    """One word of a closed list, stored as its text: no enum type to migrate."""

    impl = String(30)
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        """Store the text of the word."""
        return None if value is None else str(value)


def rows(*columns: Any) -> Select[Any]:
    """A question whose answer is plain rows: what hot pages ask, for objects cost ten times as much."""
    return select(*columns)


def is_embedded(db: AsyncSession) -> bool:
    """Whether this session is on SQLite, which has one writer: nobody waits there for a row or a turn."""
    return bool(db.get_bind().dialect.name == "sqlite")


def inserting(db: AsyncSession, table: Any) -> Any:
    """An INSERT in the words of this session's home, which both know how to tell what a conflict does."""
    return (sqlite if is_embedded(db) else postgresql).insert(table)


class _Session(AsyncSession):
    """SQLModel's session, whose `execute` may be used: it is what gives plain rows."""

    async def execute(self, *args: Any, **named: Any) -> Any:
        """What SQLAlchemy's own session does, without SQLModel's warning."""
        return await super(AsyncSession, self).execute(*args, **named)


class Database:
    """Opens sessions for reading and for working, and closes them whatever happens."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.engine = _sqlite(settings) if settings.is_embedded else _postgresql(settings)
        self._writing = self.engine.execution_options(sqlite_begin="IMMEDIATE")
        # In PostgreSQL each statement of ours sees its own moment anyway: a transaction around those that only look
        # costs two exchanges and gives nothing. In SQLite it gives them all the same moment.
        self._looking = self.engine if settings.is_embedded else _without_transactions(self.engine)
        # SQLite has one writer: waiting here is fair and costs nothing, waiting inside SQLite polls.
        self._turn = asyncio.Lock() if settings.is_embedded else None

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncSession]:
        """A session that only looks; nothing it holds is saved."""
        async with _Session(self._looking, expire_on_commit=False, autoflush=False) as session:
            yield session

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[AsyncSession]:
        """A session in one transaction: committed on the way out, rolled back on an error."""
        if self._turn is None:
            async with self._transaction() as session:
                yield session
            return
        async with self._turn, self._transaction() as session:
            yield session

    @asynccontextmanager
    async def _transaction(self) -> AsyncIterator[AsyncSession]:
        async with _Session(self._writing, expire_on_commit=False) as session, session.begin():
            yield session

    async def close(self) -> None:
        """Let go of every connection."""
        await self.engine.dispose()


def _sqlite(settings: Settings) -> AsyncEngine:
    path = settings.database_url.split("///", 1)[1]
    Path(path).parent.mkdir(parents=True, exist_ok=True)

    async def connect() -> near.Connection:
        return near.Connection(path, BUSY_SECONDS)

    engine = create_async_engine(
        settings.database_url,
        pool_size=2 * settings.database_pool,
        # What was opened in a rush stays open: opened for one question and closed again, it would cost ten.
        max_overflow=0,
        async_creator=connect,
        hide_parameters=True,
    )

    @event.listens_for(engine.sync_engine, "connect")
    def prepare(connection: Any, _record: ConnectionPoolEntry) -> None:
        cursor = connection.cursor()
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "temp_store=MEMORY"):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine.sync_engine, "begin")
    def begin(connection: Any) -> None:
        mode = connection.get_execution_options().get("sqlite_begin", "DEFERRED")
        connection.exec_driver_sql(f"BEGIN {mode}")

    return engine


def _without_transactions(engine: AsyncEngine) -> AsyncEngine:
    return engine.execution_options(isolation_level="AUTOCOMMIT")


def _postgresql(settings: Settings) -> AsyncEngine:
    engine = create_async_engine(
        settings.database_url,
        pool_size=2 * settings.database_pool,
        max_overflow=0,
        # The one that was used last knows most of our questions already: each connection prepares its own.
        pool_use_lifo=True,
        # What a statement carries is what people write: no trace of an error repeats it.
        hide_parameters=True,
        connect_args={
            "timeout": BUSY_SECONDS,
            "server_settings": {
                "application_name": "entente",
                "idle_in_transaction_session_timeout": "60000",
                "lock_timeout": f"{BUSY_SECONDS * 1000}",
                "statement_timeout": f"{SLOW_STATEMENT_SECONDS * 1000}",
            },
        },
    )

    @event.listens_for(engine.sync_engine, "checkin")
    def note(_connection: Any, record: ConnectionPoolEntry) -> None:
        record.info["returned"] = time.monotonic()

    @event.listens_for(engine.sync_engine, "checkout")
    def look(connection: Any, record: ConnectionPoolEntry, _lent: Any) -> None:
        # SQLAlchemy's own look (`pool_pre_ping`) asks the server every time, which costs as much as a question. That
        # the server has closed a connection is known without asking; only one that has rested can be dead unknown.
        has_rested = time.monotonic() - record.info.get("returned", time.monotonic()) > RESTED_SECONDS
        if connection.driver_connection.is_closed() or (has_rested and not _answers(engine.dialect, connection)):
            raise InvalidatePoolError

    return engine


def _answers(dialect: Dialect, connection: Any) -> bool:
    try:
        return dialect.do_ping(connection)
    except dialect.loaded_dbapi.Error:
        return False
