"""Fixtures of real time: the bell of each home, uvicorn's own loop, and a Redis that may be harmed."""

import asyncio
import os
import shutil
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest
import redis
import uvloop

from conftest import missing
from entente.house import House
from entente.settings import Settings, load
from listening import OwnRedis, Process, Served, Square, served
from realtime.bell import prefix_of
from world import World


def pytest_asyncio_loop_factories() -> dict[str, Callable[[], asyncio.AbstractEventLoop]]:
    """The loop of production: what a socket does when it is full depends on it."""
    return {"uvloop": uvloop.new_event_loop}


@pytest.fixture(scope="session")
def redis_url(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Iterator[str]:
    """A Redis of our own where there is a programme for it: who reads where is counted there for the whole house."""
    if shutil.which("redis-server") is None:
        yield request.getfixturevalue("redis_url")
        return
    own = OwnRedis(tmp_path_factory.mktemp("redis"))
    own.start()
    yield own.url
    own.stop()


@pytest.fixture
def settings(settings: Settings, home: str, request: pytest.FixtureRequest) -> Settings:
    """One process rings in memory; beside PostgreSQL, the bell is Redis, where nobody is left of the test before."""
    if home == "sqlite":
        return settings
    url = request.getfixturevalue("redis_url")
    made = load(**settings.model_dump() | {"redis_url": url})
    with redis.Redis.from_url(url) as client:
        for name in client.scan_iter(f"{prefix_of(made)}:*"):
            client.delete(name)
    return made


@pytest.fixture
def square() -> Square:
    """A square where people talk."""
    return Square()


@pytest.fixture
async def place(world: World, square: Square) -> AsyncIterator[Served]:
    """The square, served."""
    async with served(square.app(world.house)) as here:
        yield here


@pytest.fixture
async def cookie(world: World) -> dict[str, str]:
    """Awa's device."""
    return await world.cookie(world.awa)


@pytest.fixture
async def pair(world: World, square: Square) -> AsyncIterator[tuple[Served, Served]]:
    """The square served by two processes that share a database and a bell."""
    async with (
        served(square.app(House.build(world.house.settings))) as one,
        served(square.app(House.build(world.house.settings))) as two,
    ):
        yield one, two


@pytest.fixture
def own_redis(tmp_path: Path) -> Iterator[OwnRedis]:
    """A Redis to be harmed."""
    if shutil.which("redis-server") is None:
        missing("redis-server is not installed")
    own = OwnRedis(tmp_path)
    own.start()
    yield own
    own.stop()


@pytest.fixture
def long() -> bool:
    """Whether there is time for the full length (ENTENTE_TEST_LONG=1)."""
    return os.environ.get("ENTENTE_TEST_LONG") == "1"


@pytest.fixture
def processes() -> Iterator[Callable[[Settings], Process]]:
    """Server processes, ended with the test."""
    started: list[Process] = []

    def start(settings: Settings) -> Process:
        started.append(Process(settings))
        return started[-1]

    yield start
    for each in started:
        if each.process.poll() is None:
            each.stop()
