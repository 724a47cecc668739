"""Who is in the house, and what ties each one to it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Select, and_, func, or_
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from entente.administration.lists import Page, like, page_of
from entente.administration.persons.rules import Keeper
from entente.clock import now
from entente.db import rows
from entente.people.models import (
    Body,
    Function,
    FunctionKind,
    Group,
    GroupMember,
    Organisation,
    Person,
    PersonStatus,
    Seat,
    Service,
    Session,
)
from entente.people.queries import is_current
from entente.rules import NotFound

KEYS: Any = (Person.family_name, Person.given_name, Person.id)


@dataclass(frozen=True)
class Sought:
    """Which people a list is about."""

    words: str = ""
    organisation: UUID | None = None
    status: PersonStatus | None = None
    kind: FunctionKind | None = None


def people_sought(sought: Sought) -> Select[Any]:
    """The people of a list, as plain rows."""
    query = rows(Person.id, Person.given_name, Person.family_name, Person.email, Person.status)
    # Whoever was forgotten is nobody in particular.
    query = query.where(col(Person.forgotten_at).is_(None))
    if sought.words:
        # Several words each find something: « awa aubrac » is a first name and an address.
        for word in sought.words.split()[:5]:
            query = query.where(like(word, Person.given_name, Person.family_name, Person.email))
    if sought.status:
        query = query.where(col(Person.status) == sought.status)
    if sought.organisation or sought.kind:
        held = select(Function.id).where(col(Function.person_id) == col(Person.id), is_current(Function))
        if sought.organisation:
            held = held.where(col(Function.organisation_id) == sought.organisation)
        if sought.kind:
            held = held.where(col(Function.kind) == sought.kind)
        query = query.where(held.exists())
    return query


async def people(db: AsyncSession, sought: Sought, after: UUID | None) -> Page:
    """A page of people, by family name."""
    return await page_of(db, people_sought(sought), KEYS, after)


_FUNCTION: Any = (
    Function.id,
    Function.person_id,
    Function.kind,
    Function.title,
    Function.since,
    Function.until,
    Function.organisation_id,
    Organisation.name.label("organisation"),  # type: ignore[attr-defined]
    Organisation.short_name,
    Organisation.hue,
    Service.name.label("service"),  # type: ignore[attr-defined]
)


def functions_of() -> Select[Any]:
    """Functions with their organisation and service."""
    return (
        rows(*_FUNCTION)
        .join(Organisation, col(Organisation.id) == col(Function.organisation_id))
        .outerjoin(Service, col(Service.id) == col(Function.service_id))
        .order_by(col(Function.since), col(Function.id))
    )


async def current_functions(db: AsyncSession, people_ids: Sequence[UUID]) -> dict[UUID, list[Any]]:
    """What each of these people is today."""
    query = functions_of().where(col(Function.person_id).in_(people_ids), is_current(Function))
    found: dict[UUID, list[Any]] = {}
    for row in await db.execute(query):
        found.setdefault(row.person_id, []).append(row)
    return found


@dataclass(frozen=True)
class Sheet:
    """Everything that ties a person to the house."""

    person: Person
    functions: Sequence[Any]
    seats: Sequence[Any]
    groups: Sequence[Any]
    sessions: int


async def sheet_of(db: AsyncSession, person_id: UUID) -> Sheet:
    """A person with all their ties, past ones included, or NotFound."""
    person = await db.get(Person, person_id)
    if person is None:
        raise NotFound
    functions = (await db.execute(functions_of().where(col(Function.person_id) == person_id))).all()
    seats = (
        await db.execute(
            rows(
                Seat.id,
                Seat.body_id,
                Seat.role,
                Seat.mandate,
                Seat.since,
                Seat.until,
                (col(Seat.substitute_id) == person_id).label("as_substitute"),
                col(Body.name).label("body"),
                Organisation.short_name,
                Organisation.hue,
            )
            .join(Body, col(Body.id) == col(Seat.body_id))
            .join(Organisation, col(Organisation.id) == col(Seat.organisation_id))
            .where(or_(col(Seat.holder_id) == person_id, col(Seat.substitute_id) == person_id))
            .order_by(col(Seat.since), col(Seat.id))
        )
    ).all()
    groups = (
        await db.execute(
            rows(Group.id, Group.name)
            .join(GroupMember, col(GroupMember.group_id) == col(Group.id))
            .where(col(GroupMember.person_id) == person_id)
            .order_by(col(Group.name))
        )
    ).all()
    alive = select(func.count()).where(col(Session.person_id) == person_id, col(Session.expires_at) > now())
    return Sheet(person, functions, seats, groups, (await db.execute(alive)).scalar_one())


async def keepers(db: AsyncSession) -> list[Keeper]:
    """The administrators of today, held until the change is saved.

    Two administrators who remove each other at once wait here, and the second sees what the first did: PostgreSQL
    asks the question again of the rows it waited for, SQLite lets one writer in at a time.
    """
    query = (
        rows(Function.id, Function.person_id, Function.until)
        .join(Person, col(Person.id) == col(Function.person_id))
        .where(
            and_(
                col(Function.kind) == FunctionKind.ADMINISTRATEUR,
                col(Person.status) == PersonStatus.ACTIVE,
                is_current(Function),
            )
        )
        .order_by(col(Function.id))
        .with_for_update()
    )
    return [Keeper(row.id, row.person_id, row.until) for row in await db.execute(query)]


async def services_of_all(db: AsyncSession) -> list[tuple[UUID, str]]:
    """Every service with its organisation, for a list to choose from."""
    query = (
        rows(Service.id, Service.name, Organisation.short_name)
        .join(Organisation, col(Organisation.id) == col(Service.organisation_id))
        .order_by(Organisation.short_name, Service.name)
    )
    return [(row.id, f"{row.short_name}\u00a0: {row.name}") for row in await db.execute(query)]
