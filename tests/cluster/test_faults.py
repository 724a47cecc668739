"""Three server processes behind nginx, over PostgreSQL and Redis: what dies comes back, and nobody misses a word.

The same promises as in `tests/realtime`, in the setting of a hundred communes; `bench.chaos` holds them under a crowd.
"""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
import httpx
import pytest
import redis

from bench.cluster import Nginx
from bench.ground import HOST
from cluster.village import PATIENCE, Life, Village, stream_of, until
from entente import journal
from entente.people.who import Who

pytestmark = [pytest.mark.postgres, pytest.mark.redis, pytest.mark.flaky(reruns=2, reruns_delay=1)]
# Eight processes and a test share two cores: one may be late. Thrice is a fault, and `-ra` names each.


@pytest.fixture
async def life(village: Village) -> AsyncIterator[Life]:
    """A whole house, with nobody's pages open yet."""
    async with village.lived_in() as lived:
        await asyncio.to_thread(village.cluster.mend)
        yield lived


@asynccontextmanager
async def talking(life: Life, thread: str, who: Who, every: float = 0.05) -> AsyncIterator[list[str]]:
    """Someone posts at a steady pace for the length of a block; yields what was acknowledged."""
    cookie, said, is_over = await life.cookie(who), [], asyncio.Event()

    async def talk() -> None:
        number = 0
        while not is_over.is_set():
            number += 1
            try:
                answer = await life.post(cookie, f"{thread}/messages", {"body": f"Parole {number}."})
            except httpx.HTTPError:
                continue
            if answer.status_code == 303:
                said.append(f"Parole {number}.")
            await asyncio.sleep(every)

    task = asyncio.create_task(talk())
    try:
        yield said
    finally:
        is_over.set()
        await task


async def written(life: Life, thread: str) -> list[str]:
    """What the thread holds, in PostgreSQL."""
    server = await asyncpg.connect(life.cluster.postgres.url)
    query = "SELECT body FROM post WHERE thread_id = $1 AND body LIKE 'Parole%' ORDER BY number"
    found = [each["body"] for each in await server.fetch(query, stream_of(thread).rpartition("/")[2])]
    await server.close()
    return found


async def require_whole(life: Life, thread: str, said: list[str]) -> None:
    """All that was acknowledged is written once, in its order, and every open page has seen it."""
    found = await written(life, thread)
    assert [each for each in found if each in set(said)] == said
    assert len(set(found)) == len(found)
    await life.all_catch_up(stream_of(thread))


async def some(said: list[str], more: int) -> None:
    """Wait until so many more things were said."""
    known = len(said)
    await until(lambda: len(said) >= known + more)


async def test_a_process_killed_among_three_loses_nothing(life: Life) -> None:
    """One of three dies without a word while Awa posts: twelve open pages come back and see all of it [F2, F1]."""
    awa, bruno = await life.someone("awa"), await life.someone("bruno")
    thread = await life.thread("Un processus meurt")
    await life.follow(bruno, thread, 12)
    async with talking(life, thread, awa) as said:
        await some(said, 5)
        dead = life.cluster.servers.serving()[0]
        os.kill(dead, signal.SIGKILL)
        await until(
            lambda: all(each.is_open for each in life.followers) and dead not in life.cluster.servers.children()
        )
        await some(said, 5)

    await require_whole(life, thread, said)
    await until(life.cluster.servers.is_whole)


async def test_processes_killed_while_they_are_born_are_replaced_at_once(life: Life) -> None:
    """A process dies, its successor dies before it answers, and then another one: three serve again."""
    servers = life.cluster.servers
    first, second, _ = servers.serving()
    os.kill(first, signal.SIGKILL)
    await until(lambda: first not in servers.children() and len(servers.children()) == 3)
    [newborn] = set(servers.children()) - set(servers.serving())
    os.kill(newborn, signal.SIGKILL)
    os.kill(second, signal.SIGKILL)

    # Less than the time that a birth may take: nobody waits for the dead.
    await until(servers.is_whole)
    assert not {first, newborn, second} & set(servers.children())


async def test_processes_replaced_one_by_one_are_not_noticed(life: Life) -> None:
    """The server is told to renew its processes (SIGHUP): no page fails, no word is missed [F6]."""
    awa, bruno = await life.someone("awa"), await life.someone("bruno")
    thread = await life.thread("On redémarre en douceur")
    await life.follow(bruno, thread, 16)
    cookie = await life.cookie(bruno)
    before = life.cluster.servers.serving()
    statuses: set[int] = set()
    async with talking(life, thread, awa, every=0.2) as said:
        os.kill(life.cluster.servers.pid, signal.SIGHUP)
        async with asyncio.timeout(3 * PATIENCE):
            while set(before) & set(life.cluster.servers.children()):
                statuses.add((await life.get(cookie, "/forums")).status_code)
                await asyncio.sleep(0.1)
        await some(said, 3)

    assert statuses == {200}
    await require_whole(life, thread, said)


