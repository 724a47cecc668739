"""What can be done with a group purchase: one function per verb, inside the caller's transaction."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import BindParameter, Uuid, bindparam, delete, insert, text, update
from sqlmodel import col, select

from entente.clock import now
from entente.db import Moment
from entente.journal import Verb as AnyVerb
from entente.rules import Conflict, Invalid, Refused, require
from entente.web.words import date_time
from entente.work import Work
from forums.models import Thread
from forums.purchase import queries, rules
from forums.purchase.forms import CHANGED, Answered, Changes, NewPurchase, TypedLot
from forums.purchase.models import Lot, Purchase, Quantity, Stance, in_thousandths
from forums.queries import Place, stream_of

END = "forums.purchase.end"
"""Kind of the task that tells open pages when the deadline is over."""
BEATEN = "La réponse de {commune} a été modifiée ailleurs pendant que vous la prépariez."
LOCKED = "Une commune a déjà répondu pour ce lot\u00a0: il ne change plus."


class Verb(AnyVerb):
    """What can happen to a group purchase."""

    PURCHASE_ANSWERED = "purchase.answered"
    PURCHASE_EXTENDED = "purchase.extended"
    PURCHASE_CLOSED = "purchase.closed"
    PURCHASE_CHANGED = "purchase.changed"
    PURCHASE_ENDED = "purchase.ended"


async def propose(work: Work, thread: Thread, new: NewPurchase) -> Purchase:
    """Propose to buy together, until a deadline."""
    purchase = Purchase(thread_id=thread.id, need=new.need, deadline=new.deadline)
    work.db.add(purchase)
    await work.db.flush()
    for place, typed in enumerate(new.lots):
        work.db.add(_lot(thread.id, place, typed))
    _ring_at_end(work, purchase.thread_id, new.deadline)
    return purchase


def _lot(thread_id: UUID, place: int, typed: TypedLot) -> Lot:
    expected = None if typed.estimate is None else in_thousandths(typed.estimate)
    return Lot(purchase_id=thread_id, place=place, name=typed.name, unit=typed.unit, thousandths=expected)


def _ring_at_end(work: Work, thread_id: UUID, deadline: datetime) -> None:
    work.later(END, {"thread": str(thread_id)}, due=deadline, key=f"{END}/{thread_id}/{deadline.timestamp():.0f}")


async def answer(work: Work, place: Place, commune: queries.Commune, said: Answered) -> None:
    """Say what a commune takes; written over a colleague's newer figures, it is refused and both are shown."""
    require(rules.may_answer_for(work.who, commune.id))
    await _while_open(work, place.thread)
    quantities = await _of_its_lots(work, place.thread.id, said.quantities)
    known = {"purchase": place.thread.id, "commune": commune.id, "stance": str(said.stance), "person": work.who.id}
    # The key decides between two who answer first; the version, between two who change the same line.
    statement = _FIRST if said.version == 0 else _AGAIN
    written = await work.db.execute(statement, {**known, "version": said.version, "at": now()})
    mine = (col(Quantity.purchase_id) == place.thread.id, col(Quantity.organisation_id) == commune.id)
    if written.scalar_one_or_none() is None:
        if await _says_so_already(work, place.thread.id, commune.id, said.stance, quantities):
            return  # a button pressed twice
        raise Conflict(BEATEN.format(commune=commune.name))
    await work.db.execute(delete(Quantity).where(*mine))
    if quantities:
        each = {"purchase_id": place.thread.id, "organisation_id": commune.id}
        taken = [{**each, "lot_id": lot, "thousandths": in_thousandths(much)} for lot, much in quantities.items()]
        await work.db.execute(insert(Quantity), taken)
    work.record(stream_of(place.thread.id), Verb.PURCHASE_ANSWERED, place.thread.id)


_TYPES: tuple[BindParameter[Any], ...] = (
    *(bindparam(name, type_=Uuid()) for name in ("purchase", "commune", "person")),
    bindparam("at", type_=Moment()),
)
_FIRST = text(
    "INSERT INTO purchase_answer (purchase_id, organisation_id, stance, version, person_id, at) "
    "VALUES (:purchase, :commune, :stance, :version + 1, :person, :at) "
    "ON CONFLICT (purchase_id, organisation_id) DO NOTHING RETURNING version"
).bindparams(*_TYPES)
_AGAIN = text(
    "UPDATE purchase_answer SET stance = :stance, version = version + 1, person_id = :person, at = :at "
    "WHERE purchase_id = :purchase AND organisation_id = :commune AND version = :version RETURNING version"
).bindparams(*_TYPES)


async def _says_so_already(
    work: Work, thread_id: UUID, commune: UUID, stance: Stance, quantities: Mapping[UUID, Decimal]
) -> bool:
    found = await queries.board_for(work.db, thread_id)
    line = found.line_of(commune)
    return line is not None and (line.stance, dict(line.quantities)) == (stance, dict(quantities))


