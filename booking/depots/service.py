"""What can be done with the days and hours of a depot; reservations that are made stay as they are."""

from datetime import date, timedelta
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import delete
from sqlalchemy.exc import IntegrityError
from sqlmodel import col, select

from booking import rules
from booking.depots import schools
from booking.depots.models import SchoolHoliday, Zone
from booking.depots.typed import Spans
from booking.fleet.models import Closure, Depot, HandOver
from booking.periods import naive
from booking.service import NOT_KEPT
from entente.clock import now
from entente.ids import Ref
from entente.journal import Verb as AnyVerb
from entente.rules import Conflict, Invalid, NotFound, require
from entente.text import clean_name
from entente.work import Work

LONGEST_DAYS = 366
SAME = timedelta(days=60)
"""Two holidays of one name that begin so near are one, which the ministry has moved."""


class Verb(AnyVerb):
    """What can happen to a depot, told on its own stream."""

    DEPOT_CHANGED = "depot.changed"


def _tell(work: Work, depot: Depot) -> None:
    work.record(Ref("booking/depot", depot.id), Verb.DEPOT_CHANGED, depot.id)


async def set_hours(work: Work, depot: Depot, spans: Spans) -> None:
    """Hand over and take back at these hours of the week; at any hour, when there are none."""
    require(rules.may_manage(work.who, depot.organisation_id), NOT_KEPT)
    # Two managers at once: the second waits here, and its week replaces the whole of the first's.
    await work.db.exec(select(Depot).where(col(Depot.id) == depot.id).with_for_update())
    await work.db.execute(delete(HandOver).where(col(HandOver.depot_id) == depot.id))
    work.db.add_all(
        HandOver(depot_id=depot.id, weekday=weekday, opens=opens, closes=closes)
        for weekday, each in spans.items()
        for opens, closes in each
    )
    _tell(work, depot)


async def set_days(work: Work, depot: Depot, on_holidays: bool, zone: Zone | None, in_vacations: bool) -> None:
    """Choose whether a depot is open on public holidays, and during the school holidays of its zone."""
    require(rules.may_manage(work.who, depot.organisation_id), NOT_KEPT)
    if zone is None and not in_vacations:
        raise Invalid({"zone": "Choisissez la zone dont les vacances ferment le dépôt."})
    depot.is_open_on_holidays, depot.school_zone, depot.is_open_in_school_holidays = on_holidays, zone, in_vacations
    work.db.add(depot)
    _tell(work, depot)


async def close(work: Work, depot: Depot, since: date, last: date, why: str) -> Closure:
    """Keep a depot shut from one day until another, both included."""
    require(rules.may_manage(work.who, depot.organisation_id), NOT_KEPT)
    why = clean_name(why)
    if not why or len(why) > 120:
        raise Invalid({"why": "Dites pourquoi, en 120 caractères au plus\u00a0: qui veut réserver le lira."})
    if last < since:
        raise Invalid({"last": "Le dernier jour vient après le premier."})
    if last < naive(now()).date():
        raise Invalid({"last": "Ces jours sont passés."})
    if (last - since).days >= LONGEST_DAYS:
        raise Invalid({"last": f"C’est trop long\u00a0: {LONGEST_DAYS} jours au plus."})
    made = Closure(depot_id=depot.id, since=since, until=last + timedelta(days=1), why=why)
    work.db.add(made)
    _tell(work, depot)
    return made


async def reopen(work: Work, closure_id: UUID) -> Depot:
    """Forget closed days; raises NotFound for those of every depot, which nobody keeps alone."""
    closure = await work.db.get(Closure, closure_id)
    depot = await work.db.get(Depot, closure.depot_id) if closure and closure.depot_id else None
    if closure is None or depot is None:
        raise NotFound
    require(rules.may_manage(work.who, depot.organisation_id), NOT_KEPT)
    await work.db.delete(closure)
    _tell(work, depot)
    return depot


class Brought(NamedTuple):
    """What a file of school holidays has changed."""

    new: int
    changed: int
    same: int
    wrong: int
    passed: int


async def bring(work: Work, zone: Zone, content: bytes) -> Brought:
    """Take the holidays of a zone from the ministry's file; the same file twice changes nothing."""
    require(bool(rules.managed_by(work.who)), NOT_KEPT)
    read = schools.read(content, zone)
    known = list(await work.db.exec(select(SchoolHoliday).where(col(SchoolHoliday.zone) == zone).with_for_update()))
    new = changed = same = 0
    for span in read.spans:
        alike = [each for each in known if each.name == span.name and abs(each.since - span.since) <= SAME]
        if any((each.since, each.until) == (span.since, span.until) for each in alike):
            same += 1
            continue
        for each in alike:
            await work.db.delete(each)
        await work.db.flush()
        work.db.add(SchoolHoliday(zone=zone, since=span.since, until=span.until, name=span.name))
        changed, new = changed + bool(alike), new + (not alike)
    try:
        await work.db.flush()
    except IntegrityError:
        raise Conflict("Ces vacances viennent d’être importées dans une autre fenêtre.") from None
    return Brought(new, changed, same, read.wrong, read.passed)
