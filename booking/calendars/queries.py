"""What stands in a calendar of reservations, and as much of each as its reader may see: one question for all of it."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, and_, exists, func, or_
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from booking.fleet.models import Depot, ResourceType, Unit
from booking.models import HOLDING, Allocation, Change, Reservation, State
from booking.periods import Period
from booking.queries import is_visible
from entente.clock import now
from entente.db import rows
from entente.people.models import Organisation, Person
from entente.people.who import Who

KEPT = timedelta(days=90)
"""How long what is over stays in a calendar."""
CANCELLED_FOR = timedelta(days=30)
"""How long a calendar says that something was cancelled."""
STANDING = (*HOLDING, State.RETURNED)
UNDONE = (State.CANCELLED, State.REFUSED, State.EXPIRED)


class Held(NamedTuple):
    """A unit that a reservation takes."""

    unit_id: UUID
    name: str
    quantity: int
    depot: str
    address: str
    before: int
    after: int


@dataclass(frozen=True)
class Said:
    """A reservation as one reader's calendar says it; what this reader may not see is empty."""

    id: UUID
    state: State
    period: Period
    changes: int
    changed_at: datetime
    quantity: int
    type: str
    payer: str
    person: str
    on_behalf_of: str
    purpose: str
    units: tuple[Held, ...]


def is_mine(who: Who) -> ColumnElement[bool]:
    """What this person took."""
    return and_(col(Reservation.person_id) == who.id, col(Reservation.state) != State.BLOCKED)


def is_paid_by(organisation_id: UUID) -> ColumnElement[bool]:
    """What is taken at the expense of an organisation."""
    return and_(col(Reservation.payer_id) == organisation_id, col(Reservation.state) != State.BLOCKED)


def takes_unit(unit_id: UUID) -> ColumnElement[bool]:
    """What takes a unit, by itself or within a kit."""
    taken = exists().where(col(Allocation.reservation_id) == col(Reservation.id), col(Allocation.unit_id) == unit_id)
    return taken.correlate(Reservation)


def takes_type(type_id: UUID) -> ColumnElement[bool]:
    """What takes a unit of a type."""
    taken = exists().where(
        col(Allocation.reservation_id) == col(Reservation.id),
        col(Allocation.unit_id) == col(Unit.id),
        col(Unit.type_id) == type_id,
    )
    return taken.correlate(Reservation)


async def said(
    db: AsyncSession, who: Who, which: ColumnElement[bool], among: Collection[UUID] | None = None
) -> list[Said]:
    """The reservations of a calendar in order of time; with `among`, only these."""
    query = _said(who).where(which, _is_shown())
    if among is not None:
        query = query.where(col(Reservation.id).in_(among))
    found: dict[UUID, list[Any]] = defaultdict(list)
    for row in await db.execute(query):
        found[row.id].append(row)
    return [_made(lines) for lines in found.values()]


_CHANGES = rows(func.count(col(Change.id))).where(col(Change.reservation_id) == col(Reservation.id)).scalar_subquery()
_CHANGED = rows(func.max(col(Change.at))).where(col(Change.reservation_id) == col(Reservation.id)).scalar_subquery()


def _is_shown() -> ColumnElement[bool]:
    at = now()
    return or_(
        and_(col(Reservation.state).in_(STANDING), col(Reservation.ends_at) > at - KEPT),
        and_(col(Reservation.state).in_(UNDONE), at - CANCELLED_FOR < _CHANGED),
    )


def _said(who: Who) -> Any:
    return (
        rows(
            col(Reservation.id),
            Reservation.state,
            Reservation.starts_at,
            Reservation.ends_at,
            Reservation.created_at,
            Reservation.quantity,
            Reservation.on_behalf_of,
            Reservation.purpose,
            _CHANGES.label("changes"),
            _CHANGED.label("changed_at"),
            is_visible(who).label("is_visible"),
            col(ResourceType.name).label("type"),
            col(Organisation.short_name).label("payer"),
            Person.given_name,
            Person.family_name,
            col(Unit.id).label("unit_id"),
            col(Unit.name).label("unit"),
            col(Allocation.quantity).label("count"),
            Allocation.before_minutes,
            Allocation.after_minutes,
            col(Depot.name).label("depot"),
            Depot.address,
        )
        .join(ResourceType, col(ResourceType.id) == col(Reservation.type_id))
        .join(Organisation, col(Organisation.id) == col(Reservation.payer_id))
        .join(Person, col(Person.id) == col(Reservation.person_id))
        # The parts of a kit go without saying. Whoever only waits holds nothing, and is not in a calendar.
        .join(
            Allocation,
            and_(col(Allocation.reservation_id) == col(Reservation.id), col(Allocation.part_of).is_(None)),
        )
        .join(Unit, col(Unit.id) == col(Allocation.unit_id))
        .join(Depot, col(Depot.id) == col(Unit.depot_id))
        .order_by(col(Reservation.starts_at), col(Reservation.id), col(Unit.name), col(Unit.id))
    )


def _made(lines: Sequence[Any]) -> Said:
    row = lines[0]
    state, is_open = State(row.state), bool(row.is_visible)
    return Said(
        row.id,
        state,
        Period(row.starts_at, row.ends_at),
        row.changes,
        row.changed_at or row.created_at,
        row.quantity,
        row.type,
        row.payer,
        f"{row.given_name} {row.family_name}" if is_open else "",
        row.on_behalf_of if is_open else "",
        row.purpose if is_open else "",
        tuple(
            Held(each.unit_id, each.unit, each.count, each.depot, each.address, each.before_minutes, each.after_minutes)
            for each in lines
        ),
    )
