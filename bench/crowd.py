"""A crowd: 1,500 people over all rooms, with real pages and open streams, on two servers, PostgreSQL and Redis.

`python -m bench.crowd [--people 1500] [--seconds 120]` prints what each page took, what a connection weighs and which
processes the time went to.
"""

import asyncio
import json
import os
import secrets
import signal
import subprocess
import sys
import time
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import httpx
import psutil
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from bench import houses
from bench.ground import HOST, POSTGRES, REDIS, cpu_of, folder, free_port, has, memory_of, say, table
from entente import schema
from entente.clock import now
from entente.demo import seeds
from entente.house import House
from entente.people.models import Function, FunctionKind, Organisation, OrganisationKind, Person, PersonStatus, Session
from entente.people.queries import hash_of
from entente.settings import Settings, load

BASE = "entente_bench_crowd"
WORKERS = 2
PATIENCE = 90
COMMAND = Path(sys.executable).with_name("entente")


@dataclass(frozen=True)
class Cost:
    """What a group of processes has taken so far: seconds of processor, and resident bytes."""

    seconds: float
    resident: int


def main() -> None:
    """Fill a house, let the crowd in, and print what it cost."""
    asked = _asked()
    if not (has(POSTGRES) and has(REDIS)):
        sys.exit("bench: a crowd needs PostgreSQL and Redis")
    with folder() as place, _house(place, asked.people) as (settings, cookies):
        known = {"cookies": cookies, "host": settings.base_url}
        (place / "crowd.json").write_text(json.dumps(known))
        with _served(settings) as groups:
            alone = _costs(groups)
            said = _crowd(place, asked, groups)
    _print(asked, said, alone)


def _asked() -> Namespace:
    parser = ArgumentParser()
    parser.add_argument("--people", type=int, default=1_500)
    parser.add_argument("--seconds", type=int, default=120)
    return parser.parse_args()


# --- the house --------------------------------------------------------------------------------------------


@contextmanager
def _house(place: Path, people: int) -> Iterator[tuple[Settings, list[str]]]:
    asyncio.run(_sentence(f'DROP DATABASE IF EXISTS "{BASE}" WITH (FORCE)'))
    asyncio.run(_sentence(f'CREATE DATABASE "{BASE}"'))
    try:
        settings = load(
            database_url=f"{POSTGRES}/{BASE}", redis_url=REDIS, base_url=f"http://{HOST}:{free_port()}",
            data_dir=place, worker="apart",
        )  # fmt: skip
        say(f"the demonstration, and {people:,} people of its communes")
        yield settings, asyncio.run(_fill(settings, people))
    finally:
        asyncio.run(_sentence(f'DROP DATABASE "{BASE}" WITH (FORCE)'))


async def _sentence(words: str) -> None:
    keeper = await asyncpg.connect(f"{POSTGRES}/postgres")
    try:
        await keeper.execute(words)
    finally:
        await keeper.close()


async def _fill(settings: Settings, people: int) -> list[str]:
    house = House.build(settings)
    await schema.upgrade(house.database)
    await seeds.seed(house)
    async with house.working(None) as work:
        towns = select(Organisation.id).where(col(Organisation.kind) == OrganisationKind.COMMUNE)
        communes = list((await work.db.exec(towns)).all())
        cookies = await _settle(work.db, communes, people)
    await house.database.close()
    return cookies


async def _settle(db: AsyncSession, communes: list[UUID], count: int) -> list[str]:
    people = [
        Person(email=f"agent{number}@foule.example", given_name="Awa", family_name=f"Diallo {number}",
               status=PersonStatus.ACTIVE)
        for number in range(count)
    ]  # fmt: skip
    cookies = [secrets.token_urlsafe(32) for _ in people]
    until = now() + timedelta(days=1)
    functions = [_function(person.id, communes[number % len(communes)]) for number, person in enumerate(people)]
    sessions = [
        Session(hash=hash_of(cookie), person_id=person.id, device="Mesure", expires_at=until)
        for cookie, person in zip(cookies, people, strict=True)
    ]
    for rows in (people, functions, sessions):
        await houses.plant(db, rows)
    return cookies


def _function(person: UUID, commune: UUID) -> Function:
    return Function(
        person_id=person, organisation_id=commune, kind=FunctionKind.AGENT, title="Agent", since=now().date()
    )


# --- its processes ----------------------------------------------------------------------------------------


