"""What it looks like in real life: the communes of GrandAngoulême, their people, and where they sit."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import insert
from sqlmodel import SQLModel
from sqlmodel.ext.asyncio.session import AsyncSession

from entente.people.models import (
    Body,
    BodyKind,
    EmailDomain,
    Function,
    FunctionKind,
    Membership,
    Organisation,
    OrganisationKind,
    Person,
    PersonStatus,
    Seat,
    SeatRole,
    Service,
)

FOLDER = Path(__file__).parents[1] / "demo"
START = date(2016, 1, 1)
"""When the mutualisation scheme, and so the demonstration, begins."""


@dataclass
class Settled:
    """Who lives where: the ids behind the keys that every room's seeds use."""

    organisations: dict[str, UUID] = field(default_factory=dict)
    people: dict[str, UUID] = field(default_factory=dict)
    bodies: dict[str, UUID] = field(default_factory=dict)
    sitting: dict[str, set[str]] = field(default_factory=dict)
    """For each body, the people who hold or share a seat."""
    demo: list[str] = field(default_factory=list)
    """Those who sign in with one click."""


async def plant(db: AsyncSession, rows: Sequence[SQLModel]) -> None:
    """Save many rows of one kind in one statement."""
    if rows:
        await db.execute(insert(type(rows[0])), [row.model_dump() for row in rows])


async def settle(db: AsyncSession) -> Settled:
    """Organisations with their membership, then people with their functions, then bodies with their seats."""
    settled = Settled()
    await _organisations(db, settled, _read("organisations"))
    await _people(db, settled, _read("people"))
    await _bodies(db, settled, _read("bodies"))
    return settled


def _read(name: str) -> list[dict[str, Any]]:
    return list(json.loads((FOLDER / f"{name}.json").read_text("utf-8")))


async def _organisations(db: AsyncSession, settled: Settled, read: Iterable[Mapping[str, Any]]) -> None:
    organisations: list[SQLModel] = []
    memberships: list[SQLModel] = []
    for item in read:
        made = Organisation(
            kind=OrganisationKind(item["kind"]),
            name=item["name"],
            short_name=item["short_name"],
            code_insee=item["code_insee"],
            siren=item["siren"],
            postcodes=" ".join(item["postcodes"]),
            population=item["population"],
            hue=item["hue"],
        )
        settled.organisations[item["key"]] = made.id
        organisations.append(made)
        if made.kind == OrganisationKind.COMMUNE:
            until = item["member_until"] and date.fromisoformat(item["member_until"])
            memberships.append(
                Membership(organisation_id=made.id, since=date.fromisoformat(item["member_since"]), until=until)
            )
    await plant(db, organisations)
    await plant(db, memberships)


async def _people(db: AsyncSession, settled: Settled, read: Sequence[Mapping[str, Any]]) -> None:
    services = await _services(db, settled, read)
    people: list[SQLModel] = []
    functions: list[SQLModel] = []
    domains: dict[str, UUID] = {}
    for item in read:
        organisation = settled.organisations[item["organisation"]]
        person = Person(
            email=item["email"],
            given_name=item["given_name"],
            family_name=item["family_name"],
            status=PersonStatus.ACTIVE,
            created_at=datetime.combine(START, time(8), UTC),
            demo_pitch=item["pitch"] if item["demo"] else None,
        )
        people.append(person)
        settled.people[item["key"]] = person.id
        settled.demo += [item["key"]] if item["demo"] else []
        domains.setdefault(item["email"].partition("@")[2], organisation)
        # The first function of the list is the one shown beside the name: its id is born first.
        functions += [
            Function(
                person_id=person.id,
                organisation_id=organisation,
                service_id=services.get((organisation, item["service"])),
                kind=FunctionKind(kind),
                title=item["title"],
                since=START,
            )
            for kind in item["functions"]
        ]
    await plant(db, people)
    await plant(db, functions)
    await plant(db, [EmailDomain(domain=domain, organisation_id=where) for domain, where in domains.items()])


async def _services(
    db: AsyncSession, settled: Settled, read: Iterable[Mapping[str, Any]]
) -> dict[tuple[UUID, str], UUID]:
    named = {(settled.organisations[item["organisation"]], item["service"]) for item in read if item["service"]}
    services = [Service(organisation_id=organisation, name=name) for organisation, name in sorted(named)]
    await plant(db, services)
    return {(service.organisation_id, service.name): service.id for service in services}


async def _bodies(db: AsyncSession, settled: Settled, read: Sequence[Mapping[str, Any]]) -> None:
    bodies: list[SQLModel] = []
    seats: list[SQLModel] = []
    for number, item in enumerate(read):
        body = Body(
            kind=BodyKind(item["kind"]),
            name=item["name"],
            organisation_id=settled.organisations["epci"],
            hue=number * 360 // len(read),
        )
        bodies.append(body)
        settled.bodies[item["key"]] = body.id
        settled.sitting[item["key"]] = {
            key for seat in item["seats"] for key in (seat["holder"], seat["substitute"]) if key
        }
        seats += [_seat(settled, body.id, seat) for seat in item["seats"]]
    await plant(db, bodies)
    await plant(db, seats)


def _seat(settled: Settled, body: UUID, item: Mapping[str, Any]) -> Seat:
    return Seat(
        body_id=body,
        organisation_id=settled.organisations[item["organisation"]],
        holder_id=settled.people[item["holder"]],
        substitute_id=settled.people[item["substitute"]] if item["substitute"] else None,
        role=SeatRole(item.get("role", SeatRole.MEMBER)),
        mandate=item["mandate"],
        since=date.fromisoformat(item["since"]),
    )
