"""A crowd: 1,500 people over all rooms, with real pages and open streams, behind nginx, on PostgreSQL and Redis.

`python -m bench.crowd [--people 1500] [--seconds 120]` prints what each page took, what a connection weighs and which
processes the time went to.
"""

import asyncio
import json
import os
import secrets
import subprocess
import sys
import time
from argparse import ArgumentParser, Namespace
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import psutil
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from bench import houses
from bench.cluster import Cluster, Missing, Service, cluster, end_at_signals
from bench.ground import cpu_of, folder, memory_of, say, table
from entente import schema
from entente.clock import now, today
from entente.demo import seeds
from entente.house import House
from entente.people.models import Function, FunctionKind, Organisation, OrganisationKind, Person, PersonStatus, Session
from entente.people.queries import hash_of
from entente.settings import Settings, load

ARRIVAL = 60
"""Seconds over which the crowd comes in; then it is measured."""


@dataclass(frozen=True)
class Cost:
    """What a group of processes has taken so far: seconds of processor, and resident bytes."""

    seconds: float
    resident: int


def main() -> None:
    """Fill a house, let the crowd in, and print what it cost."""
    asked = _asked()
    end_at_signals()
    try:
        with folder() as place, cluster(place, asked.workers) as house:
            say(f"the demonstration, and {asked.people:,} people of its communes")
            cookies = asyncio.run(_fill(load(**house.settings()), asked.people))
            (place / "crowd.json").write_text(json.dumps({"cookies": cookies, "host": house.base}))
            house.open()
            alone = _costs(house)
            said = _crowd(place, asked, house)
    except Missing as error:
        sys.exit(f"bench: a crowd needs {error}")
    _print(asked, said, alone)


def _asked() -> Namespace:
    parser = ArgumentParser()
    parser.add_argument("--people", type=int, default=1_500)
    parser.add_argument("--seconds", type=int, default=120)
    parser.add_argument("--workers", type=int, default=2)
    return parser.parse_args()


# --- the house --------------------------------------------------------------------------------------------


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
    return Function(person_id=person, organisation_id=commune, kind=FunctionKind.AGENT, title="Agent", since=today())


# --- its processes ----------------------------------------------------------------------------------------


def _costs(house: Cluster) -> dict[str, Cost]:
    services = {
        "servers": house.servers, "nginx": house.nginx, "worker": house.worker, "PostgreSQL": house.postgres,
        "Redis": house.redis,
    }  # fmt: skip
    return {name: _cost(service) for name, service in services.items()}


def _cost(service: Service) -> Cost:
    family = service.family()
    # Connections to PostgreSQL are processes that end: their parent has inherited what they took.
    inherited = family[0].cpu_times() if family else None
    buried = inherited.children_user + inherited.children_system if inherited else 0.0
    return Cost(buried + sum(map(cpu_of, _pids(family))), sum(map(memory_of, _pids(family))))


def _pids(family: Iterable[psutil.Process]) -> list[int]:
    return [each.pid for each in family if each.is_running()]


# --- the crowd --------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Said:
    """What the crowd went through: a line per page, and the costs at the end."""

    lines: list[dict[str, Any]]
    before: dict[str, Cost]
    after: dict[str, Cost]
    seconds: float
    cpu_of_crowd: float


def _crowd(place: Path, asked: Namespace, house: Cluster) -> Said:
    say(f"{asked.people:,} people for {asked.seconds} s")
    environment = {**os.environ, "ENTENTE_BENCH_CROWD": str(place / "crowd.json")}
    words = [
        *(sys.executable, "-m", "locust", "-f", str(Path(__file__).with_name("crowd_people.py"))),
        *(
            "--headless",
            "--users",
            str(asked.people),
            "--spawn-rate",
            str(max(asked.people // ARRIVAL, 1)),
            "--reset-stats",
        ),
        *("--run-time", f"{asked.seconds + ARRIVAL}s", "--stop-timeout", "5"),
        *("--json", "--only-summary", "--loglevel", "ERROR"),
    ]
    with (place / "crowd.out").open("w") as out:
        crowd = subprocess.Popen(words, env=environment, stdout=out, stderr=subprocess.DEVNULL, start_new_session=True)
        time.sleep(ARRIVAL + 5)  # everybody has come in
        before, began, busy = _costs(house), time.monotonic(), cpu_of(crowd.pid)
        time.sleep(max(asked.seconds - 10, 5))
        after, seconds = _costs(house), time.monotonic() - began
        busy = cpu_of(crowd.pid) - busy
        crowd.wait(90)
    return Said(json.loads((place / "crowd.out").read_text()), before, after, seconds, busy / seconds)


# --- what it cost -----------------------------------------------------------------------------------------


def _print(asked: Namespace, said: Said, alone: Mapping[str, Cost]) -> None:
    table(
        f"{asked.people:,} people, {asked.seconds} s, {asked.workers} servers, load {os.getloadavg()[0]:.1f}",
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
             f"{(after.resident - alone[name].resident) / asked.people / 1000:.0f}" if name == "servers" else "–"]
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
