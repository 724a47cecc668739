"""The register of pistes: the ranked table, the map, and the closing of a round by forty evaluators.

Figures mean something within one run only: each table gives its own reference, and how many times that is.
"""

import asyncio
import secrets
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from time import perf_counter, process_time
from typing import Any

import httpx
from sqlalchemy import insert
from sqlmodel import SQLModel, col, select

from bench.ground import POSTGRES, ROUNDS, folder, has, median, say, short, table, times
from bench.houses import drop, postgres_database, settings_of
from entente import schema
from entente.app import create_app
from entente.clock import now, today
from entente.house import House
from entente.ids import new_id
from entente.people.models import (
    Body,
    BodyKind,
    Function,
    FunctionKind,
    Membership,
    Organisation,
    OrganisationKind,
    Person,
    PersonStatus,
    Session,
)
from entente.people.queries import hash_of, who_is
from entente.people.who import Who
from entente.web import templates
from pistes.criteria.models import CriteriaSet
from pistes.criteria.service import open_register
from pistes.marks.models import Mark, Origin
from pistes.models import EditedPiste, Piste
from pistes.ranking import keeping
from pistes.rounds import service
from pistes.rounds.models import Given, NewRound, Round, Voice
from pistes.service import edit
from pistes.tree.models import Node, NodeKind

SIZES = (100, 1_000, 10_000)
EVALUATORS = 40
BATCH = 5_000
BRANCH = 50
"""Pistes under one declinaison."""


@dataclass
class Register:
    """A house with its pistes, and who keeps it."""

    house: House
    who: Who
    pistes: int


async def _fill(url: str, place: Path, pistes: int) -> Register:
    house = House.build(settings_of(url, 8000, place))
    await schema.upgrade(house.database)
    day = today()
    towns = [
        Organisation(kind=OrganisationKind.COMMUNE, name=f"Commune {n}", short_name=f"C{n}") for n in range(EVALUATORS)
    ]
    person = Person(email="t@c.example", given_name="Thomas", family_name="Essai", status=PersonStatus.ACTIVE)
    async with house.database.writing() as db:
        db.add_all([*towns, person, Body(kind=BodyKind.COTECH, name="Comité technique")])
        await db.flush()
        db.add_all([Membership(organisation_id=each.id, since=day) for each in towns])
        kind = FunctionKind.ADMINISTRATEUR
        db.add(Function(person_id=person.id, organisation_id=towns[0].id, kind=kind, since=day))
    async with house.database.reading() as db:
        who = await who_is(db, person.id)
    assert who
    async with house.working(who) as work:
        await open_register(work)
    async with house.database.writing() as db:
        chosen = (await db.exec(select(CriteriaSet).where(col(CriteriaSet.family) == "rapport_2016"))).one()
    await _plant(house, chosen, pistes)
    return Register(house, who, pistes)