async def _of_its_lots(work: Work, thread_id: UUID, typed: Mapping[UUID, Decimal]) -> Mapping[UUID, Decimal]:
    """What is taken of this purchase's own lots, and something of it."""
    lots = set((await work.db.exec(select(Lot.id).where(col(Lot.purchase_id) == thread_id))).all())
    if not typed.keys() <= lots:
        raise Conflict(CHANGED)
    return {lot: much for lot, much in typed.items() if much > 0}


async def _while_open(work: Work, thread: Thread) -> None:
    """Hold the purchase open until the commit, or refuse with the date when it ended."""
    # A thread that is being closed waits for this answer, or this answer sees it closed.
    still = select(Thread.id).where(
        col(Thread.id) == thread.id, col(Thread.closed_at).is_(None), col(Thread.deleted_at).is_(None)
    )
    require((await work.db.exec(still.with_for_update(read=True))).one_or_none() is not None, rules.CLOSED_THREAD)
    # The server's clock, in the statement itself; its row lock orders those who answer at once.
    held = (
        update(Purchase)
        .where(col(Purchase.thread_id) == thread.id, col(Purchase.closed_at).is_(None), col(Purchase.deadline) > now())
        .values(version=Purchase.version + 1)
        .returning(col(Purchase.thread_id))
    )
    if (await work.db.execute(held)).scalar_one_or_none() is None:
        purchase = await work.db.get_one(Purchase, thread.id, populate_existing=True)
        raise Refused(rules.why_not(purchase, thread, now()))


async def _held(work: Work, place: Place) -> Purchase:
    """The purchase, whose row nobody else changes before the commit, for whoever keeps it."""
    require(rules.may_keep(work.who, place.thread, place.moderates))
    held = select(Purchase).where(col(Purchase.thread_id) == place.thread.id).with_for_update()
    return (await work.db.exec(held, execution_options={"populate_existing": True})).one()


async def extend(work: Work, place: Place, deadline: datetime) -> None:
    """Give communes more time; a purchase that was closed opens again."""
    purchase = await _held(work, place)
    if not rules.may_end_at(purchase, deadline, now()):
        raise Invalid(
            {"deadline_day": f"Choisissez un moment à venir, après l’échéance du {date_time(purchase.deadline)}."}
        )
    before = purchase.deadline
    purchase.deadline, purchase.closed_at = deadline, None
    _ring_at_end(work, place.thread.id, deadline)
    work.audit(Verb.PURCHASE_EXTENDED, stream_of(place.thread.id), before=str(before), after=str(deadline))
    _tell(work, purchase, Verb.PURCHASE_EXTENDED)


async def close(work: Work, place: Place) -> None:
    """End the purchase before its deadline."""
    purchase = await _held(work, place)
    at = now()
    if rules.why_ended(purchase, at):
        return
    purchase.closed_at = at
    work.audit(Verb.PURCHASE_CLOSED, stream_of(place.thread.id))
    _tell(work, purchase, Verb.PURCHASE_CLOSED)


async def change(work: Work, place: Place, changes: Changes) -> None:
    """Say the need otherwise, and change, add or remove lots of which nobody takes anything yet."""
    purchase = await _held(work, place)
    lots = {
        lot.id: lot for lot in (await work.db.exec(select(Lot).where(col(Lot.purchase_id) == place.thread.id))).all()
    }
    answered = set(
        (await work.db.exec(select(Quantity.lot_id).where(col(Quantity.purchase_id) == place.thread.id))).all()
    )
    kept = {typed.id for typed in changes.lots if typed.id}
    if not kept <= lots.keys():
        raise Conflict("Les lots ont changé pendant que vous les modifiiez\u00a0: relisez-les.")
    if answered - kept:
        raise Conflict(LOCKED)
    for number, typed in enumerate(changes.lots):
        lot = lots.get(typed.id) if typed.id else None
        made = _lot(place.thread.id, number, typed)
        if lot is None:
            work.db.add(made)
            continue
        same = (lot.name, lot.unit, lot.thousandths) == (made.name, made.unit, made.thousandths)
        if lot.id in answered and not same:
            raise Conflict(LOCKED)
        lot.place, lot.name, lot.unit, lot.thousandths = number, made.name, made.unit, made.thousandths
    for id_ in lots.keys() - kept:
        await work.db.delete(lots[id_])
    purchase.need = changes.need
    work.audit(Verb.PURCHASE_CHANGED, stream_of(place.thread.id))
    _tell(work, purchase, Verb.PURCHASE_CHANGED)


def _tell(work: Work, purchase: Purchase, verb: Verb) -> None:
    purchase.version += 1
    work.record(stream_of(purchase.thread_id), verb, purchase.thread_id)


async def end(work: Work, payload: dict[str, Any]) -> None:
    """Tell open pages that the deadline is over, unless it was put off or closed meanwhile."""
    thread_id = UUID(payload["thread"])
    purchase = await work.db.get(Purchase, thread_id)
    if purchase and purchase.closed_at is None and purchase.deadline <= now():
        work.record(stream_of(thread_id), Verb.PURCHASE_ENDED, thread_id)


TASKS = {END: end}
