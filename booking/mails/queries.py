"""Who is written to, with the rights they have when the mail is written."""

from collections.abc import Collection
from typing import NamedTuple
from uuid import UUID

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from booking import queries
from booking.hold import Verb
from booking.models import Change, Reservation, State
from booking.periods import Period
from booking.queries import Shown
from entente.db import rows
from entente.people.models import Person
from entente.people.queries import who_is
from entente.rules import NotFound


class Recipient(NamedTuple):
    """Someone who may read what a mail says."""

    id: UUID
    given_name: str
    email: str
    shown: Shown


async def recipient(db: AsyncSession, person_id: UUID, reservation_id: UUID) -> Recipient | None:
    """This person and the reservation as they may see it; none when they have left or may not."""
    person = await db.get(Person, person_id)
    who = await who_is(db, person_id)
    if person is None or who is None:
        return None
    try:
        return Recipient(person_id, person.given_name, person.email, await queries.shown(db, who, reservation_id))
    except NotFound:
        return None


class Dated(NamedTuple):
    """One of the reservations that were changed at once."""

    reservation_id: UUID
    words: str
    """What and when."""


async def dates_of(db: AsyncSession, change: Change, true_while: Collection[State]) -> list[Dated]:
    """What was changed at once with this and still is so, the first to begin first; nothing for a single change."""
    if change.together is None:
        return []
    query = (
        rows(col(Reservation.id), Reservation.starts_at, Reservation.ends_at)
        .join(Change, col(Change.reservation_id) == col(Reservation.id))
        .where(col(Change.together) == change.together, col(Reservation.state).in_(true_while))
        .order_by(col(Reservation.starts_at), col(Reservation.id))
    )
    found = (await db.execute(query)).all()
    parts = await queries.parts_of(db, [id_ for id_, *_ in found])
    names = {id_: ", ".join(part.name for part in held if not part.is_part) for id_, held in parts.items()}
    return [Dated(id_, ", ".join((*filter(None, [names.get(id_)]), Period(*when).words))) for id_, *when in found]


async def latest(db: AsyncSession, reservation_id: UUID, verb: Verb) -> Change | None:
    """The last time that this happened to a reservation."""
    query = (
        select(Change)
        .where(col(Change.reservation_id) == reservation_id, col(Change.verb) == verb)
        .order_by(col(Change.id).desc())
        .limit(1)
    )
    return (await db.exec(query)).one_or_none()
