"""School holidays read from the file that the ministry publishes for a zone (RFC 5545)."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

import icalendar

from booking.depots.models import Zone
from booking.periods import naive
from entente.letters import bare
from entente.rules import Invalid
from entente.text import clean_name

MOST_BYTES = 500_000
MOST_EVENTS = 2_000
LONGEST_DAYS = 100
NOT_READ = "Ce fichier n’est pas un calendrier\u00a0: prenez le fichier .ics du ministère pour votre zone."
_ZONE = re.compile(r"[\s(–-]*\bzone\s+([ABC])\b\)?", re.IGNORECASE)
_SCHOOL = ("rentree", "prerentree", "reprise")
"""What is a day of school, in the same file."""


class Span(NamedTuple):
    """Days without school; `until` is the first day of school again."""

    since: date
    until: date
    name: str


@dataclass
class Read:
    """What a file says of a zone."""

    spans: list[Span] = field(default_factory=list)
    wrong: int = 0
    """Events that cannot be read."""
    passed: int = 0
    """Events that are no holidays of this zone."""


class _Wrong(ValueError):
    """This event says no dates."""


def read(content: bytes, zone: Zone) -> Read:
    """The holidays of a zone; raises Invalid when the file is no calendar, or holds none of them."""
    if len(content) > MOST_BYTES:
        raise Invalid({"file": "Le fichier est trop lourd\u00a0: 500\u00a0Ko au plus."})
    found = Read()
    for event in _events(content):
        try:
            span = _span(event, zone)
        except _Wrong:
            found.wrong += 1
            continue
        if span is None:
            found.passed += 1
        elif span not in found.spans:
            found.spans.append(span)
    if not found.spans:
        raise Invalid({"file": f"Ce fichier ne contient aucun jour de vacances de la zone\u00a0{zone}."})
    return found


def _events(content: bytes) -> Iterator[Any]:
    try:
        events = icalendar.Calendar.from_ical(content).walk("VEVENT")
    except (ValueError, KeyError, IndexError, TypeError, AttributeError):
        raise Invalid({"file": NOT_READ}) from None
    if len(events) > MOST_EVENTS:
        raise Invalid({"file": f"Ce fichier est trop long\u00a0: {MOST_EVENTS} événements au plus."})
    return iter(events)


def _span(event: Any, zone: Zone) -> Span | None:
    """The days of an event; none when it is about school, or another zone."""
    words = clean_name(str(event.get("SUMMARY", "")))
    named = _ZONE.search(words)
    name = _ZONE.sub("", words).strip()[:120]
    since = _day(event, "DTSTART")
    if not name or since is None:
        raise _Wrong
    if bare(name).startswith(_SCHOOL) or (named and named[1].upper() != zone):
        return None
    until = _day(event, "DTEND") or since + timedelta(days=1)
    if not timedelta() < until - since <= timedelta(days=LONGEST_DAYS):
        raise _Wrong
    return Span(since, until, name)


def _day(event: Any, name: str) -> date | None:
    if any(broken == name for broken, _ in event.errors):
        raise _Wrong
    value = getattr(event.get(name), "dt", None)
    if isinstance(value, datetime):
        return naive(value).date() if value.tzinfo else value.date()
    if value is not None and not isinstance(value, date):
        raise _Wrong
    return value
