"""What the owner can do with a unit that is not to be lent for a while."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import update
from sqlmodel import col

from booking import queries, rules, service
from booking.asks import Ask
from booking.fleet.models import Kind, Unit
from booking.free import Busy, Candidate, Need, peak
from booking.hold import Lost, Verb, lock, picture, settle, take, tell, trying
from booking.models import Reservation, State
from booking.periods import Period, length
from booking.rules import LONGEST_BLOCK, Broken, Taken, Unfit
from entente.clock import now
from entente.ids import new_id
from entente.rules import Conflict, Invalid, require
from entente.web.words import NBSP, plural
from entente.work import Work


class Answer(StrEnum):
    """What becomes of a reservation that stands where a unit is to be blocked."""

    MOVE = "move"
    """To another unit of its type, at the same time."""
    CANCEL = "cancel"


class InTheWay(Conflict):
    """Reservations stand there: each is moved or cancelled first, and whoever made it is told (409)."""

    def __init__(self, reservations: Sequence[Reservation]) -> None:
        count = plural(len(reservations), "réservation est concernée", "réservations sont concernées")
        super().__init__(f"{count}\u00a0: dites pour chacune si elle change d’unité ou si elle est annulée.")
        # Their names: when this is raised everything is rolled back, and rows read in the transaction go with it.
        self.ids = [each.id for each in reservations]


async def block(
    work: Work,
    unit: Unit,
    period: Period,
    why: str,
    answers: Mapping[UUID, Answer] | None = None,
    quantity: int | None = None,
    key: str = "",
) -> Reservation:
    """Keep a unit back, or so many of its places, over a period; nobody's reservation goes without an answer."""
    require(rules.may_manage(work.who, unit.owner_id), service.NOT_KEPT)
    _require_sense(period, why)
    counted = min(quantity or unit.capacity, unit.capacity)
    await lock(work.db, [unit.id])
    if key and (known := await service.already_made(work, key)):
        return known
    await _clear(work, unit, period, why, answers or {}, counted)
    made = Reservation(
        state=State.BLOCKED,
        starts_at=period.starts,
        ends_at=period.ends,
        type_id=unit.type_id,
        quantity=counted,
        wanted={"unit": str(unit.id)},
        person_id=work.who.id,
        payer_id=unit.owner_id,
        purpose=why,
        key=key or f"block:{new_id()}",
    )
    work.db.add(made)
    await work.db.flush()
    try:
        async with trying(work.db):
            await take(work.db, made, [(_plain(unit), counted)])
    except Lost:
        raise Taken("Une réservation vient d’être prise sur cette unité\u00a0: regardez à nouveau.") from None
    await tell(work, made, Verb.UNIT_BLOCKED, {}, why)
    return made


def _require_sense(period: Period, why: str) -> None:
    if not why.strip():
        raise Invalid({"why": "Dites pourquoi l’unité est retirée du prêt."})
    if period.ends <= period.starts:
        raise Unfit([Broken("Fin de l’immobilisation", "ends", "la fin doit venir après le début.")])
    if period.ends <= now():
        raise Unfit([Broken("Fin de l’immobilisation", "ends", "elle est passée.")])
    if period.minutes > LONGEST_BLOCK:
        figure = length(LONGEST_BLOCK)
        raise Unfit([Broken("Durée maximale", "ends", f"{figure} au plus, et vous demandez {length(period.minutes)}.")])


def _plain(unit: Unit) -> Candidate:
    """The unit alone: what is kept back is neither prepared nor cleaned."""
    itself = Need(unit.id, unit.capacity, 1, 0, 0)
    return Candidate(
        unit.id,
        unit.type_id,
        unit.name,
        unit.code,
        Kind(unit.kind),
        unit.capacity,
        unit.owner_id,
        unit.depot_id,
        "",
        (itself,),
    )


async def _clear(
    work: Work, unit: Unit, period: Period, why: str, answers: Mapping[UUID, Answer], counted: int
) -> None:
    """Make room: each reservation in the way goes where its answer says."""
    plan = await queries.plan_of(work.db, [unit.id], period)
    if _fits(unit, plan.get(unit.id, []), period, counted):
        return
    standing = await queries.waiting_for(work.db, unit.id, period)
    if any(each.id not in answers for each in standing):
        raise InTheWay(standing)
    for each in standing:
        if answers[each.id] == Answer.CANCEL:
            await service.cancel(work, each, why)
        else:
            await _elsewhere(work, each, unit, why)


def _fits(unit: Unit, busy: Sequence[Busy], period: Period, counted: int) -> bool:
    return peak(busy, period) + counted <= unit.capacity


async def _elsewhere(work: Work, reservation: Reservation, unit: Unit, why: str) -> None:
    """Serve a reservation with another unit of its type at the same time; raises Taken when there is none."""
    ask = await service.ask_of(work, reservation)
    before = await picture(work.db, reservation)
    anywhere = Ask(ask.type, ask.period, ask.quantity, ask.least)
    others = [
        each for each in await queries.candidates_for(work.db, anywhere) if unit.id not in queries.units_needed([each])
    ]
    await settle(work, reservation, anywhere, among=others)
    await tell(work, reservation, Verb.RESERVATION_REASSIGNED, before, f"{unit.name}{NBSP}: {why}")


async def unblock(work: Work, blocked: Reservation) -> None:
    """Lend the unit again: as if it had never been kept back, or from now on when that has begun."""
    if blocked.starts_at < now():
        await shorten(work, blocked, now())
    else:
        await service.cancel(work, blocked)


async def shorten(work: Work, blocked: Reservation, ends: datetime) -> None:
    """Lend the unit again from a moment on; what is over stays written as it was."""
    owners = await queries.owners_of(work.db, blocked.id)
    require(rules.may_decide(work.who, owners), service.NOT_KEPT)
    if ends <= blocked.starts_at:
        raise Unfit([Broken("Fin de l’immobilisation", "ends", "la fin doit venir après le début.")])
    if ends >= blocked.ends_at:
        sentence = "on ne peut que l’avancer\u00a0; pour la prolonger, immobilisez l’unité à la suite."
        raise Unfit([Broken("Fin de l’immobilisation", "ends", sentence)])
    before = await picture(work.db, blocked)
    await lock(work.db, await queries.units_held(work.db, [blocked.id]))
    # One statement decides, when somebody ends it meanwhile; what it held follows by its foreign key.
    shortened = (
        update(Reservation)
        .where(
            col(Reservation.id) == blocked.id,
            col(Reservation.state) == State.BLOCKED,
            col(Reservation.ends_at) > max(ends, now()),
        )
        .values(ends_at=ends, version=Reservation.version + 1)
        .returning(col(Reservation.id))
    )
    if (await work.db.execute(shortened)).scalar_one_or_none() is None:
        raise Conflict("Cette immobilisation est déjà terminée.")
    await work.db.refresh(blocked)
    await tell(work, blocked, Verb.RESERVATION_MOVED, before)
