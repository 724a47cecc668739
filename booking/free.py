"""What is free, and when: pure questions over what each unit already carries."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import islice
from typing import NamedTuple
from uuid import UUID

from booking.asks import Ask
from booking.fleet.models import Kind
from booking.fleet.opening import Opening
from booking.periods import Period, later, naive

DAYS_AHEAD = 120
"""How far the next free periods are looked for."""
DAYS_LOOKED = (4, 30, DAYS_AHEAD)
"""How far one looks at first, and then, while there is too little."""
PERIODS = 3
"""How many are proposed."""
STEP = timedelta(minutes=15)


class Busy(NamedTuple):
    """So many of a unit are held, buffers included."""

    period: Period
    quantity: int


class Need(NamedTuple):
    """What taking one of a candidate takes of a unit: itself, or a part of a kit."""

    unit_id: UUID
    capacity: int
    quantity: int
    before: int
    after: int


@dataclass(frozen=True)
class Candidate:
    """A unit that could serve, with all that it takes."""

    unit_id: UUID
    type_id: UUID
    name: str
    code: str
    kind: Kind
    capacity: int
    owner_id: UUID
    depot_id: UUID
    depot: str
    needs: tuple[Need, ...]
    opening: Opening = field(default_factory=Opening)
    usable_until: datetime | None = None
    """From then on it may not be used."""
    traits: Mapping[UUID, int] = field(default_factory=dict)

    def refuses(self, period: Period) -> str:
        """Why it cannot be handed over or taken back then, in French; nothing when it can."""
        if self.usable_until and period.ends > self.usable_until:
            return "un contrôle est à faire avant"
        return self.opening.refuses(period.starts) or self.opening.refuses(period.ends)


Plan = Mapping[UUID, Sequence[Busy]]
"""What each unit already carries."""


def peak(busy: Iterable[Busy], period: Period) -> int:
    """The most that is held at once within a period; the guard in the database counts the same."""
    starts, ends = period
    steps: list[tuple[datetime, int]] = []
    # Asked for every unit of every period that is tried: nothing is called for what does not meet it.
    for (first, last), quantity in busy:
        if first < ends and starts < last:
            steps += [(first, quantity), (last, -quantity)]
    most = level = 0
    for _, change in sorted(steps):
        level += change
        most = max(most, level)
    return most


def free_in(candidate: Candidate, period: Period, plan: Plan) -> int:
    """How many of it can still be had over a whole period."""
    return min(
        (need.capacity - peak(plan.get(need.unit_id, ()), period.widened(need.before, need.after))) // need.quantity
        for need in candidate.needs
    )


def choose(
    candidates: Sequence[Candidate], quantity: int, period: Period, plan: Plan, payer_id: UUID | None = None
) -> list[tuple[Candidate, int]]:
    """Which units serve a request, each with how many of it; none when they do not suffice.

    The list's order is kept among equals. Places are taken in one room; pieces may come from several depots, as few
    as possible; of things one at a time, as many units as were asked.
    """
    ordered = sorted(candidates, key=lambda each: each.owner_id != payer_id)
    found = _free(ordered, period, plan)
    if not ordered:
        return []
    if not ordered[0].kind.is_counted:
        # No further than needed: of five hundred units, the first that are free.
        taken = [(each, 1) for each, _ in islice(found, quantity)]
        return taken if len(taken) == quantity else []
    free = list(found)
    enough = next(((each, quantity) for each, count in free if count >= quantity), None)
    if enough:
        return [enough]
    return _gathered(free, quantity) if ordered[0].kind == Kind.STOCK else []


def _free(candidates: Iterable[Candidate], period: Period, plan: Plan) -> Iterator[tuple[Candidate, int]]:
    """Each of them that can be had, with how many."""
    shut: dict[int, str] = {}  # units of one depot share its opening
    for each in candidates:
        opening = id(each.opening)
        if opening not in shut:
            shut[opening] = each.opening.refuses(period.starts) or each.opening.refuses(period.ends)
        if shut[opening] or (each.usable_until and each.refuses(period)):
            continue
        if (count := free_in(each, period, plan)) > 0:
            yield each, count


def most_of(candidates: Sequence[Candidate]) -> int:
    """The most that could be had at once, if nobody had anything."""
    if not candidates:
        return 0
    sizes = [min(need.capacity // need.quantity for need in each.needs) for each in candidates]
    return max(sizes) if candidates[0].kind == Kind.PLACES else sum(sizes)


def _gathered(free: list[tuple[Candidate, int]], quantity: int) -> list[tuple[Candidate, int]]:
    taken: list[tuple[Candidate, int]] = []
    for each, count in sorted(free, key=lambda found: -found[1]):
        taken.append((each, min(count, quantity)))
        quantity -= taken[-1][1]
        if not quantity:
            return taken
    return []


def next_periods(
    candidates: Sequence[Candidate],
    ask: Ask,
    plan: Plan,
    earliest: datetime,
    is_fit: Callable[[Period], bool] = lambda _period: True,
    count: int = PERIODS,
    days: int = DAYS_AHEAD,
) -> list[Period]:
    """The next free periods as long as the one asked: the same hours on days to come, or as soon as something is back.

    They do not overlap one another.
    """
    found: list[Period] = []
    for starts in _starts(candidates, ask.period, plan, earliest, days):
        period = ask.period.at(starts)
        if found and period.starts < found[-1].ends:
            continue
        if is_fit(period) and choose(candidates, ask.quantity, period, plan):
            found.append(period)
            if len(found) == count:
                break
    return found


def _starts(
    candidates: Sequence[Candidate], asked: Period, plan: Plan, earliest: datetime, days: int
) -> Iterator[datetime]:
    after = max(asked.starts, earliest)
    last = after + timedelta(days=days)
    same_hours = (later(asked.starts, timedelta(days=day)) for day in range(DAYS_AHEAD + 1))
    # Many units come back at the same hour: each moment is rounded once.
    ends = {
        (each.period.ends, need.before)
        for candidate in candidates
        for need in candidate.needs
        for each in plan.get(need.unit_id, ())
    }
    back = (_rounded(moment + timedelta(minutes=before)) for moment, before in ends)
    yield from sorted({starts for starts in (*same_hours, *back) if after <= starts <= last})


def _rounded(moment: datetime) -> datetime:
    """The next quarter of an hour."""
    local = naive(moment)
    over = timedelta(minutes=local.minute % 15, seconds=local.second, microseconds=local.microsecond)
    return moment + (STEP - over) if over else moment
