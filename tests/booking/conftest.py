"""The fleet, in a world of its own."""

import pytest_asyncio

from booking_world import Fleet, park
from world import World


@pytest_asyncio.fixture
async def fleet(world: World) -> Fleet:
    """What can be lent."""
    return await park(world)
