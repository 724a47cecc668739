"""When the disk is full or the database away: it is said, the words are given back, and life goes on afterwards."""

import asyncio
import shutil
import sqlite3
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from security.postgres import Cluster, own_postgres
from sqlalchemy import event, text

from conftest import empty
from entente import db, schema
from entente.db import Database
from entente.settings import load
from world import BASE, World, build_world

TYPED = "Ce que j’ai mis une heure à écrire."


def _address(world: World) -> str:
    return f"/forums/fils/{world.snow.id}/messages"


async def _posts(world: World) -> int:
    async with world.reading() as session:
        return int((await session.execute(text("SELECT count(*) FROM post"))).scalar_one())


@pytest.fixture
async def embedded(embedded_template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[World]:
    """A world in a file, whose lock is waited for half a second."""
    monkeypatch.setattr(db, "BUSY_SECONDS", 0.5)
    shutil.copy(embedded_template, tmp_path / "entente.sqlite3")
    world = await build_world(load(data_dir=tmp_path, base_url=BASE, worker="apart"))
    yield world
    await world.house.database.close()


@pytest.mark.parametrize("htmx", [False, True])
async def test_a_full_disk_loses_nothing(embedded: World, htmx: bool) -> None:
    """The disk has no page left when Awa answers: 507 and her words; pages still open; with room again, it is saved."""
    before = await _posts(embedded)
    long = TYPED + " mot" * 7_000
    engine = embedded.house.database.engine
    async with embedded.browser(embedded.awa, htmx=htmx) as browser:
        await engine.dispose()

        def bounded(connection, _record) -> None:  # type: ignore[no-untyped-def]
            # SQLite never goes below what the file already holds: 1 stands for « not one page more ».
            connection.execute("PRAGMA max_page_count=1")

        event.listen(engine.sync_engine, "connect", bounded)
        full = await browser.post(_address(embedded), data={"body": long})
        page = await browser.get(f"/forums/fils/{embedded.snow.id}")
        event.remove(engine.sync_engine, "connect", bounded)
        await engine.dispose()
        count = await _posts(embedded)
        saved = await browser.post(_address(embedded), data={"body": long})

    assert full.status_code == 507
    assert "Il n’y a plus de place" in full.text
    assert long in full.text
    assert page.status_code == 200
    assert count == before
    assert saved.status_code in (200, 303)
    assert await _posts(embedded) == before + 1


async def test_a_database_that_another_process_holds(embedded: World, tmp_path: Path) -> None:
    """Another process keeps the file locked: 503, when to come back, and Awa's words; then all is as before."""
    async with embedded.browser(embedded.awa) as browser:
        holder = sqlite3.connect(tmp_path / "entente.sqlite3", isolation_level=None)
        holder.execute("BEGIN IMMEDIATE")
        refused = await browser.post(_address(embedded), data={"body": TYPED})
        read = await browser.get("/forums/technique")
        holder.execute("ROLLBACK")
        holder.close()
        saved = await browser.post(_address(embedded), data={"body": TYPED})

    assert (refused.status_code, refused.headers["retry-after"]) == (503, "5")
    assert "La base de données ne répond pas" in refused.text
    assert TYPED in refused.text
    assert (read.status_code, saved.status_code) == (200, 303)


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    """A PostgreSQL that may be stopped."""
    folder = Path(tempfile.mkdtemp(prefix="entente-"))
    with own_postgres(folder) as running:
        yield running
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
async def away(cluster: Cluster, tmp_path: Path) -> AsyncIterator[World]:
    """A world over that PostgreSQL."""
    settings = load(data_dir=tmp_path, database_url=cluster.url, base_url=BASE, worker="apart")
    database = Database(settings)
    await schema.upgrade(database)
    await database.close()
    await empty(cluster.url)
    world = await build_world(settings)
    yield world
    await world.house.database.close()


@pytest.mark.postgres
async def test_a_database_that_is_away_comes_back(away: World, cluster: Cluster) -> None:
    """PostgreSQL stops while the house is open: 503 and Awa's words; it starts again, and so does everything."""
    async with away.browser(away.awa) as browser, away.browser() as stranger:
        before = await _posts(away)
        await asyncio.to_thread(cluster.stop)
        refused = await browser.post(_address(away), data={"body": TYPED})
        opened = await browser.get("/forums")
        signing_in = await stranger.post("/connexion", data={"email": "awa@aubrac.example"})
        alive, ready = await stranger.get("/sante/vivant"), await stranger.get("/sante/pret")
        await asyncio.to_thread(cluster.start)
        saved = await browser.post(_address(away), data={"body": TYPED})
        ready_again = await stranger.get("/sante/pret")

    for answer in (refused, opened, signing_in):
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
        assert "La base de données ne répond pas" in answer.text
    assert TYPED in refused.text
    assert "awa@aubrac.example" in signing_in.text
    assert (alive.status_code, ready.status_code, ready_again.status_code) == (200, 503, 200)
    assert saved.status_code == 303
    assert await _posts(away) == before + 1


@pytest.mark.postgres
async def test_a_database_that_starts_is_away_too(away: World, cluster: Cluster) -> None:
    """Awa asks again and again while PostgreSQL stops and starts: each time the page, or 503."""
    seen: list[int] = []

    async def insist() -> None:
        async with away.browser(away.awa) as browser:
            while True:
                seen.append((await browser.get("/forums")).status_code)

    asking = asyncio.create_task(insist())
    for _ in range(2):
        await asyncio.sleep(0.3)
        await asyncio.to_thread(cluster.stop)
        await asyncio.sleep(0.1)
        await asyncio.to_thread(cluster.start)
    await asyncio.sleep(0.3)
    asking.cancel()
    await asyncio.wait([asking])
    assert set(seen) == {200, 503}


@pytest.mark.postgres
async def test_a_database_without_a_place_left(away: World) -> None:
    """Somebody else holds every connection that PostgreSQL gives: 503, and Awa's words."""
    import asyncpg

    held = []
    async with away.browser(away.awa) as browser:
        await away.house.database.engine.dispose()
        try:
            while True:
                held.append(await asyncpg.connect(away.house.settings.database_url.replace("+asyncpg", "")))
        except asyncpg.TooManyConnectionsError:
            refused = await browser.post(_address(away), data={"body": TYPED})
        finally:
            for connection in held:
                await connection.close()
        saved = await browser.post(_address(away), data={"body": TYPED})
    assert (refused.status_code, saved.status_code) == (503, 303)
    assert TYPED in refused.text
