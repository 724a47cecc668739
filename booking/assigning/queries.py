"""What a manager may choose from: units that could serve a reservation, and reservations to exchange with."""

from collections.abc import Sequence
from typing import NamedTuple

from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from booking import queries, rules
from booking.asks import Ask
from booking.fleet.models import ResourceType
from booking.free import Candidate, free_in
from booking.models import Reservation, State
from booking.periods import Period
from booking.queries import Shown
from entente.people.who import Who

MOST = 50


class Choice(NamedTuple):
    """A unit that could serve, and why it cannot."""

    unit: Candidate
    is_held: bool
    why_not: str


async def choices(db: AsyncSession, who: Who, row: Reservation, type_: ResourceType) -> list[Choice]:
    """The units of its type that this person keeps, each with whether it is free then; its own count as free."""
    period = Period(row.starts_at, row.ends_at)
    ask = Ask.again(type_, period, row.quantity, row.wanted)
    kept = [each for each in await queries.candidates_of(db, [type_]) if rules.may_manage(who, each.owner_id)]
    plan = await queries.plan_of(db, queries.units_needed(kept), period.widened(24 * 60, 24 * 60), [row.id])
    held = set(await queries.units_held(db, [row.id], with_parts=False))
    wanted = row.quantity if type_.is_counted else 1
    return [Choice(each, each.unit_id in held, _why(each, ask, free_in(each, period, plan), wanted)) for each in kept]


def _why(each: Candidate, ask: Ask, free: int, wanted: int) -> str:
    if each.usable_until and ask.period.ends > each.usable_until:
        return "un contrôle est à faire avant"
    if free < wanted:
        return "c’est déjà pris" if free <= 0 or wanted == 1 else f"il n’en reste que {free}"
    if any(each.traits.get(trait, -1) < least for trait, least in ask.least.items()):
        return "ne répond pas à ce qui est demandé"
    return ""


async def exchangeable(db: AsyncSession, who: Who, row: Reservation) -> Sequence[Shown]:
    """The reservations of the same type at the same time, all of whose units this person keeps."""
    found = await queries.shown_where(
        db,
        col(Reservation.type_id) == row.type_id,
        col(Reservation.id) != row.id,
        col(Reservation.state).in_([State.REQUESTED, State.CONFIRMED]),
        col(Reservation.starts_at) < row.ends_at,
        col(Reservation.ends_at) > row.starts_at,
        limit=MOST,
    )
    return [each for each in found if rules.may_decide(who, each.owners)]
