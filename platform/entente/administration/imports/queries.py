"""What the house knows of the people and places of a file: as many questions for 5,000 lines as for one."""

from collections.abc import Iterator, Sequence
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import or_
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from entente.administration.imports.rules import KnownFunction, KnownPerson, Places
from entente.administration.persons.queries import KEYS, Sought, people_sought
from entente.clock import today
from entente.db import rows
from entente.people.models import Function, FunctionKind, Organisation, Person, Service
from entente.people.words import FUNCTIONS

BATCH = 1_000
"""How many values one question may bear on both databases."""

Some = TypeVar("Some")


def batches(values: Sequence[Some]) -> Iterator[Sequence[Some]]:
    """These values, a batch at a time."""
    for start in range(0, len(values), BATCH):
        yield values[start : start + BATCH]


async def places(db: AsyncSession) -> Places:
    """Every organisation and service."""
    organisations = await db.execute(rows(Organisation.id, Organisation.name, Organisation.short_name))
    services = await db.execute(rows(Service.organisation_id, Service.name))
    return Places.of(
        [(row.id, row.name, row.short_name) for row in organisations],
        [(row.organisation_id, row.name) for row in services],
    )


async def known_people(db: AsyncSession, emails: Sequence[str]) -> dict[str, KnownPerson]:
    """Those of these addresses that have an account, with the functions they have or will have."""
    found: dict[str, KnownPerson] = {}
    for some in batches(sorted(set(emails))):
        people = (await db.execute(rows(*_PERSON).where(col(Person.email).in_(some)))).all()
        functions = await _functions(db, [row.id for row in people])
        for row in people:
            found[row.email] = KnownPerson(row.id, row.given_name, row.family_name, functions.get(row.id, ()))
    return found


_PERSON: Any = (Person.id, Person.email, Person.given_name, Person.family_name)


async def _functions(db: AsyncSession, people: Sequence[UUID]) -> dict[UUID, list[KnownFunction]]:
    if not people:
        return {}
    query = (
        rows(
            Function.id,
            Function.person_id,
            Function.organisation_id,
            Function.kind,
            Function.title,
            col(Service.name).label("service"),
        )
        .outerjoin(Service, col(Service.id) == col(Function.service_id))
        .where(col(Function.person_id).in_(people), _is_not_over())
        .order_by(col(Function.id))
    )
    found: dict[UUID, list[KnownFunction]] = {}
    for row in await db.execute(query):
        function = KnownFunction(row.id, row.organisation_id, FunctionKind(row.kind), row.title, row.service or "")
        found.setdefault(row.person_id, []).append(function)
    return found


def _is_not_over() -> Any:
    return or_(col(Function.until).is_(None), col(Function.until) > today())


async def lines_of(db: AsyncSession, sought: Sought) -> list[tuple[str, ...]]:
    """People as the file has them: one line per function, one line for whoever has none."""
    chosen = people_sought(sought).subquery()
    query = (
        rows(
            Person.email,
            Person.given_name,
            Person.family_name,
            col(Organisation.name).label("organisation"),
            Function.kind,
            Function.title,
            col(Service.name).label("service"),
        )
        .join(chosen, chosen.c.id == col(Person.id))
        .outerjoin(Function, (col(Function.person_id) == col(Person.id)) & _is_not_over())
        .outerjoin(Organisation, col(Organisation.id) == col(Function.organisation_id))
        .outerjoin(Service, col(Service.id) == col(Function.service_id))
        .order_by(*KEYS, col(Function.id))
    )
    lines = (
        (
            row.email,
            row.given_name,
            row.family_name,
            row.organisation or "",
            FUNCTIONS[row.kind] if row.kind else "",
            row.title or "",
            row.service or "",
        )
        for row in await db.execute(query)
    )
    return list(dict.fromkeys(lines))


async def service_ids(db: AsyncSession) -> dict[tuple[UUID, str], UUID]:
    """Every service, by its organisation and its name."""
    found = await db.execute(rows(Service.id, Service.organisation_id, Service.name))
    return {(row.organisation_id, row.name): row.id for row in found}
