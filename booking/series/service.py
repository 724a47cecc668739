"""What can be done with a series: looked at first, then made at once, moved and cancelled as far as one wants."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from enum import StrEnum

from sqlalchemy import Integer, cast
from sqlalchemy.exc import IntegrityError
from sqlmodel import col, select

from booking import queries, rules, service
from booking.asks import Ask, Borrowing
from booking.free import choose
from booking.models import Reservation, Series
from booking.periods import Period, later, naive
from booking.rules import Broken, Taken, Unmet
from booking.series.rules import dates
from entente.clock import now
from entente.ids import new_id
from entente.rules import Conflict, Invalid, require
from entente.web.words import plural
from entente.work import Work

SELF = "Cette date se heurte à une autre de la même série."


class Instead(StrEnum):
    """What to do with a date that is not free."""

    SKIP = "skip"
    OTHER_UNIT = "other_unit"
    OTHER_DATE = "other_date"


@dataclass(frozen=True)
class Choice:
    """What someone decides for one date of a series."""

    instead: Instead
    period: Period | None = None
    """For another date."""


@dataclass(frozen=True)
class Occurrence:
    """One date of a series, as it would be today."""

    number: int
    period: Period
    problem: str = ""
    broken: tuple[Broken, ...] = ()
    has_other_units: bool = False
    free: tuple[Period, ...] = ()

    @property
    def is_free(self) -> bool:
        """Whether it can be had as asked."""
        return not self.problem


class Clashes(Conflict):
    """Some dates of a series are not free: here are all of them, each with what could be done instead (409)."""

    def __init__(self, occurrences: Sequence[Occurrence]) -> None:
        clashing = sum(not each.is_free for each in occurrences)
        what = plural(clashing, "date n’est pas libre", "dates ne sont pas libres")
        super().__init__(f"{what} sur {len(occurrences)}\u00a0: décidez pour chacune, rien n’est encore réservé.")
        self.occurrences = list(occurrences)


async def look(work: Work, ask: Ask, rule: str) -> list[Occurrence]:
    """Every date of a series with what stands in its way, before anything is taken."""
    return [await _looked(work, ask.at(period), number) for number, period in enumerate(dates(rule, ask.period), 1)]


async def _looked(work: Work, ask: Ask, number: int) -> Occurrence:
    if broken := rules.broken_by(ask.type, ask.period, ask.quantity, now()):
        sentence = f"{broken[0].rule}\u00a0: {broken[0].sentence}"
        return Occurrence(number, ask.period, sentence, tuple(broken))
    if await _is_free(work, ask):
        return Occurrence(number, ask.period)
    anywhere = replace(ask, unit_id=None, place_id=None)
    return Occurrence(
        number,
        ask.period,
        "Ce n’est pas libre.",
        has_other_units=bool(ask.unit_id or ask.place_id) and await _is_free(work, anywhere),
        free=tuple(await queries.next_free(work.db, ask)),
    )


async def _is_free(work: Work, ask: Ask) -> bool:
    candidates = await queries.candidates_for(work.db, ask)
    around = ask.period.widened(24 * 60, 24 * 60)
    plan = await queries.plan_of(work.db, queries.units_needed(candidates), around)
    return bool(choose(candidates, ask.quantity, ask.period, plan))


async def reserve(
    work: Work, ask: Ask, rule: str, borrowing: Borrowing, choices: Mapping[int, Choice] | None = None
) -> list[Reservation]:
    """Take every date of a series, or none: raises Clashes while a date that is not free has no decision."""
    require(rules.may_look(work.who))
    choices = choices or {}
    if known := await _known(work, borrowing.key):
        return known
    series = Series(rule=rule[:300], person_id=work.who.id, key=borrowing.key)
    try:
        async with work.db.begin_nested():
            work.db.add(series)
            await work.db.flush()
    except IntegrityError:
        if known := await _known(work, borrowing.key):
            return known
        raise
    all_of_it = await work.db.begin_nested()
    made: list[Reservation] = []
    found: dict[int, Occurrence] = {}
    clashing: dict[int, Ask] = {}
    for number, period in enumerate(dates(rule, ask.period), 1):
        wish = _wish(ask.at(period), choices.get(number))
        if wish is None:
            continue
        found[number] = Occurrence(number, wish.period)
        try:
            async with work.db.begin_nested():
                own = borrowing._replace(key=f"{series.id}:{number}")
                made.append(await service.reserve(work, wish, own, (series.id, number)))
        except Unmet:
            raise
        except (Taken, Invalid):
            clashing[number] = wish
    if clashing:
        # Its own dates must not stand in its way when one looks at what others have.
        await all_of_it.rollback()
        for number, wish in clashing.items():
            looked = await _looked(work, wish, number)
            found[number] = replace(looked, problem=SELF) if looked.is_free else looked
        raise Clashes(list(found.values()))
    if not made:
        raise Invalid({"rule": "Série\u00a0: aucune date ne reste."})
    return made


async def _known(work: Work, key: str) -> list[Reservation]:
    query = (
        select(Reservation)
        .join(Series, col(Series.id) == col(Reservation.series_id))
        .where(col(Series.person_id) == work.who.id, col(Series.key) == key)
        .order_by(col(Reservation.occurrence))
    )
    return list(await work.db.exec(query))


def _wish(ask: Ask, choice: Choice | None) -> Ask | None:
    match choice:
        case Choice(instead=Instead.SKIP):
            return None
        case Choice(instead=Instead.OTHER_UNIT):
            return replace(ask, unit_id=None, place_id=None)
        case Choice(instead=Instead.OTHER_DATE, period=Period() as period):
            return ask.at(period)
    return ask


class Reach(StrEnum):
    """How much of a series a change reaches."""

    ONE = "one"
    FOLLOWING = "following"
    ALL = "all"


async def reached(work: Work, reservation: Reservation, reach: Reach) -> list[Reservation]:
    """The reservations of a series that a change reaches: those that are still to come, and nobody else's."""
    if reach == Reach.ONE or reservation.series_id is None:
        return [reservation]
    query = (
        select(Reservation)
        .where(col(Reservation.series_id) == reservation.series_id, col(Reservation.starts_at) > now())
        .order_by(cast(col(Reservation.occurrence), Integer))
    )
    if reach == Reach.FOLLOWING:
        query = query.where(col(Reservation.occurrence) >= reservation.occurrence)
    return [each for each in await work.db.exec(query) if rules.is_alive(each)]


async def move(work: Work, reservation: Reservation, period: Period, reach: Reach) -> list[Reservation]:
    """Move one date, this and the following, or all, by as much on the clock; all of them or none."""
    by = naive(period.starts) - naive(reservation.starts_at)
    longer = naive(period.ends) - naive(period.starts)
    touched = await reached(work, reservation, reach)
    together = new_id() if len(touched) > 1 else None
    # Forwards from the last, backwards from the first: a series does not stumble over itself.
    ordered = sorted(touched, key=lambda each: each.starts_at, reverse=by > timedelta())
    for each in ordered:
        starts = later(each.starts_at, by)
        ask = (await service.ask_of(work, each)).at(Period(starts, later(starts, longer)))
        await service.move(work, each, ask, together=together)
    return touched


async def cancel(work: Work, reservation: Reservation, reach: Reach, why: str = "") -> list[Reservation]:
    """Cancel one date, this and the following, or all that are to come."""
    touched = await reached(work, reservation, reach)
    together = new_id() if len(touched) > 1 else None
    for each in touched:
        await service.cancel(work, each, why, together)
    return touched
