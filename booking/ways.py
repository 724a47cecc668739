"""Ways out of a refusal: the same elsewhere, the nearest free time, a shorter period; one click to take each."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from sqlmodel.ext.asyncio.session import AsyncSession

from booking import queries, rules
from booking.asks import Ask
from booking.free import Candidate, Plan, choose
from booking.periods import Period, length, naive
from entente.clock import now

EDGES = 20


class WayKind(StrEnum):
    """What is given up to have it."""

    ELSEWHERE = "elsewhere"
    LATER = "later"
    SHORTER = "shorter"


@dataclass(frozen=True)
class Way:
    """Something that could be had instead."""

    kind: WayKind
    words: str
    ask: Ask


async def ways_out(db: AsyncSession, ask: Ask) -> list[Way]:
    """What could be had instead of what was asked, the least different first."""
    shorter = await _shorter(db, ask)
    # A depot that never hands over at that hour will not do so another day: the shorter period might.
    later = await _later(db, ask) or (await _later(db, shorter[0].ask) if shorter else [])
    return [*await _elsewhere(db, ask), *shorter, *later]


async def _elsewhere(db: AsyncSession, ask: Ask) -> list[Way]:
    if not (ask.unit_id or ask.place_id) or rules.broken_by(ask.type, ask.period, ask.quantity, now()):
        return []
    anywhere = replace(ask, unit_id=None, place_id=None)
    candidates = await queries.candidates_for(db, anywhere)
    plan = await queries.plan_of(db, queries.units_needed(candidates), ask.period.widened(24 * 60, 24 * 60))
    chosen = choose(candidates, ask.quantity, ask.period, plan)
    if not chosen:
        return []
    first = chosen[0][0]
    taken = replace(anywhere, unit_id=first.unit_id) if len(chosen) == 1 else anywhere
    return [Way(WayKind.ELSEWHERE, f"{first.name}, {first.depot}, aux mêmes dates", taken)]


async def _later(db: AsyncSession, ask: Ask) -> list[Way]:
    if ask.period.ends <= ask.period.starts or ask.period.minutes > ask.type.max_minutes:
        return []
    return [Way(WayKind.LATER, period.sentence, ask.at(period)) for period in await queries.next_free(db, ask)]


async def _shorter(db: AsyncSession, ask: Ask) -> list[Way]:
    """The longest beginning or end of the period that can be had."""
    if ask.period.ends <= ask.period.starts:
        return []
    longest = timedelta(minutes=ask.type.max_minutes)
    whole = Period(ask.period.starts, min(ask.period.ends, ask.period.starts + longest))
    candidates = await queries.candidates_for(db, ask)
    plan = await queries.plan_of(db, queries.units_needed(candidates), whole.widened(24 * 60, 24 * 60))
    busy = (edge for held in plan.values() for each in held for edge in each.period)
    edges = sorted({*whole, *busy, *_counter_hours(candidates, whole)})
    # A busy month has hundreds of edges: the first ones suffice to propose something.
    inside = [edge for edge in edges if whole.starts <= edge <= whole.ends]
    inside = [*inside[:EDGES], *inside[EDGES:][-1:]]
    parts = [Period(first, last) for first in inside for last in inside if first < last]
    trimmed = [part for part in (_trimmed(each, ask) for each in parts) if part != ask.period]
    # The longest first: the first that is free is the answer.
    trimmed.sort(key=lambda part: -part.minutes)
    best = next((part for part in trimmed if _is_free(part, ask, candidates, plan)), None)
    if best is None:
        return []
    return [Way(WayKind.SHORTER, f"{best.sentence} ({length(best.minutes)})", ask.at(best))]


def _counter_hours(candidates: list[Candidate], period: Period) -> set[datetime]:
    """When the depots open and close on the first and the last day."""
    days = {naive(moment).date() for moment in period}
    return {edge for each in candidates[:EDGES] for day in days for edge in each.opening.edges(day)}


def _trimmed(period: Period, ask: Ask) -> Period:
    """The buffers of the neighbour and one's own, left free."""
    starts = period.starts + timedelta(minutes=ask.type.before_minutes if period.starts != ask.period.starts else 0)
    ends = period.ends - timedelta(minutes=ask.type.after_minutes if period.ends != ask.period.ends else 0)
    return Period(starts, ends)


def _is_free(period: Period, ask: Ask, candidates: list[Candidate], plan: Plan) -> bool:
    if period.ends <= period.starts or rules.broken_by(ask.type, period, ask.quantity, now()):
        return False
    return bool(choose(candidates, ask.quantity, period, plan))
