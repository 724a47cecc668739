"""Who takes part today, as members see each other."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, exists, func, or_, select, tuple_
from sqlalchemy.orm import aliased
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from entente.db import rows
from entente.people.models import (
    Body,
    Function,
    FunctionKind,
    Organisation,
    Person,
    PersonStatus,
    Seat,
    Service,
)
from entente.people.queries import is_current
from entente.rules import NotFound

PER_PAGE = 60

_KEYS: Any = (Organisation.name, Person.family_name, Person.given_name, Function.id)


def is_listed() -> ColumnElement[bool]:
    """Whoever is not suspended; what they are today is asked beside it."""
    return col(Person.status) != PersonStatus.SUSPENDED


@dataclass(frozen=True)
class Sought:
    """Which people the directory shows."""

    words: str = ""
    organisation: UUID | None = None
    kind: FunctionKind | None = None
    body: UUID | None = None


class Directory(NamedTuple):
    """A page of functions, by organisation; how many people there are in all; where the next page begins."""

    rows: Sequence[Any]
    total: int
    next: UUID | None


def functions_of(sought: Sought) -> Select[Any]:
    """Functions held today, with whoever holds them."""
    query = _FUNCTIONS
    for word in sought.words.split()[:5]:
        columns = (Person.given_name, Person.family_name, Function.title, Organisation.name, Service.name)
        query = query.where(or_(*(col(column).icontains(word, autoescape=True) for column in columns)))
    if sought.organisation:
        query = query.where(col(Function.organisation_id) == sought.organisation)
    query = query.where(col(Function.kind) == sought.kind if sought.kind else ~_IS_SAID_ALREADY)
    return query.where(_sits_in(sought.body)) if sought.body else query


_FUNCTIONS = (
    rows(
        Function.id,
        Function.person_id,
        Function.kind,
        Function.title,
        Function.organisation_id,
        Person.given_name,
        Person.family_name,
        Person.email,
        Person.photo,
        Person.status,
        col(Organisation.name).label("organisation"),
        Organisation.short_name,
        Organisation.hue,
        col(Service.name).label("service"),
    )
    .join(Person, col(Person.id) == col(Function.person_id))
    .join(Organisation, col(Organisation.id) == col(Function.organisation_id))
    .outerjoin(Service, col(Service.id) == col(Function.service_id))
    .where(is_current(Function), is_listed())
)


def _is_said_already() -> ColumnElement[bool]:
    """Whether the same title in the same place already names this person: an élue who is mayor is one line."""
    other = aliased(Function)
    alike = (
        col(getattr(other, name)) == col(getattr(Function, name)) for name in ("person_id", "organisation_id", "title")
    )
    return exists().where(*alike, is_current(other), col(other.id) < col(Function.id))


_IS_SAID_ALREADY = _is_said_already()


def _sits_in(body_id: UUID) -> ColumnElement[bool]:
    sits = or_(col(Seat.holder_id) == col(Person.id), col(Seat.substitute_id) == col(Person.id))
    return exists().where(col(Seat.body_id) == body_id, sits, is_current(Seat))


async def directory(db: AsyncSession, sought: Sought, after: UUID | None) -> Directory:
    """A page of the directory: each organisation in turn, its people by family name."""
    query = functions_of(sought)
    found = query.subquery()
    count = (await db.execute(select(func.count(func.distinct(found.c.person_id))))).scalar_one()
    if after is not None:
        keys = rows(*_KEYS).select_from(Function).join(Person, col(Person.id) == col(Function.person_id))
        keys = keys.join(Organisation, col(Organisation.id) == col(Function.organisation_id))
        here = (await db.execute(keys.where(col(Function.id) == after))).one_or_none()
        if here is not None:
            types = [key.type for key in _KEYS]
            query = query.where(tuple_(*_KEYS, types=types) > tuple_(*here, types=types))
    shown = (await db.execute(query.order_by(*_KEYS).limit(PER_PAGE + 1))).all()
    return Directory(shown[:PER_PAGE], count, shown[PER_PAGE - 1].id if len(shown) > PER_PAGE else None)


async def choices(db: AsyncSession, model: type[Organisation] | type[Body]) -> list[tuple[UUID, str]]:
    """Organisations or bodies, by name, for a list to choose from."""
    return [(row.id, row.name) for row in await db.execute(rows(model.id, model.name).order_by(col(model.name)))]


@dataclass(frozen=True)
class Sheet:
    """What members may know of one of them."""

    person: Person
    functions: Sequence[Any]
    seats: Sequence[Any]


async def sheet_of(db: AsyncSession, person_id: UUID) -> Sheet:
    """Someone who takes part today, or NotFound: the past and the suspended are not told of."""
    person = await db.get(Person, person_id)
    if person is None or person.status == PersonStatus.SUSPENDED:
        raise NotFound
    functions = (
        await db.execute(functions_of(Sought()).where(col(Function.person_id) == person_id).order_by(*_KEYS))
    ).all()
    mine = or_(col(Seat.holder_id) == person_id, col(Seat.substitute_id) == person_id)
    seats = (await db.execute(_seats().where(mine))).all()
    if not functions and not seats:
        raise NotFound
    return Sheet(person, functions, seats)


def _seats() -> Select[Any]:
    """Seats held today; whoever is suspended is not named, their seat stays."""
    holder, substitute = aliased(Person), aliased(Person)
    return (
        rows(
            Seat.id,
            Seat.body_id,
            Seat.role,
            Seat.mandate,
            Seat.holder_id,
            Seat.substitute_id,
            col(Body.name).label("body"),
            col(Organisation.name).label("organisation"),
            Organisation.short_name,
            Organisation.hue,
            (col(holder.given_name) + " " + col(holder.family_name)).label("holder"),
            (col(substitute.given_name) + " " + col(substitute.family_name)).label("substitute"),
        )
        .select_from(Seat)
        .join(Body, col(Body.id) == col(Seat.body_id))
        .join(Organisation, col(Organisation.id) == col(Seat.organisation_id))
        .outerjoin(holder, and_(col(holder.id) == col(Seat.holder_id), _is_open(holder)))
        .outerjoin(substitute, and_(col(substitute.id) == col(Seat.substitute_id), _is_open(substitute)))
        .where(is_current(Seat))
        .order_by(col(Body.name), col(Organisation.name), col(Seat.id))
    )


def _is_open(person: Any) -> ColumnElement[bool]:
    return col(person.status) != PersonStatus.SUSPENDED


async def bodies(db: AsyncSession) -> Sequence[Any]:
    """Every instance with how many seats are held today: there are a few dozen at most."""
    seats = (
        select(func.count(col(Seat.id)))
        .where(col(Seat.body_id) == col(Body.id), is_current(Seat))
        .correlate(Body)
        .scalar_subquery()
    )
    query = rows(Body.id, Body.kind, Body.name, seats.label("seats")).order_by(col(Body.name))
    return (await db.execute(query)).all()


async def body_with_seats(db: AsyncSession, body_id: UUID) -> tuple[Body, Sequence[Any]]:
    """An instance and who sits there today, or NotFound."""
    body = await db.get(Body, body_id)
    if body is None:
        raise NotFound
    return body, (await db.execute(_seats().where(col(Seat.body_id) == body_id))).all()
