"""Fixtures: databases without a shape, where an archive is restored."""

import pytest

from entente.settings import Settings


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def target(request: pytest.FixtureRequest) -> Settings:
    """Settings over an empty database of each home: where an archive is restored."""
    settings: Settings = request.getfixturevalue(f"bare_{request.param}")
    return settings