async def _plant(house: House, chosen: CriteriaSet, count: int) -> None:
    top: dict[str, Any] = {
        "id": new_id(),
        "kind": NodeKind.OBJECTIF,
        "label": "Objectif",
        "key": "objectif",
        "place": 0,
    }
    under = [
        {"id": new_id(), "kind": NodeKind.DECLINAISON, "label": f"D {n}", "key": f"d {n}", "place": n,
         "parent_id": top["id"]}
        for n in range(-(-count // BRANCH))
    ]  # fmt: skip
    pistes = [
        {"id": new_id(), "code": f"P-{n:05}", "title": f"Piste {n}", "key": f"piste {n}", "version": 1,
         "phase": "exprimee", "summary": "", "created_at": now()}
        for n in range(count)
    ]  # fmt: skip
    nodes = [
        {"id": new_id(), "kind": NodeKind.PISTE, "piste_id": each["id"], "parent_id": under[n // BRANCH]["id"],
         "place": n, "rank": n + 1}
        for n, each in enumerate(pistes)
    ]  # fmt: skip
    marks = [
        {"id": new_id(), "piste_id": each["id"], "family": chosen.family, "criterion": key,
         "level": (n * 7 + k) % 2 + 1, "origin": Origin.IMPORTED, "criteria_id": chosen.id, "at": now()}
        for n, each in enumerate(pistes) for k, key in enumerate(chosen.criteria.keys)
    ]  # fmt: skip
    await _insert(house, Node, [top])
    await _insert(house, Node, under)
    await _insert(house, Piste, pistes)
    await _insert(house, Node, nodes)
    await _insert(house, Mark, marks)


async def _insert(house: House, model: type[SQLModel], rows: list[dict[str, Any]]) -> None:
    for first in range(0, len(rows), BATCH):
        async with house.database.writing() as db:
            await db.execute(insert(model), rows[first : first + BATCH])


async def _answered(register: Register) -> Round:
    """A round on every piste in which everybody has given everything."""
    async with register.house.working(register.who) as work:
        chosen = (await work.db.exec(select(CriteriaSet).where(col(CriteriaSet.family) == "rapport_2016"))).one()
        made = await service.open_round(work, NewRound(title="Tour", criteria=chosen.id))
    async with register.house.database.reading() as db:
        voices = (await db.exec(select(Voice.id).where(col(Voice.round_id) == made.id))).all()
        pistes = (await db.exec(select(Piste.id))).all()
    at = now()
    for number, voice in enumerate(voices):
        rows = [
            {"round_id": made.id, "voice_id": voice, "piste_id": piste, "criterion": key,
             "level": (number + k) % 3 + 1, "at": at}
            for piste in pistes for k, key in enumerate(("potentiel", "faisabilite"))
        ]  # fmt: skip
        await _insert(register.house, Given, rows)
    return made


@dataclass(frozen=True)
class Cost:
    """What something costs, in milliseconds: of the application's processor, and by the clock."""

    processor: float
    clock: float


async def _cost(do: Callable[[], Awaitable[object]], before: Callable[[], Awaitable[object]] | None = None) -> Cost:
    """The median of a few times, each after what has to be done before and does not count."""
    found = []
    for _ in range(ROUNDS):
        if before:
            await before()
        found.append(await _once(do))
    return Cost(median(each.processor for each in found), median(each.clock for each in found))


async def _once(do: Callable[[], Awaitable[object]]) -> Cost:
    processor, clock = process_time(), perf_counter()
    await do()
    return Cost((process_time() - processor) * 1000, (perf_counter() - clock) * 1000)


@asynccontextmanager
async def _browser(register: Register) -> AsyncIterator[httpx.AsyncClient]:
    """A member's browser, and the application itself behind it: no socket between the two."""
    secret = secrets.token_urlsafe(32)
    async with register.house.database.writing() as db:
        until = now() + timedelta(days=1)
        db.add(Session(hash=hash_of(secret), person_id=register.who.id, device="Mesure", expires_at=until))
    transport = httpx.ASGITransport(create_app(register.house))
    base = register.house.settings.base_url
    async with httpx.AsyncClient(transport=transport, base_url=base, cookies={"entente": secret}) as client:
        yield client


async def _pages(register: Register, browser: httpx.AsyncClient) -> dict[str, Cost]:
    """The table and the map: for whoever comes first of all, first after a change, and after somebody else."""

    async def forget() -> None:
        keeping._shelves.clear()
        templates._kept.clear()

    async def change() -> None:
        async with register.house.working(register.who) as work:
            found = (await work.db.exec(select(Piste).order_by(col(Piste.code)).limit(1))).one()
            words = EditedPiste(title=f"{found.title[:60]} {found.version}", version=found.version)
            await edit(work, found, words)

    costs = {}
    for name, address in (("table", "/pistes"), ("map", "/pistes/carte")):

        async def look(address: str = address) -> None:
            (await browser.get(address)).raise_for_status()

        costs[f"{name}, nothing kept"] = await _cost(look, forget)
        costs[f"{name}, after a change"] = await _cost(look, change)
        costs[f"{name}, nothing new"] = await _cost(look)
    return costs


async def _measure(url: str, place: Path, pistes: int) -> dict[str, Cost]:
    register = await _fill(url, place, pistes)
    try:
        async with _browser(register) as browser:
            costs = await _pages(register, browser)
        made = await _answered(register)

        async def close() -> None:
            async with register.house.working(register.who) as work:
                await service.close(work, made)

        return {**costs, "closing a round": await _once(close)}
    finally:
        await register.house.database.close()


def main(sizes: tuple[int, ...] = SIZES) -> None:
    """Both homes, size after size, beside the smallest of the same run."""
    for name in ("SQLite", "PostgreSQL"):
        if name == "PostgreSQL" and not has(POSTGRES):
            say("PostgreSQL does not answer: skipped")
            return
        found = {size: _of(name, size) for size in sizes}
        first = found[sizes[0]]
        lines = [
            (what, *(f"{_said(each[what])} ({times(each[what].clock, cost.clock)})" for each in found.values()))
            for what, cost in first.items()
        ]
        head = ("processor / clock, ms", *(f"{size:,} pistes" for size in sizes))
        table(f"Register of pistes, {name}, {EVALUATORS} evaluators", head, lines)


def _said(cost: Cost) -> str:
    return f"{short(cost.processor)} / {short(cost.clock)}"


def _of(name: str, size: int) -> dict[str, Cost]:
    with folder() as place:
        url = postgres_database("pistes") if name == "PostgreSQL" else f"sqlite:///{place}/house.sqlite3"
        say(f"{name}: {size} pistes")
        try:
            return asyncio.run(_measure(url, place, size))
        finally:
            if name == "PostgreSQL":
                drop(url)


if __name__ == "__main__":
    main(SIZES if "--long" in sys.argv else SIZES[:2])
