"""What can be done with a place on the waiting list: one function per verb."""

from collections.abc import Mapping
from datetime import timedelta
from uuid import UUID

from sqlalchemy import update
from sqlalchemy.exc import IntegrityError
from sqlmodel import col

from booking import gates, queries, quotas, rules, service
from booking.asks import Ask, Borrowing
from booking.hold import Verb, picture, settle, taken_words, tell
from booking.models import Reservation, State
from booking.rules import Taken, Unfit
from booking.waiting import queries as waiting
from entente.clock import now
from entente.ids import Ref
from entente.rules import Conflict, Invalid, require
from entente.web.words import plural
from entente.work import Work

OFFER = "booking.offer"
GIVE_UP = "booking.give_up"
HELD_FOR = timedelta(hours=24)
"""How long an offer holds its slot."""
MOST = 20


async def join(work: Work, ask: Ask, borrowing: Borrowing) -> Reservation:
    """Wait for dates that are taken; sent twice with one key, it waits once."""
    require(rules.may_look(work.who))
    if known := await service.already_made(work, borrowing.key):
        return known
    await service.require_payer(work, borrowing.payer_id)
    if broken := rules.broken_by(ask.type, ask.period, ask.quantity, now()):
        raise Unfit(broken)
    if not await waiting.could_ever(work.db, ask):
        raise Conflict(taken_words(ask, await queries.candidates_for(work.db, ask)))
    if await waiting.is_free(work.db, ask):
        raise Conflict("C’est libre à ces dates\u00a0: réservez sans attendre.")
    if await waiting.count_of(work.db, work.who) >= MOST:
        raise Invalid({"": f"Liste d’attente\u00a0: {plural(MOST, 'demande', 'demandes')} au plus par personne."})
    made = service.drafted(work, ask, borrowing, None)
    made.state = State.WAITING
    try:
        async with work.db.begin_nested():
            work.db.add(made)
            await work.db.flush()
    except IntegrityError:
        # The same request, sent twice at once: the constraint on its key lets one through.
        if known := await service.already_made(work, borrowing.key):
            return known
        raise
    work.later(GIVE_UP, {"reservation": str(made.id)}, made.starts_at, f"{GIVE_UP}:{made.id}")
    await tell(work, made, Verb.RESERVATION_QUEUED, {})
    return made


async def offer(work: Work, payload: Mapping[str, str]) -> None:
    """Something changed in the plan of a unit: offer what is free to the first who can have it."""
    unit_id = Ref.parse(payload["stream"]).id
    for each in await waiting.waiting_for(work.db, unit_id):
        await _offer(work, each)


async def _offer(work: Work, reservation: Reservation) -> None:
    ask = await service.ask_of(work, reservation)
    if rules.broken_by(ask.type, ask.period, ask.quantity, now()) or not await waiting.is_free(work.db, ask):
        return
    before = await picture(work.db, reservation)
    held_until = min(now() + HELD_FOR, reservation.starts_at)
    # One statement decides, when two workers offer to the same person or the person gives up meanwhile.
    offered = (
        update(Reservation)
        .where(col(Reservation.id) == reservation.id, col(Reservation.state) == State.WAITING)
        .values(state=State.OFFERED, held_until=held_until, version=Reservation.version + 1)
        .returning(col(Reservation.id))
    )
    try:
        async with work.db.begin_nested():
            if (await work.db.execute(offered)).scalar_one_or_none() is None:
                return
            await work.db.refresh(reservation)
            await settle(work, reservation, ask)
    except Taken:
        # Somebody reserved it in between: whoever waited waits on.
        await work.db.refresh(reservation)
        return
    key = f"{service.EXPIRE}:{reservation.id}:{reservation.version}"
    work.later(service.EXPIRE, {"reservation": str(reservation.id)}, held_until, key)
    await tell(work, reservation, Verb.RESERVATION_OFFERED, before)


async def accept(work: Work, reservation: Reservation, why: str = "") -> None:
    """Take what is offered; the owner is asked where the owner must be."""
    owners = await queries.owners_of(work.db, reservation.id)
    require(reservation.person_id == work.who.id, service.NOT_YOURS)
    if reservation.state == State.OFFERED and (reservation.held_until is None or reservation.held_until <= now()):
        raise Conflict("Cette offre est passée\u00a0: la place est proposée à la personne suivante.")
    ask, borrowing = await service.ask_of(work, reservation), service.borrowing_of(reservation)
    await service.require_payer(work, borrowing.payer_id)
    await quotas.require_room(work, ask, borrowing, reservation.id)
    held = await queries.units_held(work.db, [reservation.id], with_parts=False)
    taken = await queries.candidates_for(work.db, ask, among=held)
    for gate in gates.GATES:
        await gate(work, ask, borrowing, taken)
    before = await picture(work.db, reservation)
    await service.turn(
        work, reservation, rules.first_state(work.who, ask.type, borrowing.payer_id, owners), State.OFFERED
    )
    await service.begin(work, reservation, ask, list(owners))
    is_sure = reservation.state == State.CONFIRMED
    verb = Verb.RESERVATION_MADE if is_sure else Verb.RESERVATION_REQUESTED
    await tell(work, reservation, verb, before, why)


async def give_up(work: Work, reservation: Reservation, why: str = "") -> None:
    """Leave the list, or decline what it offers: the next one is asked."""
    require(reservation.person_id == work.who.id, service.NOT_YOURS)
    before = await picture(work.db, reservation)
    await service.turn(work, reservation, State.CANCELLED, State.WAITING, State.OFFERED, held_until=None)
    await tell(work, reservation, Verb.RESERVATION_CANCELLED, before, why)


async def run_out(work: Work, payload: Mapping[str, str]) -> None:
    """Nothing was given back before the dates came."""
    reservation = await work.db.get(Reservation, UUID(payload["reservation"]))
    if reservation is None or reservation.state != State.WAITING:
        return
    before = await picture(work.db, reservation)
    await service.turn(work, reservation, State.EXPIRED, State.WAITING)
    await tell(work, reservation, Verb.RESERVATION_EXPIRED, before)
