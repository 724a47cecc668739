"""When an inspection falls due, and from which day a unit is no longer lent: plain functions."""

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from enum import StrEnum
from typing import NamedTuple

from entente.web.words import NBSP, long_date

WARNED = (90, 30, 7)
"""So many days before, whoever keeps the unit is reminded."""
NEAR = 20 * 10
"""So many tenths of an hour before, a meter is near its inspection."""
LONGEST_MONTHS = 120
MOST_HOURS = 1_000_000


class Stage(StrEnum):
    """How near an inspection is."""

    OVERDUE = "overdue"
    WEEK = "7"
    MONTH = "30"
    QUARTER = "90"
    LATER = "later"


class Due(NamedTuple):
    """When one inspection falls due: on a day, at a number of hours, or whichever comes first."""

    on: date | None
    hours: int | None


class Reading(NamedTuple):
    """What the meter said on a day."""

    on: date
    hours: int


def stage_of(due: Due, meter: Reading | None, today: date) -> Stage:
    """How near it is, by the day or by the meter, whichever is nearer."""
    left = min(
        (due.on - today).days if due.on else 10_000,
        _left_by_meter(due, meter),
    )
    if left < 0:
        return Stage.OVERDUE
    return next((Stage(str(days)) for days in sorted(WARNED) if left <= days), Stage.LATER)


def _left_by_meter(due: Due, meter: Reading | None) -> int:
    """As if in days: passed, near, or far away."""
    if due.hours is None or meter is None:
        return 10_000
    left = due.hours - meter.hours
    return -1 if left <= 0 else 7 if left <= NEAR else 10_000


def usable_until(dues: Iterable[Due], readings: Sequence[Reading]) -> date | None:
    """The last day on which a unit may be used: the first due day, or the eve of the day its meter passed a limit."""
    days: list[date] = []
    for due in dues:
        if due.on:
            days.append(due.on)
        if due.hours is not None:
            passed = [each.on for each in readings if each.hours >= due.hours]
            days += [min(passed) - timedelta(days=1)] if passed else []
    return min(days, default=None)


def months_later(day: date, months: int) -> date:
    """The same day so many months later, or the last of that month."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    first_after = date(year + (month + 1) // 12, (month + 1) % 12 + 1, 1)
    return min(date(year, month + 1, 1) + timedelta(days=day.day - 1), first_after - timedelta(days=1))


def hours_words(tenths: int) -> str:
    """« 1 250,5 h »."""
    whole, rest = divmod(tenths, 10)
    said = f"{whole:,}".replace(",", "\N{NARROW NO-BREAK SPACE}")
    return f"{said},{rest}{NBSP}h" if rest else f"{said}{NBSP}h"


def due_words(due: Due) -> str:
    """« le 30 novembre 2026, ou à 1 250 h »."""
    said = [f"le {long_date(due.on)}"] if due.on else []
    said += [f"à {hours_words(due.hours)}"] if due.hours is not None else []
    return ", ou ".join(said)
