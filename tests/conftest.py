"""Fixtures: the world, on both homes of the data."""

import asyncio
import os
import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import asyncpg
import pytest
import structlog
from sqlalchemy import text

from entente import schema
from entente.db import Database
from entente.settings import Settings, load
from snapshots import Album
from world import BASE, World, require_services

POSTGRES = os.environ.get("ENTENTE_TEST_POSTGRES", "postgresql://postgres@127.0.0.1:5432")
REDIS = os.environ.get("ENTENTE_TEST_REDIS", "redis://127.0.0.1:6379/9")


def missing(reason: str) -> None:
    """Skip on a laptop, fail in CI."""
    if require_services():
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="session", autouse=True)
def loggers_are_heard() -> Iterator[None]:
    """A logger that kept the configuration of one test would not be heard in the tests after it."""
    configure = structlog.configure

    def configure_without_keeping(**known: Any) -> None:
        configure(**{**known, "cache_logger_on_first_use": False})

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(structlog, "configure", configure_without_keeping)
        yield


@pytest.fixture(scope="session")
def embedded_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty embedded database with today's shape, to be copied."""
    folder = tmp_path_factory.mktemp("embedded")
    settings = load(data_dir=folder, base_url=BASE)

    async def shape() -> None:
        database = Database(settings)
        await schema.upgrade(database)
        async with database.engine.connect() as connection:
            await connection.execute(text("SELECT 1"))
        await database.close()

    asyncio.run(shape())
    return folder / "entente.sqlite3"


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """A database of our own on the PostgreSQL server, with today's shape."""
    name = f"entente_test_{os.getpid()}"
    url = f"{POSTGRES}/{name}"

    async def create() -> None:
        server = await asyncpg.connect(f"{POSTGRES}/postgres", timeout=20)
        await server.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        await server.execute(f"CREATE DATABASE {name}")
        await server.close()
        database = Database(load(database_url=url))
        await schema.upgrade(database)
        await database.close()

    async def drop() -> None:
        server = await asyncpg.connect(f"{POSTGRES}/postgres", timeout=20)
        await server.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        await server.close()

    try:
        asyncio.run(create())
    except (OSError, asyncpg.PostgresError, TimeoutError) as error:
        missing(f"PostgreSQL does not answer at {POSTGRES}: {error}")
    yield url
    asyncio.run(drop())


@pytest.fixture(scope="session")
def redis_url() -> str:
    """A Redis server that answers."""
    import redis

    try:
        redis.Redis.from_url(REDIS, socket_connect_timeout=10).ping()
    except (OSError, redis.RedisError) as error:
        missing(f"Redis does not answer at {REDIS}: {error}")
    return REDIS


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def home(request: pytest.FixtureRequest) -> str:
    """The two homes of the data; every test of a service or a door lives in both."""
    return str(request.param)


@pytest.fixture
def settings(home: str, request: pytest.FixtureRequest, tmp_path: Path) -> Settings:
    """Settings over an empty database of that home."""
    if home == "sqlite":
        shutil.copy(request.getfixturevalue("embedded_template"), tmp_path / "entente.sqlite3")
        return load(data_dir=tmp_path, base_url=BASE, worker="apart")
    url = request.getfixturevalue("postgres_url")
    asyncio.run(empty(url))
    return load(data_dir=tmp_path, database_url=url, base_url=BASE, worker="apart")


async def empty(url: str) -> None:
    """Forget every row, keep the shape."""
    server = await asyncpg.connect(url)
    tables = await server.fetch(
        "SELECT quote_ident(tablename) AS name FROM pg_tables "
        "WHERE schemaname = 'public' AND tablename <> 'alembic_version'"
    )
    # As a replica: neither foreign keys nor the append-only audit mind; TRUNCATE would cost ten times as much.
    deletes = ";".join(f"DELETE FROM {row['name']}" for row in tables)
    await server.execute(f"SET session_replication_role = replica; {deletes}")
    await server.close()


@pytest.fixture
def bare_sqlite(tmp_path: Path) -> Settings:
    """Settings over a file that does not exist yet."""
    return load(data_dir=tmp_path / "bare", base_url=BASE, worker="apart")


@pytest.fixture
def bare_postgres(tmp_path: Path) -> Iterator[Settings]:
    """Settings over an empty PostgreSQL database."""
    name = f"entente_bare_{os.getpid()}"

    async def run(*statements: str) -> None:
        server = await asyncpg.connect(f"{POSTGRES}/postgres", timeout=20)
        for statement in statements:
            await server.execute(statement)
        await server.close()

    drop = f"DROP DATABASE IF EXISTS {name} WITH (FORCE)"
    try:
        asyncio.run(run(drop, f"CREATE DATABASE {name}"))
    except (OSError, asyncpg.PostgresError, TimeoutError) as error:
        missing(f"PostgreSQL does not answer at {POSTGRES}: {error}")
    yield load(data_dir=tmp_path / "bare", database_url=f"{POSTGRES}/{name}", base_url=BASE, worker="apart")
    asyncio.run(run(drop))


@pytest.fixture
def bare(home: str, request: pytest.FixtureRequest) -> Settings:
    """Settings over an empty database of this home."""
    settings: Settings = request.getfixturevalue(f"bare_{home}")
    return settings


@pytest.fixture(scope="session")
def album(tmp_path_factory: pytest.TempPathFactory) -> Album:
    """The worlds that were built, to be opened again."""
    return Album(tmp_path_factory.mktemp("album"))


@pytest.fixture
async def world(home: str, settings: Settings, album: Album) -> AsyncIterator[World]:
    """A house with its people."""
    built = await album.world(home, settings)
    yield built
    await built.house.database.close()
