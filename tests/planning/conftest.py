"""Fixtures: the world, with a body that meets."""

import pytest

from planning_world import Council
from world import World


@pytest.fixture
async def council(world: World) -> Council:
    """The CoPil with five seats, a secretary, and a network where others sit."""
    return await Council.settle(world)
