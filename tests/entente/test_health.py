"""Doors for those who watch over the house."""

import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import update

from entente import metering
from entente.clock import now
from entente.outbox import Task
from world import World


def figures_of(told: str) -> dict[str, float]:
    """Each figure by its name and labels."""
    return {
        " ".join([sample.name, *sample.labels.values()]): sample.value
        for family in text_string_to_metric_families(told)
        for sample in family.samples
    }


async def read_from_the_machine(world: World) -> dict[str, float]:
    """What Prometheus reads, installed beside the house: it knows the address of the machine, not the site's name."""
    transport = httpx.ASGITransport(world.app, client=("127.0.0.1", 5))
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8000") as prometheus:
        answer = await prometheus.get("/metriques")
    assert answer.status_code == 200, answer.text
    return figures_of(answer.text)


async def test_a_house_whose_database_answers_is_alive_and_ready(world: World) -> None:
    """A probe needs no account, and no particular host name."""
    async with world.browser() as browser:
        alive = await browser.get("/sante/vivant", headers={"Host": "10.0.0.7"})
        ready = await browser.get("/sante/pret")

    assert (alive.status_code, alive.text) == (200, "vivant\n")
    assert (ready.status_code, ready.text) == (200, "prêt\n")


async def test_a_house_that_is_deaf_to_the_bell_says_so_and_stays_alive(world: World) -> None:
    """A balancer sends people elsewhere; nobody kills the process."""
    world.house.hears_the_bell = lambda: False

    async with world.browser() as browser:
        assert (await browser.get("/sante/vivant")).status_code == 200
        ready = await browser.get("/sante/pret")

    assert (ready.status_code, ready.text) == (503, "sourd à la cloche\n")


async def test_figures_are_for_administrators_and_for_the_machine_itself(world: World) -> None:
    """Inès reads the metrics; Awa, from elsewhere, finds nothing there."""
    async with world.browser(world.ines) as browser:
        figures = await browser.get("/metriques")
    async with world.browser(world.awa) as browser:
        nothing = await browser.get("/metriques")

    assert "entente_http_requests_total" in figures.text
    assert nothing.status_code == 404


async def test_prometheus_sees_work_that_waits_and_the_room_that_is_left(world: World) -> None:
    """Late, failing, given up: an operator is called before people complain."""
    async with world.working(world.awa) as work:
        for number in range(3):
            work.later("call", {"number": number})
    at_first = await read_from_the_machine(world)
    async with world.house.database.writing() as db:
        await db.execute(update(Task).values(due_at=now() - timedelta(hours=1), error="refused"))
    waiting = await read_from_the_machine(world)
    async with world.house.database.writing() as db:
        await db.execute(update(Task).values(given_up_at=now()))
    after = await read_from_the_machine(world)

    states = ("late", "failing", "given_up")
    assert [at_first[f"entente_tasks {state}"] for state in states] == [0, 0, 0]
    assert [waiting[f"entente_tasks {state}"] for state in states] == [3, 3, 0]
    assert [after[f"entente_tasks {state}"] for state in states] == [0, 0, 3]
    assert after["entente_database_up"] == 1
    assert after["entente_data_free_bytes"] > 0


async def test_figures_are_told_without_a_database(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """What says that the database is away does not need it."""

    def away() -> Any:
        raise OSError("no route")

    monkeypatch.setattr(world.house.database, "reading", away)
    told = await read_from_the_machine(world)

    assert told["entente_database_up"] == 0
    assert "entente_tasks late" not in told
    assert told["process_open_fds"] > 0


SERVING = """
from realtime import metrics
metrics.BELL_MISSES.inc(2)
metrics.CONNECTIONS.set(5)
print("told", flush=True)
input()
"""


def test_whichever_process_answers_tells_of_all() -> None:
    """Counts of several processes are added up, and what a dead one held is forgotten."""
    with metering.shared():
        folder = Path(os.environ[metering.SHARED])
        first, second = [_born(SERVING) for _ in range(2)]
        both = figures_of(metering.figures([]).decode())
        _end(first)
        one = figures_of(metering.figures([]).decode())
        _end(second)

    assert (both["entente_bell_misses_total"], both["entente_live_connections"]) == (4, 10)
    assert (one["entente_bell_misses_total"], one["entente_live_connections"]) == (4, 5)
    assert one["process_open_fds"] > 0
    assert not folder.exists()


def _born(program: str) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "told\n"
    return process


def _end(process: subprocess.Popen[str]) -> None:
    process.communicate("\n", timeout=60)


async def test_every_answer_bears_the_name_of_its_request(world: World) -> None:
    """What a person reports can be found in the logs."""
    async with world.browser() as browser:
        names = {(await browser.get("/sante/vivant")).headers["x-request-id"] for _ in range(3)}

    assert len(names) == 3
