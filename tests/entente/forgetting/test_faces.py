"""How someone is called changes: whatever another process keeps of the former name is shown no more."""

import asyncio
import os
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import httpx
import pytest
import redis

from entente.account.profile.models import Profile
from entente.account.profile.service import change_profile
from entente.app import worker_of
from entente.forgetting.service import Forgetting
from entente.notices.rules import MailRhythm
from entente.people.models import Person
from entente.people.who import Who
from entente.settings import Settings, load
from forums import queries
from forums.reactions import service as reactions
from forums.reactions.models import Sign
from world import BASE, World

PATIENCE = 60.0


@pytest.fixture
def settings(settings: Settings, home: str, request: pytest.FixtureRequest) -> Settings:
    """Beside PostgreSQL, the bell is Redis."""
    if home == "sqlite":
        return settings
    return load(**settings.model_dump() | {"redis_url": request.getfixturevalue("redis_url")})


@pytest.fixture
async def elsewhere(world: World) -> AsyncIterator[httpx.AsyncClient]:
    """Bruno's browser, before a process of its own that serves the same house."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    settings = world.house.settings
    address = settings.database_url.replace("+asyncpg", "").replace("+aiosqlite", "")
    told = {"DATA_DIR": str(settings.data_dir), "DATABASE_URL": address, "BASE_URL": BASE, "WORKER": "apart"}
    told |= {"REDIS_URL": settings.redis_url} if settings.redis_url else {}
    known = {name: value for name, value in os.environ.items() if not name.startswith("ENTENTE_")}
    process = subprocess.Popen(
        [Path(sys.executable).with_name("entente"), "serve", "--port", str(port)],
        env=known | {f"ENTENTE_{name}": value for name, value in told.items()},
        stdout=subprocess.DEVNULL,
    )
    try:
        cookie, host = await world.cookie(world.bruno), {"Host": httpx.URL(BASE).host}
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", cookies=cookie, headers=host) as client:
            await _open(client, process)
            yield client
    finally:
        process.terminate()
        await asyncio.to_thread(process.wait, PATIENCE)


async def _open(client: httpx.AsyncClient, process: "subprocess.Popen[bytes]") -> None:
    """Knock until the process answers."""
    async with asyncio.timeout(PATIENCE):
        while process.poll() is None:
            try:
                await client.get("/connexion")
            except httpx.TransportError:
                continue
            return
    raise AssertionError("the process has ended")


async def _seen(world: World, elsewhere: httpx.AsyncClient) -> str:
    """The thread and the list of its forum as the other process shows them, then once more from what it keeps."""
    addresses = [f"/forums/fils/{world.snow.id}", "/forums/technique"] * 2
    pages = [await elsewhere.get(address) for address in addresses]
    assert [page.status_code for page in pages] == [200] * 4
    return "".join(page.text for page in pages)


async def _lives(world: World) -> None:
    """Awa speaks, Bruno calls her, she thanks him."""
    await world.post(world.awa, world.snow, "J’en parle demain.")
    called = await world.post(world.bruno, world.snow, "Merci @awa-diallo.")
    async with world.working(world.awa) as work:
        said, place = await queries.post_for(work.db, world.awa, called.id)
        await reactions.toggle(work, place, said, Sign.THANKS)
    await world.post(world.awa, world.snow, "De rien.")


async def test_someone_who_is_renamed_is_called_so_by_every_process(world: World, elsewhere: httpx.AsyncClient) -> None:
    """Awa Diallo becomes Ava Delmas in this process: the other shows it above her words, in calls and among signs."""
    await _lives(world)
    before = await _seen(world, elsewhere)
    async with world.working(world.awa) as work:
        awa = await work.db.get_one(Person, world.awa.id)
        profile = Profile(given_name="Ava", family_name="Delmas", time_zone="Europe/Paris", mail=MailRhythm.DAILY)
        await change_profile(work, awa, profile)
    worker = worker_of(world.house)
    while await worker.work_once():
        pass
    after = await _seen(world, elsewhere)

    assert all(words in before for words in ("Awa Diallo", "@Awa Diallo", "Merci 1 : Awa"))
    assert all(words in after for words in ("Ava Delmas", "@Ava Delmas", "Merci 1 : Ava"))
    assert "Awa" not in after


async def test_someone_who_is_forgotten_is_named_by_no_process(
    world: World, elsewhere: httpx.AsyncClient, known: Forgetting, leave: Callable[[Who], Awaitable[None]]
) -> None:
    """Forgotten in this process, Awa is « Personne partie » in the other at the next page, without any worker."""
    await _lives(world)
    before = await _seen(world, elsewhere)
    await leave(world.awa)
    async with world.working(world.ines) as work:
        await known.forget(work, world.awa.id)
    after = await _seen(world, elsewhere)

    assert "Awa Diallo" in before
    assert ("Awa" in after, "Diallo" in after, "Personne partie" in after) == (False, False, True)
    assert _in_redis(world, b"Diallo", b"awa@aubrac.example", world.awa.name.encode()) == []


def _in_redis(world: World, *words: bytes) -> list[bytes]:
    """The keys of Redis, beside PostgreSQL, that hold any of these words."""
    if world.house.settings.redis_url is None:
        return []
    server = redis.Redis.from_url(world.house.settings.redis_url)
    kept = {bytes(key): bytes(key) + (server.dump(key) or b"") for key in server.scan_iter()}
    return [key for key, value in kept.items() if any(word in value for word in words)]
