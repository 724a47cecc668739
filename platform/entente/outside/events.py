"""One event of a calendar file, with its values made alike: aware moments or whole days, and nothing in between."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Any

import icalendar

FIRST_YEAR, LAST_YEAR = 1600, 2200
"""Some telephones write a birthday without its year in 1604."""
SUB_DAILY = frozenset({"HOURLY", "MINUTELY", "SECONDLY"})
TIMES_A_DAY = 4
LONGEST_RULE = 2_000
NEEDED = frozenset({"DTSTART", "DTEND", "DURATION", "RRULE", "RDATE", "EXDATE", "RECURRENCE-ID"})
DAY = timedelta(days=1)

When = datetime | date


class Wrong(Exception):
    """This event cannot be used; the message says why, in a few French words."""


@dataclass(frozen=True)
class Event:
    """What an event says of when it takes place; `ends` is the first moment or day after it."""

    uid: str
    sequence: int
    begins: When
    ends: When
    title: str
    is_busy: bool
    is_cancelled: bool
    rules: tuple[Any, ...]
    also: tuple[When | tuple[datetime, datetime], ...]
    but: tuple[When, ...]
    instead_of: When | None

    @property
    def repeats(self) -> bool:
        """Whether it takes place more than once."""
        return bool(self.rules or self.also)

    @property
    def is_all_day(self) -> bool:
        """Whether it is about days rather than moments."""
        return not isinstance(self.begins, datetime)


def read(lines: list[str], zone: tzinfo) -> Event:
    """The event that these lines tell, with times without a zone in this one; raises Wrong."""
    if any(len(line) > LONGEST_RULE and line[:5].upper() == "RRULE" for line in lines):
        raise Wrong("règle de répétition trop longue")
    content = "\r\n".join(["BEGIN:VEVENT", *lines, "END:VEVENT", ""])
    try:
        # Bytes, never text: the library takes a text that is a path for a file to open.
        found = icalendar.Event.from_ical(content.encode("utf-8", "replace"))
        _require_readable(found)
        return _event(found, zone)
    except (ValueError, TypeError, OverflowError, AttributeError, LookupError, OSError) as error:
        raise Wrong("événement illisible") from error


def _require_readable(found: Any) -> None:
    broken = {name for name, _ in found.errors if name in NEEDED}
    if "RRULE" in broken:
        raise Wrong("règle de répétition illisible")
    if broken:
        raise Wrong("date illisible")
    if "DTSTART" not in found:
        raise Wrong("pas de date de début")


def _event(found: Any, zone: tzinfo) -> Event:
    begins = _when(_first(found, "DTSTART").dt, zone)
    begins, ends = _span(begins, found, zone)
    if not FIRST_YEAR <= begins.year <= LAST_YEAR or not FIRST_YEAR <= ends.year <= LAST_YEAR:
        raise Wrong("date hors du calendrier")
    instead_of = _first(found, "RECURRENCE-ID")
    return Event(
        uid=str(_first(found, "UID") or "")[:255],
        sequence=_number(_first(found, "SEQUENCE")),
        begins=begins,
        ends=ends,
        title=str(_first(found, "SUMMARY") or ""),
        is_busy=str(_first(found, "TRANSP") or "").upper() != "TRANSPARENT",
        is_cancelled=str(_first(found, "STATUS") or "").upper() == "CANCELLED",
        rules=tuple(_rule(rule, begins, zone) for rule in _all(found, "RRULE")),
        also=tuple(dict.fromkeys(_also(each, begins, zone) for each in _listed(found, "RDATE"))),
        but=tuple(dict.fromkeys(_but(each, begins, zone) for each in _listed(found, "EXDATE"))),
        instead_of=None if instead_of is None else _like(_when(instead_of.dt, zone), begins),
    )


def _span(begins: When, found: Any, zone: tzinfo) -> tuple[When, When]:
    """Where it begins and ends; a day beside a moment becomes midnight."""
    end, lasts = _first(found, "DTEND"), _first(found, "DURATION")
    if end is not None:
        ends = _when(end.dt, zone)
    elif lasts is not None:
        if not isinstance(lasts.dt, timedelta):
            raise Wrong("durée illisible")
        whole = not isinstance(begins, datetime)
        # A day and a duration of hours: what counts is on which days.
        ends = begins + (timedelta(days=-(-lasts.dt // DAY)) if whole else lasts.dt)
        ends = _same_clock(begins, ends, lasts.dt)
    else:
        ends = begins if isinstance(begins, datetime) else begins + DAY
    if isinstance(begins, datetime) != isinstance(ends, datetime):
        begins, ends = _midnight(begins, zone), _midnight(ends, zone)
    if not isinstance(begins, datetime) and ends == begins:
        # Wrong and frequent: it means that day.
        ends = begins + DAY
    if _instant(ends) < _instant(begins):
        raise Wrong("fin avant le début")
    return begins, ends


def _same_clock(begins: When, ends: When, lasts: timedelta) -> When:
    """Hours are counted on the watch that never changes, days on the calendar (RFC 5545 § 3.3.6)."""
    if not isinstance(begins, datetime) or not isinstance(ends, datetime) or lasts % DAY == timedelta():
        return ends
    return (begins.astimezone(UTC) + lasts).astimezone(begins.tzinfo)


def _rule(rule: Any, begins: When, zone: tzinfo) -> Any:
    frequency = str(next(iter(rule.get("FREQ", [])), "")).upper()
    if frequency in SUB_DAILY:
        raise Wrong("répétition plus d’une fois par jour")
    if frequency not in ("DAILY", "WEEKLY", "MONTHLY", "YEARLY"):
        raise Wrong("règle de répétition illisible")
    times = [len(set(rule.get(part, [0]))) for part in ("BYHOUR", "BYMINUTE", "BYSECOND")]
    if times[0] * times[1] * times[2] > TIMES_A_DAY:
        raise Wrong("répétition plus d’une fois par jour")
    if any(int(each) < 1 for part in ("INTERVAL", "COUNT") for each in rule.get(part, [])):
        # The recurrence library would walk for ever with an interval of nothing.
        raise Wrong("règle de répétition illisible")
    if "UNTIL" in rule:
        rule["UNTIL"] = [_until(rule["UNTIL"][0], begins, zone)]
    return rule


def _until(until: Any, begins: When, zone: tzinfo) -> When:
    """The last moment or day of a series, of the same nature as its first (RFC 5545 § 3.3.10)."""
    last = _when(until, zone)
    if not isinstance(begins, datetime):
        return _day(last, zone)
    if not isinstance(last, datetime):
        last = datetime.combine(last, time(23, 59, 59), begins.tzinfo)
    return last.astimezone(UTC)


def _also(each: Any, begins: When, zone: tzinfo) -> When | tuple[datetime, datetime]:
    if not isinstance(each, tuple):
        return _like(_when(each, zone), begins)
    start, end = _when(each[0], zone), each[1]
    if not isinstance(start, datetime) or not isinstance(begins, datetime):
        raise Wrong("date illisible")
    finish = start + end if isinstance(end, timedelta) else _when(end, zone)
    if not isinstance(finish, datetime) or finish < start:
        raise Wrong("fin avant le début")
    return start, finish


def _but(each: Any, begins: When, zone: tzinfo) -> When:
    when = _when(each, zone)
    return when if isinstance(begins, datetime) else _day(when, zone)


def _like(when: When, begins: When) -> When:
    """The same day or moment, of the nature of the first."""
    if not isinstance(begins, datetime):
        return _day(when, UTC)
    if isinstance(when, datetime):
        return when
    return datetime.combine(when, begins.timetz())


def _day(when: When, zone: tzinfo) -> date:
    return when.astimezone(when.tzinfo or zone).date() if isinstance(when, datetime) else when


def _midnight(when: When, zone: tzinfo) -> datetime:
    return when if isinstance(when, datetime) else datetime.combine(when, time(), zone)


def _instant(when: When) -> datetime:
    return _midnight(when, UTC).astimezone(UTC)


def _when(value: Any, zone: tzinfo) -> When:
    if isinstance(value, datetime):
        return value if value.tzinfo else value.replace(tzinfo=zone)
    if isinstance(value, date):
        return value
    raise Wrong("date illisible")


def _all(found: Any, name: str) -> list[Any]:
    value = found.get(name)
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def _first(found: Any, name: str) -> Any:
    return next(iter(_all(found, name)), None)


def _listed(found: Any, name: str) -> Iterator[Any]:
    for each in _all(found, name):
        yield from (one.dt for one in each.dts)


def _number(value: Any) -> int:
    try:
        return int(value or 0)
    except ValueError:
        return 0
