"""Fixtures: databases without a shape, for what happens before the first migration."""

import asyncio
import os
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest

from conftest import POSTGRES, missing
from entente.settings import Settings, load
from world import BASE


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


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def target(request: pytest.FixtureRequest) -> Settings:
    """Settings over an empty database of each home: where an archive is restored."""
    settings: Settings = request.getfixturevalue(f"bare_{request.param}")
    return settings
