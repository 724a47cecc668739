"""What it looks like in real life: the shared fleet of GrandAngoulême, and a month of reservations around today."""

import json
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import insert
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from booking.approvals import seeds as agreements
from booking.depots import seeds as closing
from booking.fleet.models import Depot, HandOver, Kind, KitPart, Quota, ResourceType, Scope, Trait, TraitKind, Unit
from booking.fleet.models import UnitTrait as Value
from booking.hold import Verb
from booking.inspections import seeds as inspections
from booking.models import Allocation, Change, Reservation, State
from booking.periods import moment_of, naive
from booking.regulations import seeds as regulations
from entente.clock import now
from entente.db import rows
from entente.people.models import Function
from entente.people.seeds import Settled, plant

BEFOREHAND = timedelta(days=9)
"""How long before its beginning each reservation was made."""


async def lend(db: AsyncSession, settled: Settled) -> None:
    """Depots, types and units, then who has reserved what."""
    read = json.loads((Path(__file__).parent / "demo.json").read_text("utf-8"))
    types = await _types(db, read["types"])
    units = await _units(db, settled, read, types)
    await _reservations(db, settled, read["reservations"], units, {each.id: each for each in types.values()})
    await regulations.write_some(db, settled)
    await inspections.inspect_some(db, settled)
    await closing.shut_some(db)


async def _types(db: AsyncSession, read: Sequence[Mapping[str, Any]]) -> dict[str, ResourceType]:
    made: dict[str, ResourceType] = {}
    for number, item in enumerate(read):
        plain = {key: value for key, value in item.items() if key not in ("kind", "traits", "quotas")}
        made[item["slug"]] = ResourceType(kind=Kind(item["kind"]), place=number, **plain)
    await plant(db, list(made.values()))
    traits = [
        Trait(type_id=made[item["slug"]].id, name=name, kind=TraitKind(kind), measure=measure, place=place)
        for item in read
        for place, (name, kind, measure) in enumerate(item.get("traits", ()))
    ]
    quotas = [
        Quota(type_id=made[item["slug"]].id, scope=Scope(scope), days=days, most_times=times, most_minutes=minutes)
        for item in read
        for scope, days, times, minutes in item.get("quotas", ())
    ]
    await plant(db, traits)
    await plant(db, quotas)
    return made


async def _units(
    db: AsyncSession, settled: Settled, read: Mapping[str, Any], types: Mapping[str, ResourceType]
) -> dict[str, Unit]:
    depots = await _depots(db, settled, read["depots"])
    made = {
        item["code"]: Unit(
            type_id=types[item["type"]].id,
            kind=types[item["type"]].kind,
            owner_id=settled.organisations[item["owner"]],
            depot_id=depots[item["depot"]],
            name=item["name"],
            code=item["code"],
            capacity=item.get("capacity", 1),
            about=item.get("about", ""),
        )
        for item in read["units"]
    }
    await plant(db, list(made.values()))
    known = {
        (type_id, name): id_ for id_, type_id, name in await db.execute(rows(col(Trait.id), Trait.type_id, Trait.name))
    }
    values = [
        Value(
            unit_id=made[item["code"]].id,
            trait_id=known[types[item["type"]].id, name],
            amount=None if isinstance(value, str) else value,
            words=value if isinstance(value, str) else "",
        )
        for item in read["units"]
        for name, value in item.get("traits", {}).items()
    ]
    parts = [
        KitPart(kit_id=made[kit].id, unit_id=made[part].id, unit_kind=made[part].kind, quantity=quantity)
        for kit, part, quantity in read["parts"]
    ]
    await plant(db, values)
    await plant(db, parts)
    return made


async def _depots(db: AsyncSession, settled: Settled, read: Sequence[Mapping[str, Any]]) -> dict[str, UUID]:
    made = {
        item["key"]: Depot(
            organisation_id=settled.organisations[item["organisation"]], name=item["name"], address=item["address"]
        )
        for item in read
    }
    await plant(db, list(made.values()))
    hours = [
        HandOver(depot_id=made[item["key"]].id, weekday=weekday, opens=opens, closes=closes)
        for item in read
        for weekday, opens, closes in item["hours"]
    ]
    await plant(db, hours)
    return {key: depot.id for key, depot in made.items()}


