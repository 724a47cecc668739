"""When the disk is full or the database away: it is said, the words are given back, and life goes on afterwards."""

import asyncio
import errno
import shutil
import sqlite3
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import asyncpg
import pytest
import structlog
from security.postgres import Cluster, own_postgres
from sqlalchemy import event, text
from sqlalchemy.exc import DBAPIError
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from breaking import fill, tiny_disk
from conftest import empty
from entente import db, schema
from entente.app import create_app
from entente.db import Database
from entente.room import Room
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


@pytest.fixture
async def crammed(embedded_template: Path, tmp_path: Path) -> AsyncIterator[World]:
    """A world whose database and files lie on a disk of a few megabytes."""
    with tiny_disk(tmp_path / "disk", 24) as disk:
        if disk is None:
            pytest.skip("this account may not mount a disk: the same is shown above with a bounded file")
        shutil.copy(embedded_template, disk / "entente.sqlite3")
        world = await build_world(load(data_dir=disk, base_url=BASE, worker="apart"))
        yield world
        await world.house.database.close()


async def test_a_disk_that_is_really_full_loses_nothing(crammed: World) -> None:
    """Not a byte is left: 507, the words and a log line that says what to do; pages still open; then all is saved."""
    disk = crammed.house.settings.data_dir
    async with crammed.browser(crammed.awa) as browser:
        saved = await browser.post(_address(crammed), data={"body": "Avant."})
        before = await _posts(crammed)
        filler = fill(disk)
        long = TYPED + " mot" * 7_000
        with structlog.testing.capture_logs() as said:
            full = [await browser.post(_address(crammed), data={"body": long}) for _ in range(20)]
        read = await browser.get(f"/forums/fils/{crammed.snow.id}")
        filler.unlink()
        again = await browser.post(_address(crammed), data={"body": TYPED})
    told = [answer.status_code for answer in full]
    assert 507 in told
    assert set(told) <= {303, 507}
    assert all("Il n’y a plus de place" in each.text and long in each.text for each in full if each.status_code == 507)
    assert [line["advice"] for line in said if line["event"] == "disk_full"]
    assert (saved.status_code, read.status_code, again.status_code) == (303, 200, 303)
    assert await _posts(crammed) == before + told.count(303) + 1


async def test_a_file_that_finds_no_room_is_refused_with_the_words(crammed: World) -> None:
    """Bruno joins a file when the disk is full: 507 and his text; his message goes once there is room."""
    disk = crammed.house.settings.data_dir
    joined = {"files": ("plan.txt", b"Un plan. " * 40_000, "text/plain")}
    before = await _posts(crammed)
    async with crammed.browser(crammed.bruno) as browser:
        filler = fill(disk)
        full = await browser.post(_address(crammed), data={"body": TYPED}, files=joined)
        filler.unlink()
        kept = await _posts(crammed)
        saved = await browser.post(_address(crammed), data={"body": TYPED}, files=joined)
    assert (full.status_code, saved.status_code) == (507, 303)
    assert "Il n’y a plus de place" in full.text
    assert TYPED in full.text
    assert (kept, await _posts(crammed)) == (before, before + 1)


@pytest.mark.parametrize("cause", [asyncpg.DiskFullError("could not extend file"), OSError(errno.ENOSPC, "plein")])
async def test_a_full_disk_of_another_machine_is_told_as_ours(embedded: World, cause: Exception) -> None:
    """PostgreSQL has no room left, or the system for what a form brings: 507, and no words of the driver's."""

    async def broken(_request: Request) -> Response:
        raise DBAPIError("INSERT", {"body": TYPED}, cause, hide_parameters=True) from cause

    app = create_app(embedded.house, [Room("broken", routes=[Route("/plein", broken, methods=["POST"])])])
    embedded.app = app
    async with embedded.browser(embedded.awa) as browser:
        answer = await browser.post("/plein", data={"body": TYPED})
    assert answer.status_code == 507
    assert TYPED in answer.text
    assert "extend" not in answer.text
