"""Thousands of open pages lose their server, or the house its Redis: how soon everybody is back, and at what cost.

`python -m bench.comeback [--pages 2000]` opens a house of its own (PostgreSQL, Redis, nginx, three server processes,
all on private ports), keeps so many pages open while people write, kills one process (-9), then Redis for ten seconds,
then renews every process one by one, and prints a table. Pages come back as `live.js` does. The exit code is 1 when a
page has missed something.
"""

import asyncio
import os
import random
import resource
import signal
import sys
import tempfile
import time
from argparse import ArgumentParser, Namespace
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlencode

import asyncpg
import httpx
import uvloop

from bench.chaos import town
from bench.chaos.following import SILENCE, Follower, cursors_in
from bench.cluster import Cluster, Missing, cluster, end_at_signals
from bench.ground import HOST, percentile, say, short, table
from entente.house import House
from entente.settings import load

PER_PERSON, PER_ADDRESS = 10, 500
AT_ONCE = 40
MOST_SECONDS = 60.0
"""The longest that a page waits before it tries again, as in live.js."""
CALM_SECONDS, REDIS_AWAY_SECONDS, PATIENCE = 5.0, 10.0, 300.0
SOON = 10.0
"""Within which a page is back after a process was killed."""


def main() -> int:
    """0 when nobody has missed anything, 1 otherwise, 2 when this machine lacks something."""
    asked = _asked()
    end_at_signals()
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    with tempfile.TemporaryDirectory(prefix="entente-comeback-", ignore_cleanup_errors=True) as folder:
        try:
            with cluster(Path(folder), asked.workers) as made:
                _count_statements(made)
                told = uvloop.run(_measure(made, asked))
        except Missing as error:
            say(f"this machine lacks {error}")
            return 2
    _print(asked, told)
    return 1 if any(each.gaps for each in told) else 0


def _asked() -> Namespace:
    parser = ArgumentParser(prog="python -m bench.comeback", description=__doc__)
    parser.add_argument("--pages", type=int, default=2_000)
    parser.add_argument("--workers", type=int, default=3, help="server processes")
    parser.add_argument("--rate", type=float, default=4.0, help="words a second, all threads together")
    parser.add_argument("--only", choices=list(HARMS))
    return parser.parse_args()


def _count_statements(made: Cluster) -> None:
    """Let PostgreSQL count what it is asked, where it can."""
    if not list(made.postgres.binaries.parent.glob("lib/pg_stat_statements.so")):
        return
    made.postgres.command += ["-c", "shared_preload_libraries=pg_stat_statements"]
    made.postgres.stop()
    made.postgres.open()


# --- open pages -------------------------------------------------------------------------------------------


@dataclass
class Watch:
    """What all pages went through since something was harmed."""

    began: float = field(default_factory=time.monotonic)
    broken: set[int] = field(default_factory=set)
    away: list[float] = field(default_factory=list)
    """For each time that a page came back, how long it had been away, in seconds."""
    back: list[float] = field(default_factory=list)
    """The moments at which they came back."""
    knocks: Counter[int] = field(default_factory=Counter)
    """Connections asked for, by the second."""
    answers: Counter[int] = field(default_factory=Counter)
    """What those were answered who were not let in; 0 is no answer."""
    resets: int = 0
    late: list[float] = field(default_factory=list)
    """How old each word was when a page had it, in seconds."""


@dataclass
class Crowd:
    """Every open page, and what is known of the words that they wait for."""

    port: int
    watch: Watch = field(default_factory=Watch)
    said: dict[tuple[str, int], float] = field(default_factory=dict)
    """Stream and position → the moment at which it was first seen in the journal."""
    tips: dict[str, int] = field(default_factory=dict)
    pages: list["Page"] = field(default_factory=list)
    tasks: list[asyncio.Task[None]] = field(default_factory=list)
    """All that goes on for ever."""