async def test_without_redis_words_are_late_and_none_is_missed(life: Life) -> None:
    """Redis dies and comes back empty: words arrive meanwhile, and no process stays deaf [F3]."""
    awa, bruno = await life.someone("awa"), await life.someone("bruno")
    thread = await life.thread("Redis s’arrête")
    await life.follow(bruno, thread, 6)
    store = life.cluster.redis
    await asyncio.to_thread(store.kill)
    async with talking(life, thread, awa, every=0.3) as said:
        await some(said, 3)
        await life.all_catch_up(stream_of(thread))
        await asyncio.to_thread(store.open)
        await some(said, 3)

    await require_whole(life, thread, said)
    await until(lambda: _listeners(store.port) >= 3)


def _listeners(port: int) -> int:
    """How many connections listen to a channel of this Redis."""
    with redis.Redis(host=HOST, port=port) as client:
        return len([each for each in client.client_list(_type="pubsub") if int(each["sub"])])


async def test_cut_subscriptions_are_taken_again_in_every_process(life: Life) -> None:
    """An operator cuts every subscription, three times: words go on, and each process listens again [F4]."""
    awa, bruno = await life.someone("awa"), await life.someone("bruno")
    thread = await life.thread("On coupe les abonnements")
    await life.follow(bruno, thread, 6)
    async with talking(life, thread, awa, every=0.2) as said:
        for _ in range(3):
            await until(lambda: _listeners(life.cluster.redis.port) >= 3)
            with redis.Redis(host=HOST, port=life.cluster.redis.port) as client:
                client.client_kill_filter(_type="pubsub")
            await some(said, 2)

    await require_whole(life, thread, said)
    await until(lambda: _listeners(life.cluster.redis.port) >= 3)


async def test_postgresql_restarted_beside_an_idle_transaction_stalls_nobody(life: Life) -> None:
    """Somebody leaves a transaction open: words go on. PostgreSQL is killed: they go on once it is back [F11]."""
    awa, bruno = await life.someone("awa"), await life.someone("bruno")
    thread = await life.thread("PostgreSQL redémarre")
    await life.follow(bruno, thread, 6)
    idle = await asyncpg.connect(life.cluster.postgres.url)
    await idle.execute("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM entry")
    await idle.execute("INSERT INTO attempt (key, count, until) VALUES ('idle', 1, now())")
    async with talking(life, thread, awa, every=0.2) as said:
        await some(said, 3)
        await life.all_catch_up(stream_of(thread))
        base = life.cluster.postgres
        await asyncio.to_thread(base.kill)
        await asyncio.to_thread(base.open)
        await some(said, 3)
    idle.terminate()

    await require_whole(life, thread, said)


@pytest.mark.parametrize(
    "proxy",
    ["buffers unless told", "buffers whatever it is told", "cuts what is silent"],
)
async def test_a_clumsy_proxy_loses_nothing(life: Life, proxy: str, tmp_path: Path) -> None:
    """It keeps what should go on, or cuts a stream in the middle: pages come back and see all of it [F7]."""
    awa, bruno = await life.someone("awa"), await life.someone("bruno")
    thread = await life.thread(f"Un mandataire qui {proxy}")

    def clumsy(written: str) -> str:
        ignoring = "proxy_ignore_headers X-Accel-Buffering;" if "whatever" in proxy else ""
        silent = "2s" if proxy != "buffers unless told" else "15m"
        changed = written.replace("proxy_buffering off;", f"proxy_buffering on; {ignoring}")
        return changed.replace("proxy_read_timeout 15m;", f"proxy_read_timeout {silent};")

    nginx = Nginx(tmp_path, life.cluster.servers.port, clumsy)
    try:
        await asyncio.to_thread(nginx.open)
        followers = await life.follow(bruno, thread, 3, nginx.port, is_silent="whatever" in proxy)
        async with talking(life, thread, awa, every=0.1) as said:
            await some(said, 5)
        await require_whole(life, thread, said)
        if proxy != "buffers unless told":
            await until(lambda: all(each.seen["connections"] for each in followers))
    finally:
        nginx.kill()


