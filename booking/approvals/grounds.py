"""Whose answer a request awaits, as the database is asked: the person named, or whoever holds the function today."""

from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Date, Select, and_, bindparam, exists, or_
from sqlmodel import col

from booking.approvals.models import Absence, Step
from booking.fleet.models import Unit
from booking.models import Allocation, Reservation
from booking.periods import naive
from entente.clock import now
from entente.db import rows
from entente.people.models import Function, Person, PersonStatus
from entente.people.queries import is_current


def is_away() -> ColumnElement[bool]:
    """An absence that holds today, of someone who is still here."""
    today = bindparam(None, callable_=lambda: naive(now()).date(), type_=Date(), unique=True)
    return and_(col(Absence.since) <= today, col(Absence.until) > today, col(Absence.ended_at).is_(None))


def _stood_in_for(person_id: UUID) -> Select[Any]:
    return (
        rows(Absence.person_id)
        .join(Person, col(Person.id) == col(Absence.person_id))
        .where(col(Absence.stand_in_id) == person_id, is_away(), col(Person.status) == PersonStatus.ACTIVE)
        .correlate(None)
    )


def is_put_to(person_id: UUID) -> ColumnElement[bool]:
    """The question is for this person, or for someone in whose place they answer today."""
    functions: Any = Function
    holder = exists().where(
        col(Function.kind) == col(Step.function),
        col(Function.organisation_id) == col(Unit.owner_id),
        _acts(col(Function.person_id), person_id),
        is_current(functions),
    )
    taken = exists().where(
        col(Allocation.reservation_id) == col(Step.reservation_id), col(Allocation.unit_id) == col(Unit.id)
    )
    # Of what belongs to two owners, whoever answers holds the function with both.
    everywhere = and_(
        taken.where(holder.correlate(Step, Unit)).correlate(Step),
        ~taken.where(~holder.correlate(Step, Unit)).correlate(Step),
    )
    return or_(_acts(col(Step.person_id), person_id), everywhere)


def _acts(column: Any, person_id: UUID) -> ColumnElement[bool]:
    return or_(column == person_id, column.in_(_stood_in_for(person_id)))


def is_concerned(person_id: UUID) -> ColumnElement[bool]:
    """Reservations whose agreement was asked of this person."""
    put = or_(col(Step.answered_by) == person_id, is_put_to(person_id))
    return exists().where(col(Step.reservation_id) == col(Reservation.id), put).correlate(Reservation)