class Page(Follower):
    """One page, which follows a thread over a socket of its own and comes back as `live.js` does."""

    def __init__(self, crowd: Crowd, number: int, cookie: str, cursors: Sequence[str], draw: random.Random) -> None:
        super().__init__(None, cookie, draw)  # type: ignore[arg-type]
        self.number = number
        self.begin(cursors)
        [self.stream] = [name for name in self.at if name.startswith("forums/thread/")]
        self._crowd = crowd
        self._tries = 0
        self._lost_at = 0.0
        self._source = (f"127.0.1.{1 + number // PER_ADDRESS}", 0)

    async def stay(self) -> None:
        """Follow for ever."""
        while True:
            wait = 0.0
            with suppress(OSError, EOFError, TimeoutError, asyncio.LimitOverrunError):
                wait = await self._once()
            if self.has_ended:
                raise RuntimeError(f"page {self.number} was turned away: {self.has_ended}")
            if self.is_open:
                self.is_open = False
                self._lost_at = time.monotonic()
                self._crowd.watch.broken.add(self.number)
            self._tries += 1
            most = min(MOST_SECONDS, 0.25 * 2.0**self._tries)
            await asyncio.sleep(wait or 0.5 + self._draw.random() * most)

    async def _once(self) -> float:
        """One connection, to its end; returns how long the server asks to wait."""
        watch = self._crowd.watch
        watch.knocks[int(time.monotonic() - watch.began)] += 1
        reader, writer = await asyncio.open_connection(HOST, self._crowd.port, local_addr=self._source)
        try:
            writer.write(self._request())
            async with asyncio.timeout(SILENCE):
                head = (await reader.readuntil(b"\r\n\r\n")).decode()
            status = int(head.split()[1])
            if status != 200:
                watch.answers[status] += 1
                self.has_ended = str(status) if status in (204, 401, 403) else ""
                return float(next((line[12:] for line in head.split("\r\n") if line.startswith("Retry-After")), 0))
            await self._listen_to(reader)
        finally:
            writer.close()
        return 0.0

    def _request(self) -> bytes:
        asked = [("s", f"{name}@{epoch}:{position}") for name, (epoch, position) in self.at.items()]
        query = urlencode([*asked, *([("try", str(self._tries))] if self._tries else [])])
        # HTTP/1.0: nginx then answers without chunks, and the bytes are those of the events alone.
        lines = (
            f"GET /live?{query} HTTP/1.0",
            f"Host: {HOST}:{self._crowd.port}",
            f"Cookie: entente={self._cookie}",
            "Accept: text/event-stream",
        )
        return ("\r\n".join(lines) + "\r\n\r\n").encode()

    async def _listen_to(self, reader: asyncio.StreamReader) -> None:
        fresh: set[str] = set()
        while True:
            async with asyncio.timeout(SILENCE):
                event = await reader.readuntil(b"\n\n")
            if not self.is_open:
                self._is_back()
            found = dict(line.split(": ", 1) for line in event.decode().split("\n") if ": " in line)
            if "event" in found:
                self._tries = 0
                self._hear(found["event"], found.get("id", ""), fresh)

    def _is_back(self) -> None:
        self.is_open = True
        if self._lost_at:
            moment = time.monotonic()
            self._crowd.watch.away.append(moment - self._lost_at)
            self._crowd.watch.back.append(moment)

    def _hear(self, kind: str, cursor: str, fresh: set[str]) -> None:  # type: ignore[override]
        self.take(kind, cursor, fresh)
        self._crowd.watch.resets += kind == "reset"
        if kind == "fragment" and cursor.startswith(self.stream):
            moment = time.monotonic()
            # The journal is looked at ten times a second: what comes sooner is not late.
            self._crowd.watch.late.append(moment - self._crowd.said.get((self.stream, self.at[self.stream][1]), moment))

    @property
    def has_caught_up(self) -> bool:
        """Whether it has seen what the journal is known to hold."""
        return self.is_open and self.at[self.stream][1] >= self._crowd.tips.get(self.stream, 0)


# --- the run ----------------------------------------------------------------------------------------------


@dataclass
class Told:
    """What one harm cost."""

    what: str
    watch: Watch
    all_back: float
    """Seconds until everybody was back and had caught up."""
    usual: float
    """Statements of PostgreSQL a second, before."""
    most: float
    """And at most, in any second after."""
    pages: list[float]
    """How long ordinary pages took meanwhile."""
    refused: Counter[int]
    gaps: list[str]


