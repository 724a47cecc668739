"""One house of several processes for the tests of this folder: opened once, harmed in turn, whole again before each."""

import asyncio
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from bench.cluster import Cluster, Missing, cluster
from cluster.village import Village
from conftest import missing
from entente import schema
from entente.house import House
from entente.settings import load
from world import build_world


@pytest.fixture(scope="module")
def village() -> Iterator[Village]:
    """PostgreSQL, Redis, nginx, three server processes and a worker, over the small world of every test."""
    try:
        # Not among pytest's own folders: PostgreSQL runs as someone who may not go through them.
        with tempfile.TemporaryDirectory(prefix="entente-cluster-") as place, cluster(Path(place)) as made:
            asyncio.run(_settle(made))
            made.open()
            yield Village(made)
    except Missing as error:
        missing(f"{error} is not installed here")


async def _settle(made: Cluster) -> None:
    house = House.build(load(**made.settings()))
    await schema.upgrade(house.database)
    built = await build_world(house.settings)
    await built.house.database.close()
    await house.database.close()
