"""How a reservation gets its units: the one place that writes allocations, under the guard of the database."""

from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import asynccontextmanager
from uuid import UUID

from sqlalchemy import delete, insert
from sqlalchemy.exc import DBAPIError
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from booking import queries
from booking.asks import Ask
from booking.fleet.models import Unit
from booking.free import Candidate, choose, most_of
from booking.models import Allocation, Change, Reservation
from booking.periods import Period
from booking.rules import Broken, Taken, Unfit
from entente.db import is_embedded
from entente.journal import Verb as AnyVerb
from entente.web.words import number, plural
from entente.work import Work

ROUNDS = 25
"""How often a request that loses a race for one unit looks for another."""


class Verb(AnyVerb):
    """What can happen to a reservation, told on its own stream; and to the plan of a unit, on the unit's."""

    RESERVATION_REQUESTED = "reservation.requested"
    RESERVATION_MADE = "reservation.made"
    RESERVATION_MOVED = "reservation.moved"
    RESERVATION_REASSIGNED = "reservation.reassigned"
    RESERVATION_ADVANCED = "reservation.advanced"
    RESERVATION_ESCALATED = "reservation.escalated"
    RESERVATION_APPROVED = "reservation.approved"
    RESERVATION_REFUSED = "reservation.refused"
    RESERVATION_CANCELLED = "reservation.cancelled"
    RESERVATION_RESTORED = "reservation.restored"
    RESERVATION_EXPIRED = "reservation.expired"
    RESERVATION_QUEUED = "reservation.queued"
    RESERVATION_OFFERED = "reservation.offered"
    UNIT_BLOCKED = "unit.blocked"
    PLAN_CHANGED = "plan.changed"


class Lost(Exception):
    """Someone else was faster."""


@asynccontextmanager
async def trying(db: AsyncSession) -> AsyncIterator[None]:
    """Change what is held; raises Lost, with nothing changed, when the guard of the database refuses."""
    try:
        async with db.begin_nested():
            yield
            await db.flush()
    except DBAPIError as error:
        if not _is_lost(error):
            raise
        raise Lost from error


def _is_lost(error: DBAPIError) -> bool:
    # An exclusion, or the deadlock of two kits that share parts: PostgreSQL undoes one of the two.
    state = getattr(error.orig, "sqlstate", None)
    return state in ("23P01", "40P01") or "allocation_taken" in str(error.orig)


async def lock(db: AsyncSession, units: Collection[UUID]) -> None:
    """Wait for these units' turn, always in the same order; SQLite has one writer, who waits for nobody."""
    if units and not is_embedded(db):
        query = select(Unit.id).where(col(Unit.id).in_(units)).order_by(col(Unit.id))
        # NO KEY: the foreign key of an allocation reads the same row, and need not wait.
        await db.exec(query.with_for_update(key_share=True))


async def settle(
    work: Work,
    reservation: Reservation,
    ask: Ask,
    prefer: Collection[UUID] = (),
    among: Sequence[Candidate] | None = None,
    is_new: bool = False,
) -> list[Candidate]:
    """Give a reservation units that are free, trying others when someone is faster; raises Taken when none is left.

    What it held before is let go in the same breath, so it can move onto its own place.
    """
    candidates = list(await queries.candidates_for(work.db, ask) if among is None else among)
    candidates.sort(key=lambda each: each.unit_id not in prefer)
    if candidates and ask.quantity > (most := most_of(candidates)):
        raise Unfit([_beyond(ask, most)])
    for _ in range(ROUNDS):
        units = queries.units_needed(candidates)
        plan = await queries.plan_of(work.db, units, _around(ask, candidates), [reservation.id])
        chosen = choose(candidates, ask.quantity, ask.period, plan, reservation.payer_id)
        if not chosen:
            break
        try:
            async with trying(work.db):
                await lock(work.db, queries.units_needed([each for each, _ in chosen]))
                if not is_new:
                    await release(work.db, reservation.id)
                await take(work.db, reservation, chosen)
        except Lost:
            continue
        return [each for each, _ in chosen]
    raise Taken(taken_words(ask, candidates), await queries.next_free(work.db, ask, [reservation.id], candidates))