async def _measure(made: Cluster, asked: Namespace) -> list[Told]:
    house = House.build(load(**made.settings()))
    say("a house and its people")
    known = await town.settle(house, made.postgres.url, max(asked.pages // PER_PERSON, 20))
    await house.database.close()
    await asyncio.to_thread(made.open)
    async with _visitor(made) as client, _journal(made) as base:
        crowd = Crowd(made.nginx.port)
        try:
            await _open_pages(crowd, client, known, asked.pages)
            going = (_watch_journal(crowd, base), _keep(made), _write(client, known, asked.rate))
            crowd.tasks += [asyncio.create_task(each) for each in going]
            await _until(lambda: _are_well(crowd), "every page is open")
            harms = [asked.only] if asked.only else list(HARMS)
            return [await _harm(made, crowd, known, client, base, what) for what in harms]
        finally:
            for task in crowd.tasks:
                task.cancel()
            await asyncio.wait(crowd.tasks)


@asynccontextmanager
async def _visitor(made: Cluster) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(
        base_url=made.base, headers={"Origin": made.base}, timeout=30, trust_env=False
    ) as client:
        yield client


@asynccontextmanager
async def _journal(made: Cluster) -> AsyncIterator[asyncpg.Pool]:
    # Several ask at once.
    base = await asyncpg.create_pool(made.postgres.url, min_size=1, max_size=3)
    with suppress(asyncpg.PostgresError):
        await base.execute("CREATE EXTENSION IF NOT EXISTS pg_stat_statements")
    try:
        yield base
    finally:
        await base.close()


async def _open_pages(crowd: Crowd, client: httpx.AsyncClient, known: town.Town, count: int) -> None:
    say(f"{count:,} pages open")
    carried = [await _cursors(client, known, number) for number in range(len(known.people))]
    for number in range(count):
        who = number % len(known.people)
        page = Page(crowd, number, known.people[who].cookie, carried[who], random.Random(number))
        crowd.pages.append(page)
        crowd.tasks.append(asyncio.create_task(page.stay()))
        if number % AT_ONCE == AT_ONCE - 1:
            await _until(lambda: all(each.is_open for each in crowd.pages), "a few pages are open")


async def _cursors(client: httpx.AsyncClient, known: town.Town, who: int) -> list[str]:
    """What the page of a thread follows for one person: the thread, and what concerns that person."""
    thread = known.threads[who % len(known.threads)]
    headers = {"Cookie": f"entente={known.people[who].cookie}"}
    return cursors_in((await client.get(f"/forums/fils/{thread}", headers=headers)).text)


async def _watch_journal(crowd: Crowd, base: asyncpg.Pool) -> None:
    names = list({page.stream for page in crowd.pages})
    while True:
        for row in await base.fetch("SELECT name, position FROM stream WHERE name = ANY($1)", names):
            name, position = row["name"], row["position"]
            for each in range(crowd.tips.get(name, position - 1) + 1, position + 1):
                crowd.said[name, each] = time.monotonic()
            crowd.tips[name] = position
        await asyncio.sleep(0.1)


async def _keep(made: Cluster) -> None:
    while True:
        await asyncio.sleep(0.5)
        made.keep()


async def _write(client: httpx.AsyncClient, known: town.Town, rate: float) -> None:
    draw, number = random.Random(1), 0
    while True:
        number += 1
        cookie = known.people[number % len(known.people)].cookie
        address = f"/forums/fils/{draw.choice(known.threads)}/messages"
        with suppress(httpx.HTTPError):
            await client.post(address, data={"body": f"Parole {number}."}, headers={"Cookie": f"entente={cookie}"})
        await asyncio.sleep(1 / rate)


def _are_well(crowd: Crowd) -> bool:
    for task in crowd.tasks:
        if task.done():
            task.result()
    return all(page.has_caught_up for page in crowd.pages)


async def _until(holds: Callable[[], bool], what: str) -> None:
    try:
        async with asyncio.timeout(PATIENCE):
            while not holds():
                await asyncio.sleep(0.05)
    except TimeoutError:
        raise RuntimeError(f"never came to hold: {what}") from None


# --- what is harmed ---------------------------------------------------------------------------------------


async def _kill_a_process(made: Cluster, crowd: Crowd) -> None:
    dead = made.servers.serving()[0]
    os.kill(dead, signal.SIGKILL)
    await _until(lambda: dead not in made.servers.children() and bool(crowd.watch.broken), "its pages notice")


async def _kill_redis(made: Cluster, _crowd: Crowd) -> None:
    made.down.add(made.redis)
    await asyncio.to_thread(made.redis.kill)
    await asyncio.sleep(REDIS_AWAY_SECONDS)
    await asyncio.to_thread(made.redis.open)
    made.down.discard(made.redis)


async def _renew_all(made: Cluster, _crowd: Crowd) -> None:
    before = set(made.servers.serving())
    os.kill(made.servers.pid, signal.SIGHUP)
    await _until(lambda: not before & set(made.servers.children()), "every process is replaced")


HARMS: dict[str, Callable[[Cluster, Crowd], Awaitable[None]]] = {
    "server": _kill_a_process,
    "redis": _kill_redis,
    "rolling": _renew_all,
}
WORDS = {
    "server": "one process of the servers is killed -9",
    "redis": f"Redis is killed -9, and away for {REDIS_AWAY_SECONDS:.0f} s",
    "rolling": "every process is renewed, one by one",
}


async def _harm(
    made: Cluster, crowd: Crowd, known: town.Town, client: httpx.AsyncClient, base: asyncpg.Pool, what: str
) -> Told:
    await _until(lambda: len(made.servers.serving()) == made.servers.workers, "every process serves")
    await _until(lambda: _are_well(crowd), "everybody has caught up")
    say(f"calm for {CALM_SECONDS:.0f} s")
    before = await _statements(base)
    await asyncio.sleep(CALM_SECONDS)
    usual = (await _statements(base) - before) / CALM_SECONDS
    say(WORDS[what])
    crowd.watch = watch = Watch()
    pages: list[float] = []
    refused: Counter[int] = Counter()
    rates: list[float] = []
    looking = [
        asyncio.create_task(_look(client, known, pages, refused)),
        asyncio.create_task(_rates(base, rates)),
    ]
    await HARMS[what](made, crowd)
    await _until(lambda: _are_well(crowd), "everybody is back")
    all_back = time.monotonic() - watch.began
    for task in looking:
        task.cancel()
    await asyncio.wait(looking)
    gaps = [gap for page in crowd.pages for gap in page.gaps]
    return Told(what, watch, all_back, usual, max(rates, default=0.0), pages, refused, gaps)


async def _look(client: httpx.AsyncClient, known: town.Town, pages: list[float], refused: Counter[int]) -> None:
    headers = {"Cookie": f"entente={known.people[-1].cookie}"}
    while True:
        began = time.monotonic()
        try:
            status = (await client.get("/forums", headers=headers)).status_code
        except httpx.HTTPError:
            status = 0
        pages.append(time.monotonic() - began)
        if status != 200:
            refused[status] += 1
        await asyncio.sleep(0.2)


async def _rates(base: asyncpg.Pool, rates: list[float]) -> None:
    count, moment = await _statements(base), time.monotonic()
    while True:
        await asyncio.sleep(1)
        last, count, then, moment = count, await _statements(base), moment, time.monotonic()
        rates.append((count - last) / (moment - then))


async def _statements(base: asyncpg.Pool) -> float:
    try:
        return float(await base.fetchval("SELECT coalesce(sum(calls), 0) FROM pg_stat_statements"))
    except asyncpg.PostgresError:
        return 0.0


# --- the table --------------------------------------------------------------------------------------------


def _print(asked: Namespace, told: Sequence[Told]) -> None:
    head = ["what is harmed", "pages cut", "away p50", "p99", "at most", "all caught up", "most knocks in 1 s",
            "reset", "not let in", "word late p99", "at most", "statements/s before", "at most",
            "page p50", "at most", "refused", "missed"]  # fmt: skip
    table(f"{asked.pages:,} open pages over {asked.workers} processes", head, map(_line, told))
    for each in told:
        print(f"\n{WORDS[each.what]}: knocks by the second {_by_second(each.watch.knocks)}")
        for gap in each.gaps[:10]:
            print(f"MISSED: {gap}")
    soon = [share for each in told if each.what == "server" for share in [_soon(each.watch)] if share is not None]
    for share in soon:
        print(f"\nOf the pages of the killed process, {share:.1%} were back within {SOON:.0f} s.")


def _line(each: Told) -> list[object]:
    watch = each.watch
    answers = ", ".join(f"{count} × {status}" for status, count in sorted(watch.answers.items())) or "0"
    refused = ", ".join(f"{count} × {status or 'no answer'}" for status, count in sorted(each.refused.items())) or "0"
    return [
        WORDS[each.what],
        len(watch.broken),
        *_seconds(watch.away),
        f"{each.all_back:.1f} s",
        max(watch.knocks.values(), default=0),
        watch.resets,
        answers,
        *_seconds(watch.late)[1:],
        short(each.usual),
        short(each.most),
        *(_seconds(each.pages)[0], _seconds(each.pages)[2]),
        refused,
        len(each.gaps),
    ]


def _seconds(values: Sequence[float]) -> list[str]:
    """Median, 99th percentile and most."""
    if not values:
        return ["–"] * 3
    return [f"{value:.2f} s" for value in (percentile(values, 0.5), percentile(values, 0.99), max(values))]


def _by_second(knocks: Counter[int]) -> str:
    return " ".join(str(knocks[second]) for second in range(max(knocks, default=-1) + 1)) or "none"


def _soon(watch: Watch) -> float | None:
    return sum(each <= SOON for each in watch.away) / len(watch.away) if watch.away else None


if __name__ == "__main__":
    sys.exit(main())
