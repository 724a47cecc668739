"""What can be done about inspections: each change decides again until when the unit may be used."""

from datetime import date, datetime, time, timedelta
from typing import NamedTuple
from uuid import UUID

from sqlmodel import col, select

from booking import queries as fleet
from booking import rules as lending
from booking.fleet.models import Unit
from booking.hold import Verb, lock
from booking.inspections import queries, rules
from booking.inspections.models import Inspection, MeterReading, Passed
from booking.inspections.rules import Due
from booking.service import NOT_KEPT
from entente.clock import now
from entente.rules import Conflict, Invalid, NotFound, require
from entente.text import clean_name
from entente.web.words import NBSP, PARIS, long_date
from entente.work import Work

REMIND = "booking.inspection"
MORNING = time(8)


class Wish(NamedTuple):
    """What a unit is to pass, and when first."""

    name: str
    due: Due
    every_months: int | None = None
    every_hours: int | None = None


async def demand(work: Work, unit: Unit, wish: Wish) -> Inspection:
    """Have a unit inspected: by a day, by a number of hours, or whichever comes first."""
    require(lending.may_manage(work.who, unit.owner_id), NOT_KEPT)
    name = clean_name(wish.name)
    if not name or len(name) > 120:
        raise Invalid({"name": "Nommez le contrôle, en 120 caractères au plus."})
    _require_due(wish.due)
    made = Inspection(
        unit_id=unit.id,
        name=name,
        due_on=wish.due.on,
        due_hours=wish.due.hours,
        every_months=wish.every_months,
        every_hours=wish.every_hours,
    )
    work.db.add(made)
    await _settle(work, unit)
    _plan_reminders(work, made)
    return made


def _require_due(due: Due) -> None:
    if due.on is None and due.hours is None:
        raise Invalid({"due_on": "Dites pour quel jour, ou à combien d’heures."})


async def read_meter(work: Work, unit: Unit, hours: int, on: date) -> MeterReading:
    """Write down what the meter says; it never goes back."""
    require(lending.may_manage(work.who, unit.owner_id), NOT_KEPT)
    # Two readings at once: whoever comes second compares with the first.
    await lock(work.db, [unit.id])
    _require_past(on, "read_on")
    await _require_onwards(work, unit, hours, on)
    made = MeterReading(unit_id=unit.id, hours=hours, read_on=on, person_id=work.who.id)
    work.db.add(made)
    await _settle(work, unit)
    for each in await _living(work, unit):
        if each.due_hours is not None and hours >= each.due_hours - rules.NEAR:
            level = "reached" if hours >= each.due_hours else "near"
            work.later(REMIND, _payload(each, level), key=f"{REMIND}:{each.id}:{each.due_hours}:{level}")
    return made


async def _require_onwards(work: Work, unit: Unit, hours: int, on: date) -> None:
    known = await queries.readings_of(work.db, unit.id)
    before = max((each.hours for each in known if each.on <= on), default=0)
    after = min((each.hours for each in known if each.on > on), default=rules.MOST_HOURS)
    if not before <= hours <= after:
        side = f"{rules.hours_words(before)} déjà relevées" if hours < before else f"{rules.hours_words(after)} ensuite"
        raise Invalid({"hours": f"Compteur{NBSP}: il ne recule pas ({side})."})


def _require_past(on: date, field: str) -> None:
    if on > queries.today():
        raise Invalid({field: f"Ce jour n’est pas encore venu{NBSP}: {long_date(queries.today())} au plus tard."})


async def _living(work: Work, unit: Unit) -> list[Inspection]:
    query = select(Inspection).where(col(Inspection.unit_id) == unit.id, col(Inspection.ended_at).is_(None))
    return list(await work.db.exec(query))


async def do(work: Work, inspection: Inspection, done_on: date, next_due: Due, reference: str = "") -> None:
    """Write down that it was done, with its report, and when it falls due next: the unit is lent again."""
    unit = await work.db.get_one(Unit, inspection.unit_id)
    require(lending.may_manage(work.who, unit.owner_id), NOT_KEPT)
    # Two managers write it down at once: the second is compared with what the first wrote.
    await lock(work.db, [unit.id])
    await work.db.refresh(inspection)
    _require_living(inspection)
    _require_past(done_on, "done_on")
    _require_due(next_due)
    if next_due.on and next_due.on <= done_on:
        raise Invalid({"next_on": "La prochaine échéance vient après le contrôle."})
    reference = clean_name(reference)
    if len(reference) > 120:
        raise Invalid({"reference": "C’est trop long\u00a0: 120 caractères au plus."})
    meter = (await queries.meters_of(work.db, [unit.id])).get(unit.id)
    if next_due.hours is not None and meter and next_due.hours <= meter.hours:
        said = rules.hours_words(meter.hours)
        raise Invalid({"next_hours": f"Le compteur marque déjà {said}{NBSP}: la prochaine échéance vient après."})
    work.db.add(
        Passed(
            inspection_id=inspection.id,
            done_on=done_on,
            hours=meter.hours if meter else None,
            next_on=next_due.on,
            next_hours=next_due.hours,
            reference=reference,
            person_id=work.who.id,
        )
    )
    inspection.due_on, inspection.due_hours = next_due
    work.db.add(inspection)
    await _settle(work, unit)
    _plan_reminders(work, inspection)


async def stop(work: Work, inspection: Inspection) -> None:
    """Have it inspected no more; what was done stays written."""
    unit = await work.db.get_one(Unit, inspection.unit_id)
    require(lending.may_manage(work.who, unit.owner_id), NOT_KEPT)
    await lock(work.db, [unit.id])
    await work.db.refresh(inspection)
    _require_living(inspection)
    inspection.ended_at = now()
    work.db.add(inspection)
    await _settle(work, unit)


def _require_living(inspection: Inspection) -> None:
    if inspection.ended_at:
        raise Conflict("Ce contrôle n’est plus demandé.")


async def _settle(work: Work, unit: Unit) -> None:
    """Decide until when a unit may be used, from everything that falls due."""
    await lock(work.db, [unit.id])
    await work.db.flush()
    dues, readings = await queries.dues_of(work.db, unit.id), await queries.readings_of(work.db, unit.id)
    until = rules.usable_until(dues, readings)
    await work.db.refresh(unit)
    if unit.usable_until == until:
        return
    unit.usable_until = until
    work.db.add(unit)
    # Whoever waits for it hears that it may be had again.
    work.record(fleet.stream_of_unit(unit.id), Verb.PLAN_CHANGED, unit.id)


def _plan_reminders(work: Work, inspection: Inspection) -> None:
    """One for each threshold that is still to come; a key of its own keeps each single."""
    if inspection.due_on is None:
        return
    for days in (*rules.WARNED, 0, -1):
        due = datetime.combine(inspection.due_on - timedelta(days=days), MORNING, PARIS)
        if due > now():
            payload = _payload(inspection, str(days))
            work.later(REMIND, payload, due, f"{REMIND}:{inspection.id}:{inspection.due_on}:{days}")


def _payload(inspection: Inspection, level: str) -> dict[str, object]:
    return {
        "inspection": str(inspection.id),
        "on": inspection.due_on.isoformat() if inspection.due_on else None,
        "hours": inspection.due_hours,
        "level": level,
    }


async def inspection_of(work: Work, inspection_id: UUID) -> Inspection:
    """An inspection that still falls due, or NotFound: to a stranger there is none."""
    if work.who is None or not lending.may_look(work.who):
        raise NotFound
    shown = await queries.shown(work.db, inspection_id)
    return await work.db.get_one(Inspection, shown.id)