async def _reservations(
    db: AsyncSession,
    settled: Settled,
    read: Sequence[Sequence[Any]],
    units: Mapping[str, Unit],
    types: Mapping[UUID, ResourceType],
) -> None:
    payers = dict((await db.execute(rows(Function.person_id, Function.organisation_id))).all())
    monday = _monday()
    made: list[Reservation] = []
    held: list[dict[str, Any]] = []
    for number, line in enumerate(read):
        code, first, begins, last, ends, person, purpose, behalf, quantity, state = [*line[:7], *_rest(line)]
        unit = units[code]
        starts_at, ends_at = (
            moment_of(monday + timedelta(days=day), time.fromisoformat(hour))
            for day, hour in ((first, begins), (last, ends))
        )
        reservation = Reservation(
            state=State(state) if state else _lived(starts_at, ends_at),
            starts_at=starts_at,
            ends_at=ends_at,
            type_id=unit.type_id,
            quantity=quantity,
            wanted={"traits": {}, "unit": str(unit.id)},
            person_id=settled.people[person],
            payer_id=unit.owner_id if state == State.BLOCKED else payers[settled.people[person]],
            purpose=purpose,
            on_behalf_of=behalf,
            held_until=_held_until(state, starts_at),
            key=f"demo-{number}",
            created_at=min(starts_at - BEFOREHAND, now() - timedelta(hours=number + 1)),
        )
        made.append(reservation)
        if reservation.state != State.WAITING:
            held.append(_allocation(reservation, unit, types[unit.type_id]))
    await plant(db, made)
    for row in held:
        await db.execute(insert(Allocation).values(**row))
    await plant(db, [_told(each) for each in made])
    await agreements.ask(db, settled, types, made)


def _held_until(state: str, starts_at: datetime) -> datetime | None:
    """Until when a request or an offer holds its slot."""
    if state == State.REQUESTED:
        return max(starts_at - timedelta(days=1), min(now() + timedelta(hours=20), starts_at))
    return now() + timedelta(hours=20) if state == State.OFFERED else None


def _monday() -> date:
    """The Monday of this working week; at the weekend, of the next one."""
    today = naive(now()).date()
    return today + timedelta(days=-today.weekday() if today.weekday() < 5 else 7 - today.weekday())


def _rest(line: Sequence[Any]) -> list[Any]:
    """For whom, how many and in what state, where the line says so."""
    return [*line[7:], *["", 1, ""][len(line) - 7 :]]


def _lived(starts_at: datetime, ends_at: datetime) -> State:
    """What has become of a reservation by today."""
    if ends_at <= now():
        return State.RETURNED
    return State.OUT if starts_at <= now() else State.CONFIRMED


def _allocation(made: Reservation, unit: Unit, type_: ResourceType) -> dict[str, Any]:
    is_blocked = made.state == State.BLOCKED
    return {
        "reservation_id": made.id,
        "unit_id": unit.id,
        "kind": unit.kind,
        "state": made.state,
        "starts_at": made.starts_at,
        "ends_at": made.ends_at,
        "quantity": made.quantity,
        "before_minutes": 0 if is_blocked else type_.before_minutes,
        "after_minutes": 0 if is_blocked else type_.after_minutes,
        "held_from": made.starts_at,
        "held_until": made.ends_at,
    }


_VERBS = {
    State.REQUESTED: Verb.RESERVATION_REQUESTED,
    State.WAITING: Verb.RESERVATION_QUEUED,
    State.OFFERED: Verb.RESERVATION_OFFERED,
    State.BLOCKED: Verb.UNIT_BLOCKED,
}


def _told(made: Reservation) -> Change:
    verb = _VERBS.get(made.state, Verb.RESERVATION_MADE)
    # An offer is made by the house itself.
    author = None if made.state == State.OFFERED else made.person_id
    return Change(reservation_id=made.id, at=made.created_at, person_id=author, verb=verb)
