"""The register of pistes: the ranked table, the map, and the closing of a round by forty evaluators.

Figures mean something within one run only: each table gives its own reference, and how many times that is.
"""

import asyncio
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any

from sqlalchemy import insert
from sqlmodel import SQLModel, col, select

from bench.ground import POSTGRES, ROUNDS, folder, has, median, say, short, table, times
from bench.houses import drop, postgres_database, settings_of
from entente import schema
from entente.clock import now
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
)
from entente.people.queries import who_is
from entente.people.who import Who
from pistes.criteria.models import CriteriaSet
from pistes.criteria.service import open_register
from pistes.map.layout import drawn as lay_out
from pistes.map.sketch import sketch
from pistes.marks.models import Mark, Origin
from pistes.models import Piste
from pistes.ranking.queries import board
from pistes.rounds import service
from pistes.rounds.models import Given, NewRound, Round, Voice
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
    day = now().date()
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


async def _timed(do: Callable[[], Awaitable[object]], rounds: int = ROUNDS) -> float:
    found = []
    for _ in range(rounds):
        start = perf_counter()
        await do()
        found.append(perf_counter() - start)
    return median(found) * 1000


async def _measure(url: str, place: Path, pistes: int) -> tuple[float, float, float]:
    """Milliseconds: the ranked table, the map, and the closing of a round."""
    register = await _fill(url, place, pistes)

    async def look() -> None:
        async with register.house.database.reading() as db:
            await board(db)

    async def draw() -> None:
        async with register.house.database.reading() as db:
            lay_out(sketch(await board(db)))

    async def close() -> None:
        async with register.house.working(register.who) as work:
            await service.close(work, made)

    try:
        ranked, drawn = await _timed(look), await _timed(draw)
        made = await _answered(register)
        return ranked, drawn, await _timed(close, 1)
    finally:
        await register.house.database.close()


def main(sizes: tuple[int, ...] = SIZES) -> None:
    """Both homes, size after size, beside the smallest of the same run."""
    for name in ("SQLite", "PostgreSQL"):
        lines: list[tuple[str, ...]] = []
        first: tuple[float, ...] = ()
        for size in sizes:
            with folder() as place:
                if name == "PostgreSQL" and not has(POSTGRES):
                    return
                url = postgres_database("pistes") if name == "PostgreSQL" else f"sqlite:///{place}/house.sqlite3"
                say(f"{name}: {size} pistes, {EVALUATORS} evaluators")
                try:
                    found = asyncio.run(_measure(url, place, size))
                finally:
                    if name == "PostgreSQL":
                        drop(url)
            first = first or found
            pairs = zip(found, first, strict=True)
            lines.append((f"{size:,}", *(f"{short(one)} ms ({times(one, ref)})" for one, ref in pairs)))
        table(f"Pistes, {name}", ("pistes", "ranked table", "map", "closing a round"), lines)


if __name__ == "__main__":
    main(SIZES if "--long" in sys.argv else SIZES[:2])
