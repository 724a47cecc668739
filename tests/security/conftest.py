"""What tests of security need: a world with one of everything in it."""

from collections.abc import AsyncIterator

import pytest
from security.estate import Estate, furnish

from world import World


@pytest.fixture
async def estate(world: World) -> AsyncIterator[Estate]:
    """A world that is open (its streams flow), and a closed forum whose words must not be heard outside."""
    built = await furnish(world)
    # A server goes through the middlewares to open the house: they are there before it.
    world.app.middleware_stack = world.app.build_middleware_stack()
    async with world.app.router.lifespan_context(world.app):
        yield built
