"""Scripts, styles and pictures."""

import gzip

import pytest

from entente.web import static
from world import World


@pytest.fixture
def home() -> str:
    """Files do not know the database."""
    return "sqlite"


async def test_a_file_asked_by_its_hash_is_kept_for_ever(world: World) -> None:
    """Its address changes with its content, so a browser never asks twice."""
    async with world.browser() as browser:
        named = await browser.get(static.address("entente.css"))
        bare = await browser.get("/static/entente.css")

    assert named.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert bare.headers["cache-control"] == "no-cache"
    assert named.headers["content-type"].startswith("text/css")


async def test_a_file_travels_compressed_ahead_of_time_for_whoever_accepts_it(world: World) -> None:
    """Both forms hold the same text."""
    async with world.browser() as browser:
        plain = await browser.get("/static/live.js", headers={"Accept-Encoding": "identity"})
        small = await browser.get("/static/live.js", headers={"Accept-Encoding": "gzip"})

    assert "content-encoding" not in plain.headers
    assert small.headers["content-encoding"] == "gzip"
    assert small.content == plain.content == gzip.decompress(static.ASSETS["live.js"].compressed or b"")


async def test_a_file_that_has_not_changed_is_not_sent_again(world: World) -> None:
    """The tag of the first answer makes the second one empty."""
    async with world.browser() as browser:
        first = await browser.get("/static/live.js")
        second = await browser.get("/static/live.js", headers={"If-None-Match": first.headers["etag"]})

    assert (second.status_code, second.content) == (304, b"")


@pytest.mark.parametrize("name", ["nothing.css", "../entente/settings.py", "..%2f..%2fpyproject.toml", ""])
async def test_nothing_else_is_handed_out(world: World, name: str) -> None:
    """Only what was read at the start has an address."""
    async with world.browser(world.awa) as browser:
        assert (await browser.get(f"/static/{name}")).status_code == 404
