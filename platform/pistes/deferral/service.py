"""Putting a piste off, and back on the agenda: by hand, or by itself on the day."""

from datetime import date, datetime, time
from typing import Any
from uuid import UUID

from sqlmodel import col, select

from entente import clock
from entente.clock import now
from entente.rules import Conflict, Invalid
from entente.web.words import PARIS
from entente.work import Work
from pistes import queries
from pistes.deferral import queries as deferrals
from pistes.deferral.models import DeferForm, Deferral
from pistes.gates import require_keeper
from pistes.models import Phase, Piste
from pistes.stories import Verb, tell

RESUME = "pistes.resume"
MORNING = time(6)


def today() -> date:
    """The day it is in Paris."""
    return clock.today()


async def defer(work: Work, piste: Piste, form: DeferForm) -> Deferral:
    """Put a piste off until a day: it stays in the register, with the reason."""
    await require_keeper(work)
    if form.revisit_on <= today():
        raise Invalid({"revisit_on": "Choisissez un jour à venir\u00a0: la piste reviendra d’elle-même ce jour-là."})
    held = await queries.locked(work.db, piste.id)
    if held.phase == Phase.ARRETEE:
        raise Conflict("Cette piste est arrêtée\u00a0: il n’y a rien à reporter.")
    if await deferrals.standing(work.db, [held.id]):
        raise Conflict("Cette piste est déjà reportée.")
    return await put_off(work, held, form.reason, form.revisit_on)


async def put_off(work: Work, held: Piste, reason: str, revisit_on: date) -> Deferral:
    """Write a deferral down; whoever calls holds the piste and has asked whether it may be."""
    made = Deferral(
        piste_id=held.id,
        reason=reason,
        revisit_on=revisit_on,
        person_id=work.someone.id if work.someone else None,
    )
    work.db.add(made)
    work.later(RESUME, {"deferral": str(made.id)}, datetime.combine(revisit_on, MORNING, PARIS))
    tell(work, held.id, Verb.PISTE_DEFERRED, reason=made.reason, until=made.revisit_on.isoformat())
    return made


async def resume(work: Work, piste: Piste) -> None:
    """Put a piste back on the agenda before its day."""
    await require_keeper(work)
    await end(work, await queries.locked(work.db, piste.id))


async def resume_due(work: Work, payload: dict[str, Any]) -> None:
    """The day has come: the piste is back, unless somebody was quicker."""
    found = await work.db.get(Deferral, UUID(payload["deferral"]))
    if found:
        await end(work, await queries.locked(work.db, found.piste_id), found.id)


async def end(work: Work, held: Piste, deferral_id: UUID | None = None, told: bool = True) -> None:
    """End the deferral that lasts, if there is one; whoever calls holds the piste."""
    query = select(Deferral).where(col(Deferral.piste_id) == held.id, col(Deferral.ended_at).is_(None))
    if deferral_id:
        query = query.where(col(Deferral.id) == deferral_id)
    lasting = (await work.db.exec(query)).one_or_none()
    if lasting is None:
        return
    lasting.ended_at, lasting.ended_by = now(), work.someone.id if work.someone else None
    # Saved before another one takes its place under the same constraint.
    await work.db.flush()
    if told:
        tell(work, held.id, Verb.PISTE_RESUMED, itself=work.someone is None)
