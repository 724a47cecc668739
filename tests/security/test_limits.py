"""Guarded doors are tried so many times and no more, whatever else is out of order."""

from collections.abc import AsyncIterator

import pytest

from entente.settings import Settings
from world import World, build_world

WRONG = {"login": "awa@aubrac.example", "password": "ce n’est pas celui-là"}


@pytest.fixture
async def without_redis(settings: Settings, unused_tcp_port: int) -> AsyncIterator[World]:
    """An open house whose Redis is not there."""
    world = await build_world(settings.model_copy(update={"redis_url": f"redis://127.0.0.1:{unused_tcp_port}"}))
    world.app.middleware_stack = world.app.build_middleware_stack()
    async with world.app.router.lifespan_context(world.app):
        yield world


async def test_without_redis_limits_hold_and_pages_open(without_redis: World) -> None:
    """Someone guesses while Redis is away: refused after ten tries as on any other day; Awa reads, and writes."""
    async with without_redis.browser() as stranger:
        tried = [(await stranger.post("/connexion/mot-de-passe", data=WRONG)).status_code for _ in range(12)]
    async with without_redis.browser(without_redis.awa) as browser:
        read = await browser.get(f"/forums/fils/{without_redis.snow.id}")
        said = await browser.post(f"/forums/fils/{without_redis.snow.id}/messages", data={"body": "Je l’ai."})
    assert tried == [422] * 10 + [429] * 2
    assert (read.status_code, said.status_code) == (200, 303)


async def test_a_limit_says_when_to_come_back(world: World) -> None:
    """429, with the header that machines read and the sentence that people do."""
    async with world.browser() as stranger:
        for _ in range(11):
            refused = await stranger.post("/connexion/mot-de-passe", data=WRONG)
    assert refused.status_code == 429
    assert 0 < int(refused.headers["retry-after"]) <= 900
    assert "minutes" in refused.text
