"""The times at which an event takes place within a window, its exceptions and changes counted in."""

import signal
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, tzinfo
from types import FrameType
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import icalendar
import recurring_ical_events

from entente.outside.events import Event, When, Wrong

PARIS = ZoneInfo("Europe/Paris")
SERIES_SECONDS = 2.0
"""CPU time that one event may ask for."""
MARK = "X-ENTENTE-NUMBER"


class Window(NamedTuple):
    """The days of which anything is kept; `ends` is the first day after."""

    begins: date
    ends: date


@dataclass(frozen=True)
class Occurrence:
    """One time at which something takes place; days go from midnight to midnight in Paris."""

    uid: str
    recurrence: str
    """Which occurrence of its series it is; nothing for what takes place once."""
    begins: datetime
    ends: datetime
    all_day: bool
    title: str
    is_busy: bool


class TooLong(BaseException):
    """The event asked for more time than it may; not an Exception, which a library could swallow."""


@contextmanager
def bounded(seconds: float = SERIES_SECONDS) -> Iterator[None]:
    """Give up with Wrong when more CPU time than that is used: some rules never come to an end."""

    def stop(_signal: int, _frame: FrameType | None) -> None:
        raise TooLong

    before = signal.signal(signal.SIGPROF, stop)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    except (TooLong, RecursionError):
        raise Wrong("calcul trop long") from None
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


def occurrences(event: Event, changes: Sequence[Event], window: Window) -> list[Occurrence]:
    """When it takes place; `changes` replace some of its occurrences. Raises Wrong."""
    if not event.repeats and not changes:
        return _once(event, window)
    try:
        found = recurring_ical_events.of(_calendar([event, *changes], window)).between(
            datetime.combine(window.begins, time(), PARIS), datetime.combine(window.ends, time(), PARIS)
        )
    except (ValueError, TypeError, OverflowError, AttributeError, LookupError) as error:
        raise Wrong("répétition impossible à calculer") from error
    known = [event, *changes]
    kept = [(known[int(each[MARK])], each) for each in found]
    return [
        _occurrence(one, each.start, each.end, _recurrence(one, each)) for one, each in kept if not one.is_cancelled
    ]


def _once(event: Event, window: Window) -> list[Occurrence]:
    if event.is_cancelled:
        return []
    made = _occurrence(event, event.begins, event.ends, _stamp(event.instead_of))
    first, after = (datetime.combine(day, time(), PARIS) for day in window)
    return [made] if made.begins < after and (made.ends > first or made.begins >= first) else []


def _calendar(events: Sequence[Event], window: Window) -> Any:
    calendar = icalendar.Calendar()
    for number, event in enumerate(events):
        made = icalendar.Event()
        # One name for all: those without a uid would not find each other.
        made.add("uid", event.uid or "none")
        made.add("sequence", event.sequence)
        made.add("dtstart", event.begins)
        made.add("dtend", event.ends)
        for rule in event.rules:
            made.add("rrule", _within(rule, event, window))
        if event.also:
            made.add("rdate", list(event.also))
        if event.but:
            made.add("exdate", list(event.but))
        if event.instead_of is not None:
            made.add("recurrence-id", event.instead_of)
        made.add(MARK, str(number))
        calendar.add_component(made)
    return calendar


def _within(rule: Any, event: Event, window: Window) -> Any:
    """The rule, ended with the window: one that never comes true would be walked to the year 9999."""
    after: When = window.ends
    if not event.is_all_day:
        after = datetime.combine(window.ends, time(), PARIS).astimezone(UTC)
    rule["UNTIL"] = [min([after, *rule.get("UNTIL", [])])]
    return rule


def _occurrence(event: Event, begins: When, ends: When, recurrence: str) -> Occurrence:
    all_day = event.is_all_day
    return Occurrence(
        event.uid,
        recurrence,
        _moment(begins, all_day),
        max(_moment(ends, all_day), _moment(begins, all_day)),
        all_day,
        event.title,
        event.is_busy,
    )


def _recurrence(event: Event, found: Any) -> str:
    if event.instead_of is not None:
        return _stamp(event.instead_of)
    return _stamp(found.start.date() if event.is_all_day and isinstance(found.start, datetime) else found.start)


def _stamp(when: When | None) -> str:
    if when is None:
        return ""
    if isinstance(when, datetime):
        return f"{when.astimezone(UTC):%Y%m%dT%H%M%SZ}"
    return f"{when:%Y%m%d}"


def _moment(when: When, all_day: bool) -> datetime:
    if isinstance(when, datetime) and not all_day:
        return when.astimezone(UTC)
    day = when.date() if isinstance(when, datetime) else when
    return datetime.combine(day, time(), PARIS).astimezone(UTC)


def zone_named(name: str) -> tzinfo | None:
    """The zone that a file names in its own way: IANA's names, Windows' names, or one it defined itself."""
    try:
        return icalendar.timezone.tzp.timezone(name) if name else None
    except (ValueError, OSError):
        return None