async def test_a_restored_backup_resets_the_pages_of_every_process(life: Life) -> None:
    """The epochs change under twelve open pages: each is told to start afresh, then goes on [F8]."""
    awa, bruno = await life.someone("awa"), await life.someone("bruno")
    thread = await life.thread("On restaure")
    await life.follow(bruno, thread, 12)
    async with life.house.database.writing() as db:
        await journal.renew_epochs(db)

    async with talking(life, thread, awa, every=0.2) as said:
        await some(said, 2)
    await require_whole(life, thread, said)
    assert [each for each in life.followers if not each.seen["reset"]] == []


async def test_rights_taken_away_close_the_pages_of_every_process(life: Life) -> None:
    """Noé leaves his post: his twelve pages hear nothing more, Bruno's go on [F9]."""
    awa, bruno, noe = await life.someone("awa"), await life.someone("bruno"), await life.newcomer()
    thread = await life.thread("Noé s’en va")
    stream = stream_of(thread)
    gone = await life.follow(noe, thread, 12)
    life.followers = []
    await life.follow(bruno, thread, 3)
    await life.leaves(noe)

    await until(lambda: all(each.has_ended or stream in each.gone for each in gone))
    async with talking(life, thread, awa, every=0.2) as said:
        await some(said, 3)
    await require_whole(life, thread, said)
    assert [each.news[stream] for each in gone] == [0] * 12


# --- what one process knows, the others know --------------------------------------------------------------------


async def everywhere(life: Life, cookie: str, path: str) -> list[httpx.Response]:
    """The same page from every process: asked often enough, each over a connection of its own."""
    return [await life.direct(cookie, path) for _ in range(12)]


async def test_a_device_signed_out_in_one_process_is_out_in_all(life: Life) -> None:
    """Bruno signs out: whichever process is asked, his cookie opens nothing any more."""
    cookie = await life.cookie(await life.someone("bruno"))
    assert {each.status_code for each in await everywhere(life, cookie, "/forums")} == {200}
    assert (await life.direct(cookie, "/deconnexion", {"x": "y"})).status_code == 303

    assert {each.status_code for each in await everywhere(life, cookie, "/forums")} == {303}


async def test_what_was_changed_in_one_process_is_fresh_in_all(life: Life) -> None:
    """A post that every process keeps rendered is edited in one of them: nobody shows the old words."""
    awa = await life.someone("awa")
    cookie = await life.cookie(awa)
    thread = await life.thread("Mots gardés")
    [first] = {each.status_code for each in await everywhere(life, cookie, thread)}
    post = await _first_post(life, thread)
    form = {"body": "Bonsoir tout le monde.", "version": "1"}
    edited = await life.direct(cookie, f"/forums/messages/{post}/modifier", form)
    pages = await everywhere(life, cookie, thread)

    assert (first, edited.status_code) == (200, 303)
    assert [page.text.count("Bonsoir tout le monde.") > 0 for page in pages] == [True] * 12
    assert [page for page in pages if "<p>Bonjour.</p>" in page.text] == []


async def _first_post(life: Life, thread: str) -> str:
    server = await asyncpg.connect(life.cluster.postgres.url)
    query = "SELECT id FROM post WHERE thread_id = $1 ORDER BY number LIMIT 1"
    found = await server.fetchval(query, stream_of(thread).rpartition("/")[2])
    await server.close()
    return str(found)


async def test_tries_counted_in_one_process_hold_in_all(life: Life) -> None:
    """Links asked for from one place, of whichever process: thirty in an hour, and not thirty in each."""
    answers = [
        await life.direct("", "/connexion", {"email": f"inconnu{number}@ailleurs.example", "next": ""})
        for number in range(36)
    ]

    assert [each.status_code for each in answers].count(303) == 30
    assert {each.status_code for each in answers[30:]} == {429}


async def test_what_is_done_now_and_then_is_taken_over_from_a_dead_process(life: Life) -> None:
    """A process that had a duty is killed; the duty falls due, and a living one takes it."""
    server = await asyncpg.connect(life.cluster.postgres.url)

    async def takers() -> dict[str, int]:
        found = await server.fetch("SELECT name, taken_by FROM duty")
        return {each["name"]: int(each["taken_by"].rpartition("/")[2]) for each in found}

    try:
        await server.execute("UPDATE duty SET due_at = now()")
        living = life.cluster.servers.serving()
        async with asyncio.timeout(PATIENCE):
            while not (held := {name: pid for name, pid in (await takers()).items() if pid in living}):
                await asyncio.sleep(0.2)
        name, dead = next(iter(held.items()))
        os.kill(dead, signal.SIGKILL)
        await server.execute("UPDATE duty SET due_at = now()")
        async with asyncio.timeout(PATIENCE):
            while (taker := (await takers())[name]) == dead:
                await asyncio.sleep(0.2)
    finally:
        await server.close()

    assert taker != dead
    assert taker in life.cluster.servers.children()
