"""Puts a request to whoever must agree, one after the other; what becomes of the reservation is not said here."""

from collections.abc import Collection
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import or_, update
from sqlmodel import col

from booking.approvals import queries, rules
from booking.approvals.models import Level, Said, Step
from booking.fleet.models import ResourceType
from booking.models import Reservation, State
from entente.clock import now
from entente.rules import require
from entente.work import Work

NOT_ASKED = "Ce n’est pas à vous de répondre à cette demande."


async def start(
    work: Work, reservation: Reservation, type_: ResourceType, owners: Collection[UUID], again: bool = False
) -> datetime | None:
    """Put a request to the first who must agree; when the answer is due, or none when nobody is to be asked.

    Again: it changed while it was waiting, so everybody is asked anew, whoever changed it.
    """
    levels = await queries.chain_of(work.db, type_)
    asked = levels if again else rules.asked_of(work.who, type_, reservation.payer_id, owners, levels)
    if not asked:
        return None
    return await _ask(work, reservation, asked[0], is_new=True)


async def _ask(work: Work, reservation: Reservation, level: Level, is_new: bool = False) -> datetime:
    last = await queries.last_step(work.db, reservation.id)
    if last and last.said is None:
        await _close(work, last, Said.DROPPED)
    due = min(now() + timedelta(minutes=level.minutes), reservation.starts_at)
    work.db.add(
        Step(
            reservation_id=reservation.id,
            number=last.number + 1 if last else 1,
            round=(last.round if last else 0) + is_new,
            level=level.number,
            function=level.function,
            person_id=level.person_id,
            due_at=due,
        )
    )
    await work.db.flush()
    return due


async def answer(
    work: Work, reservation: Reservation, owners: Collection[UUID], said: Said, number: int | None = None
) -> bool:
    """Answer the question that is open; False when somebody else just did. One statement decides between two."""
    step = await queries.last_step(work.db, reservation.id)
    if step is None or number not in (None, step.number):
        return False
    theirs = await queries.put_to(work.db, work.who, step)
    # Whoever was asked before reads what has happened since; whoever never was, that it is not for them.
    require(bool(theirs), NOT_ASKED)
    if step.number not in theirs:
        return False
    if not rules.is_open(step, reservation.state == State.EXPIRED):
        return False
    return await _close(work, step, said, await queries.absent_of(work.db, work.who, step, owners))


async def _close(work: Work, step: Step, said: Said, instead_of: UUID | None = None) -> bool:
    answering = said in (Said.APPROVED, Said.REFUSED)
    closed = (
        update(Step)
        .where(
            col(Step.reservation_id) == step.reservation_id,
            col(Step.number) == step.number,
            or_(col(Step.said).is_(None), col(Step.said) == step.said),
        )
        .values(
            said=said,
            answered_at=now(),
            answered_by=work.who.id if answering else None,
            instead_of=instead_of,
        )
        .returning(col(Step.number))
    )
    done = (await work.db.execute(closed)).scalar_one_or_none() is not None
    await work.db.refresh(step)
    return done


async def go_on(work: Work, reservation: Reservation, type_: ResourceType) -> datetime | None:
    """Put a request to the next who must agree; none when all have."""
    step, levels = await queries.last_step(work.db, reservation.id), await queries.chain_of(work.db, type_)
    following = rules.after(step, levels) if step else None
    return await _ask(work, reservation, following) if following else None


async def escalate(work: Work, reservation: Reservation, type_: ResourceType) -> datetime | None:
    """Nobody answered in time: ask whoever is asked then; none when there is nobody left, or no time."""
    step, levels = await queries.last_step(work.db, reservation.id), await queries.chain_of(work.db, type_)
    if step is None or not await _close(work, step, Said.LATE):
        return None
    following = rules.when_late(step, levels)
    return await _ask(work, reservation, following) if following and reservation.starts_at > now() else None