@contextmanager
def _served(settings: Settings) -> Iterator[Mapping[str, list[psutil.Process]]]:
    environment = {
        **os.environ,
        "ENTENTE_DATABASE_URL": settings.database_url.replace("+asyncpg", ""),
        "ENTENTE_REDIS_URL": settings.redis_url or "",
        "ENTENTE_BASE_URL": settings.base_url,
        "ENTENTE_DATA_DIR": str(settings.data_dir),
        "ENTENTE_WORKER": "apart",
        "ENTENTE_LOG_FORMAT": "json",
    }
    port = int(settings.base_url.rpartition(":")[2])
    log = (settings.data_dir / "serve.log").open("w")
    commands = (("serve", "--workers", str(WORKERS), "--port", str(port)), ("worker",))
    started = [
        subprocess.Popen([str(COMMAND), *words], env=environment, stdout=log, stderr=log, start_new_session=True)
        for words in commands
    ]
    try:
        _until_it_answers(port)
        web, worker = (psutil.Process(each.pid) for each in started)
        yield {
            "web": web.children(recursive=True),
            "worker": [worker],
            "PostgreSQL": _named("postgres"),
            "Redis": _named("redis-server"),
        }
    finally:
        for each in started:
            each.send_signal(signal.SIGTERM)
        for each in started:
            each.wait(60)
        log.close()


def _until_it_answers(port: int) -> None:
    """Every server is ready: as many answers in a row as there are, and some."""
    until, ready = time.monotonic() + PATIENCE, 0
    while ready < 5 * WORKERS:
        if time.monotonic() > until:
            raise RuntimeError("the house did not open")
        ready = ready + 1 if _is_ready(port) else 0
        time.sleep(0.2)


def _is_ready(port: int) -> bool:
    try:
        return httpx.get(f"http://{HOST}:{port}/sante/pret", timeout=5).status_code == 200
    except httpx.TransportError:
        return False


def _named(name: str) -> list[psutil.Process]:
    return [each for each in psutil.process_iter(["name"]) if each.info["name"] == name]


def _costs(groups: Mapping[str, list[psutil.Process]]) -> dict[str, Cost]:
    groups = {**groups, "PostgreSQL": _named("postgres")}
    return {name: _cost(each) for name, each in groups.items()}


def _cost(processes: list[psutil.Process]) -> Cost:
    alive = [each.pid for each in processes if each.is_running()]
    return Cost(sum(map(cpu_of, alive)), sum(map(memory_of, alive)))


# --- the crowd --------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Said:
    """What the crowd went through: a line per page, and the costs at the end."""

    lines: list[dict[str, Any]]
    before: dict[str, Cost]
    after: dict[str, Cost]
    seconds: float
    cpu_of_crowd: float


def _crowd(place: Path, asked: Namespace, groups: Mapping[str, list[psutil.Process]]) -> Said:
    say(f"{asked.people:,} people for {asked.seconds} s")
    environment = {**os.environ, "ENTENTE_BENCH_CROWD": str(place / "crowd.json")}
    rate = max(asked.people // 30, 1)
    words = [
        *(sys.executable, "-m", "locust", "-f", str(Path(__file__).with_name("crowd_people.py"))),
        *("--headless", "--users", str(asked.people), "--spawn-rate", str(rate), "--reset-stats"),
        *("--run-time", f"{asked.seconds + 30}s", "--stop-timeout", "5"),
        *("--json", "--only-summary", "--loglevel", "ERROR"),
    ]
    with (place / "crowd.out").open("w") as out:
        crowd = subprocess.Popen(words, env=environment, stdout=out, stderr=subprocess.DEVNULL, start_new_session=True)
        time.sleep(35)  # everybody has come in
        before, began, busy = _costs(groups), time.monotonic(), cpu_of(crowd.pid)
        time.sleep(max(asked.seconds - 10, 5))
        after, seconds = _costs(groups), time.monotonic() - began
        busy = cpu_of(crowd.pid) - busy
        crowd.wait(90)
    return Said(json.loads((place / "crowd.out").read_text()), before, after, seconds, busy / seconds)


# --- what it cost -----------------------------------------------------------------------------------------


def _print(asked: Namespace, said: Said, alone: Mapping[str, Cost]) -> None:
    table(
        f"{asked.people:,} people, {asked.seconds} s, {WORKERS} servers, load {os.getloadavg()[0]:.1f}",
        ["page", "count", "refused or failed", "p50, ms", "p95, ms", "p99, ms"],
        [
            [each["name"], each["num_requests"], each["num_failures"],
             *(round(_percentile(each, share)) for share in (0.5, 0.95, 0.99))]
            for each in sorted(said.lines, key=lambda each: -_percentile(each, 0.95))
        ],
    )  # fmt: skip
    table(
        "Where the time and the memory went",
        ["", "share of one core", "resident, MB", "of which per connected person, kB"],
        [
            [name, f"{(after.seconds - said.before[name].seconds) / said.seconds:.2f}", after.resident // 10**6,
             f"{(after.resident - alone[name].resident) / asked.people / 1000:.0f}" if name == "web" else "–"]
            for name, after in said.after.items()
        ]
        + [["the crowd itself", f"{said.cpu_of_crowd:.2f}", "–", "–"]],
    )  # fmt: skip


def _percentile(line: Mapping[str, Any], share: float) -> float:
    """Locust tells how often each (rounded) time was seen."""
    seen = sorted((float(took), count) for took, count in line["response_times"].items())
    wanted, passed = share * sum(count for _, count in seen), 0
    for took, count in seen:
        passed += count
        if passed >= wanted:
            return took
    return seen[-1][0] if seen else 0.0


if __name__ == "__main__":
    main()