def _beyond(ask: Ask, most: int) -> Broken:
    what = plural(most, ask.type.one or "unité", ask.type.many or "unités")
    where = "ici" if ask.unit_id or ask.place_id else "en tout"
    return Broken("Capacité", "quantity", f"{what} au plus {where}, et vous en demandez {number(ask.quantity)}.")


def _around(ask: Ask, candidates: Sequence[Candidate]) -> Period:
    needs = [need for each in candidates for need in each.needs]
    return ask.period.widened(
        max((need.before for need in needs), default=0), max((need.after for need in needs), default=0)
    )


def taken_words(ask: Ask, candidates: Sequence[Candidate]) -> str:
    """Why there is nothing, in French."""
    if not candidates:
        return f"Aucun matériel de ce type ne répond à votre demande ({ask.type.name})."
    closed = {candidate.refuses(ask.period) for candidate in candidates}
    if "" not in closed:
        return f"La remise n’est pas possible alors\u00a0: {sorted(closed)[0]}."
    what = candidates[0].name if ask.unit_id else ask.type.name
    return f"{what}\u00a0: ce n’est plus libre {ask.period.words}."


async def take(db: AsyncSession, reservation: Reservation, chosen: Sequence[tuple[Candidate, int]]) -> None:
    """Write what a reservation holds; the database brings the parts of kits, and refuses what is taken."""
    await db.flush()
    written = [
        {
            "reservation_id": reservation.id,
            "unit_id": each.unit_id,
            "kind": each.kind,
            "state": reservation.state,
            "starts_at": reservation.starts_at,
            "ends_at": reservation.ends_at,
            "quantity": count,
            "before_minutes": each.needs[0].before,
            "after_minutes": each.needs[0].after,
            "held_from": reservation.starts_at,
            "held_until": reservation.ends_at,
        }
        for each, count in chosen
    ]
    for row in written:
        await db.execute(insert(Allocation).values(**row))


async def release(db: AsyncSession, reservation_id: UUID) -> None:
    """Let go of everything; parts go with their kits."""
    mine = col(Allocation.reservation_id) == reservation_id
    await db.execute(delete(Allocation).where(mine, col(Allocation.part_of).is_(None)))


async def tell(
    work: Work,
    reservation: Reservation,
    verb: Verb,
    before: dict[str, object],
    why: str = "",
    together: UUID | None = None,
    held: Collection[UUID] | None = None,
) -> None:
    """Write the story of a reservation, and tell every unit that it took or takes, which are read unless known."""
    after = await picture(work.db, reservation, held)
    work.db.add(
        Change(
            reservation_id=reservation.id,
            person_id=work.someone.id if work.someone else None,
            verb=verb,
            why=why,
            together=together,
            before={key: value for key, value in before.items() if after.get(key) != value},
            after={key: value for key, value in after.items() if before.get(key) != value},
        )
    )
    work.record(queries.stream_of(reservation.id), verb, reservation.id)
    for unit in sorted({*_units(before), *_units(after)}):
        work.record(queries.stream_of_unit(UUID(unit)), Verb.PLAN_CHANGED, reservation.id)


async def picture(
    db: AsyncSession, reservation: Reservation, held: Collection[UUID] | None = None
) -> dict[str, object]:
    """What a reservation says of itself now, as its history keeps it."""
    if held is None:
        held = await queries.units_held(db, [reservation.id])
    return {
        "state": str(reservation.state),
        "starts_at": reservation.starts_at.isoformat(),
        "ends_at": reservation.ends_at.isoformat(),
        "quantity": reservation.quantity,
        "units": [str(unit) for unit in held],
    }


def _units(said: dict[str, object]) -> list[str]:
    units = said.get("units", [])
    return [str(unit) for unit in units] if isinstance(units, list) else []
