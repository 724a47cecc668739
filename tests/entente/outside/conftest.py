"""Fixtures: somebody else's server."""

from collections.abc import AsyncIterator

import pytest

from outside_world import Elsewhere, elsewhere_open


@pytest.fixture
async def elsewhere() -> AsyncIterator[Elsewhere]:
    """A server of calendars that a test may reach by its name."""
    async with elsewhere_open() as made:
        yield made
