"""The requests on which a person is to decide."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, and_, exists, func
from sqlalchemy.orm import aliased
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from booking import queries
from booking.approvals import rules
from booking.approvals.grounds import is_away, is_put_to
from booking.approvals.models import Absence, Level, Said, Step
from booking.fleet.models import ResourceType
from booking.models import Reservation, State
from booking.queries import Shown
from entente.clock import now
from entente.db import rows
from entente.people.models import Function, FunctionKind, Person, PersonStatus
from entente.people.queries import is_current
from entente.people.who import Who
from entente.prepared import prepared

MOST = 100


async def chain_of(db: AsyncSession, type_: ResourceType) -> list[Level]:
    """The agreements that a type asks for, in order; none when it is lent without asking."""
    if not type_.needs_approval:
        return []
    query = select(Level).where(col(Level.type_id) == type_.id).order_by(col(Level.number))
    return list(await db.exec(query)) or [rules.usual(type_)]


async def last_step(db: AsyncSession, reservation_id: UUID) -> Step | None:
    """The latest question that a request put to anybody."""
    query = select(Step).where(col(Step.reservation_id) == reservation_id).order_by(col(Step.number).desc()).limit(1)
    return (await db.exec(query)).one_or_none()


async def last_numbers(db: AsyncSession, reservations: Collection[UUID]) -> dict[UUID, int]:
    """The number of the latest question of each of these requests."""
    query = rows(Step.reservation_id, func.max(col(Step.number))).where(col(Step.reservation_id).in_(reservations))
    found = await db.execute(query.group_by(col(Step.reservation_id)))
    return {row[0]: row[1] for row in found}


async def put_to(db: AsyncSession, who: Who, step: Step) -> set[int]:
    """The questions of the same round that were put to this person."""
    query = rows(Step.number).where(
        col(Step.reservation_id) == step.reservation_id, col(Step.round) == step.round, is_put_to(who.id)
    )
    return set((await db.execute(query)).scalars())


async def absent_of(db: AsyncSession, who: Who, step: Step, owners: Collection[UUID]) -> UUID | None:
    """In whose place this person answers; none when the question is for themselves."""
    if step.person_id == who.id or (step.function and all((step.function, owner) in who.functions for owner in owners)):
        return None
    query = rows(Absence.person_id).where(col(Absence.stand_in_id) == who.id, is_away())
    if step.person_id:
        return step.person_id
    holds: Any = Function
    query = query.join(Function, col(Function.person_id) == col(Absence.person_id)).where(
        col(Function.kind) == step.function, col(Function.organisation_id).in_(owners), is_current(holds)
    )
    return (await db.execute(query.limit(1))).scalar_one_or_none()


async def asked_people(db: AsyncSession, step: Step, owners: Collection[UUID]) -> list[UUID]:
    """Who is to answer today: those asked, or whoever stands in for them."""
    if step.person_id:
        asked = [step.person_id]
    else:
        asked = await holders_of(db, FunctionKind(step.function or ""), owners)
    query = rows(Absence.person_id, Absence.stand_in_id).where(col(Absence.person_id).in_(asked), is_away())
    away: dict[UUID, list[UUID]] = {}
    for person, stand_in in await db.execute(query.order_by(col(Absence.id))):
        away.setdefault(person, []).append(stand_in)
    return list(dict.fromkeys(each for person in asked for each in away.get(person, [person])))


async def holders_of(db: AsyncSession, kind: FunctionKind, owners: Collection[UUID]) -> list[UUID]:
    """The active people who hold a function today in one of these organisations."""
    holds: Any = Function
    query = (
        rows(Function.person_id)
        .distinct()
        .join(Person, col(Person.id) == col(Function.person_id))
        .where(
            col(Function.kind) == kind,
            col(Function.organisation_id).in_(owners),
            is_current(holds),
            col(Person.status) == PersonStatus.ACTIVE,
        )
        .order_by(col(Function.person_id))
    )
    return list((await db.execute(query)).scalars())


class Told(NamedTuple):
    """A question as the page of the reservation tells it: to whom, until when, and what they said."""

    number: int
    round: int
    level: int
    whom: str
    due_at: datetime
    said: Said | None
    answered_at: datetime | None
    by: str
    instead_of: str


async def story(db: AsyncSession, reservation_id: UUID) -> list[Told]:
    """Every question that a request put, oldest first, with who answered and in whose place; one question."""
    asked, by, away = aliased(Person), aliased(Person), aliased(Person)
    query = (
        rows(Step, *(name for each in (asked, by, away) for name in (each.given_name, each.family_name)))
        .outerjoin(asked, col(asked.id) == col(Step.person_id))
        .outerjoin(by, col(by.id) == col(Step.answered_by))
        .outerjoin(away, col(away.id) == col(Step.instead_of))
        .where(col(Step.reservation_id) == reservation_id)
        .order_by(col(Step.number))
    )
    return [_told(step, *names) for step, *names in await db.execute(query)]


def _told(step: Step, *names: str | None) -> Told:
    whom, by, away = (f"{names[at]} {names[at + 1]}" if names[at] else "" for at in (0, 2, 4))
    whom = whom or rules.WORDS[FunctionKind(step.function or "")]
    said = Said(step.said) if step.said else None
    return Told(step.number, step.round, step.level, whom, step.due_at, said, step.answered_at, by, away)


async def names_of(db: AsyncSession, people: Collection[UUID | None]) -> dict[UUID, str]:
    """What these people are called."""
    query = rows(col(Person.id), Person.given_name, Person.family_name).where(col(Person.id).in_(set(people) - {None}))
    return {id_: f"{given} {family}" for id_, given, family in await db.execute(query)}


async def colleagues(db: AsyncSession, organisations: Collection[UUID]) -> Sequence[tuple[UUID, str]]:
    """Everybody who acts for one of these organisations today, by name."""
    holds: Any = Function
    query = (
        rows(col(Person.id), Person.given_name, Person.family_name)
        .distinct()
        .join(Function, col(Function.person_id) == col(Person.id))
        .where(
            col(Function.organisation_id).in_(organisations),
            is_current(holds),
            col(Person.status) == PersonStatus.ACTIVE,
        )
        .order_by(col(Person.family_name), col(Person.given_name), col(Person.id))
    )
    return [(id_, f"{given} {family}") for id_, given, family in await db.execute(query)]


def _is_for(person_id: UUID, *which: ColumnElement[bool]) -> ColumnElement[bool]:
    """Requests of which such a question was put to this person."""
    put = exists().where(col(Step.reservation_id) == col(Reservation.id), *which, is_put_to(person_id))
    return put.correlate(Reservation)


async def pending(db: AsyncSession, who: Who, limit: int = MOST) -> list[Shown]:
    """The requests that this person is to answer, the first to begin first."""
    return await queries.told(db, _pending(who.id, limit))


@prepared
def _pending(person_id: UUID, limit: int) -> Any:
    query = queries.in_words().where(_waits_for(person_id))
    return query.order_by(col(Reservation.starts_at), col(Reservation.id)).limit(limit)


def _waits_for(person_id: UUID) -> ColumnElement[bool]:
    return and_(col(Reservation.state) == State.REQUESTED, _is_for(person_id, col(Step.said).is_(None)))


async def count(db: AsyncSession, who: Who) -> int:
    """How many requests this person is to answer."""
    return int((await db.execute(*_waiting(who.id))).scalar_one())


@prepared
def _waiting(person_id: UUID) -> Any:
    return rows(func.count(col(Reservation.id))).where(_waits_for(person_id))


async def lapsed(db: AsyncSession, who: Who, limit: int = MOST) -> list[Shown]:
    """The requests that nobody answered in time and that could still be granted, if the slot is still free."""
    newer = aliased(Step)
    later = exists().where(col(newer.reservation_id) == col(Step.reservation_id), col(newer.number) > col(Step.number))
    was_asked = _is_for(who.id, col(Step.said) == Said.LATE, ~later.correlate(Step))
    is_late = col(Reservation.state) == State.EXPIRED
    return await queries.shown_where(db, is_late, col(Reservation.starts_at) > now(), was_asked, limit=limit)


def is_urgent(shown: Shown, at: datetime) -> bool:
    """Whether the slot is let go within a day."""
    return shown.held_until is not None and (shown.held_until - at).total_seconds() < 86_400
