"""Calendars as files (RFC 5545, RFC 7986): one renderer for every room, an event rendered once for all its readers.

The library writes each event and the head; the zone is a constant and the whole is a join of bytes. Traps that were
met: `add_missing_timezones` writes zones that clients read an hour off, `Calendar.new` gives a calendar a UID of its
own, and the library's own UID and DTSTAMP change at each rendering.
"""

import re
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from hashlib import sha256
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import icalendar

PARIS = ZoneInfo("Europe/Paris")
MEDIA_TYPE = "text/calendar; charset=utf-8"
KEPT_EVENTS = 50_000
PRODUCT = "-//Entente//Agenda//FR"
CANCELLED_TITLE = "ANNULÉ : "

ZONE = b"""BEGIN:VTIMEZONE
TZID:Europe/Paris
BEGIN:DAYLIGHT
TZOFFSETFROM:+0100
TZOFFSETTO:+0200
TZNAME:CEST
DTSTART:19700329T020000
RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU
END:DAYLIGHT
BEGIN:STANDARD
TZOFFSETFROM:+0200
TZOFFSETTO:+0100
TZNAME:CET
DTSTART:19701025T030000
RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU
END:STANDARD
END:VTIMEZONE
""".replace(b"\n", b"\r\n")
"""Europe/Paris for ever: the rule of Directive 2000/84/EC, which every client reads alike."""

_UNSPEAKABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffe\uffff]")
_NAMES = (
    (15, "crimson", "#dc143c"),
    (45, "darkorange", "#ff8c00"),
    (75, "goldenrod", "#daa520"),
    (105, "olivedrab", "#6b8e23"),
    (160, "seagreen", "#2e8b57"),
    (200, "darkcyan", "#008b8b"),
    (250, "steelblue", "#4682b4"),
    (290, "slateblue", "#6a5acd"),
    (330, "mediumvioletred", "#c71585"),
    (360, "crimson", "#dc143c"),
)


class State(StrEnum):
    """Whether an event will take place (RFC 5545 § 3.8.1.11)."""

    TENTATIVE = "TENTATIVE"
    CONFIRMED = "CONFIRMED"
    CANCELLED = "CANCELLED"


@dataclass(frozen=True)
class Event:
    """Something in a calendar; moments are aware, days are whole, `ends` is the first moment or day after it."""

    uid: str
    sequence: int
    """How many times it was changed."""
    changed_at: datetime
    """Of the event itself: DTSTAMP and LAST-MODIFIED, so that two renderings are the same bytes."""
    begins: datetime | date
    ends: datetime | date
    title: str
    place: str = ""
    text: str = ""
    address: str = ""
    """Where it is read in full: a whole address, or a path of this house."""
    state: State = State.CONFIRMED
    is_busy: bool = True
    category: str = ""
    rule: str = ""
    """An RRULE; its UNTIL is in UTC."""
    but: tuple[datetime | date, ...] = ()
    """Occurrences that do not take place."""
    instead_of: datetime | date | None = None
    """The occurrence of a series that this event replaces."""
    changes: tuple["Event", ...] = ()
    """What replaces occurrences of this series: the same uid, and each its `instead_of`."""
    remind: timedelta | None = None
    """How long before it begins a reminder is wished."""


class Method(StrEnum):
    """What a calendar in a mail asks of whoever reads it (RFC 5546)."""

    REQUEST = "REQUEST"
    CANCEL = "CANCEL"


class Party(NamedTuple):
    """Who invites, or who is invited."""

    name: str
    email: str
    answer: str = "NEEDS-ACTION"


class Key(NamedTuple):
    """An event before it is read: its uid, and what changes with everything it shows."""

    uid: str
    version: str


class Head(NamedTuple):
    """What a calendar says of itself."""

    title: str
    source: str
    """Its own address."""
    hue: int = 210
    refresh: timedelta = timedelta(hours=1)


_kept: OrderedDict[Key, bytes] = OrderedDict()

EventsOf = Callable[[list[str]], Awaitable[Iterable[tuple[Key, Event]]]]
"""The events with these uids as they are now, each with its key."""


async def calendar(head: Head, keys: Sequence[Key], events_of: EventsOf) -> bytes:
    """A whole calendar; only the events never rendered before are asked for, by uid."""
    found = [_kept.get(key) for key in keys]
    missing = [key.uid for key, content in zip(keys, found, strict=True) if content is None]
    if missing:
        # By its uid: an event that changed between the two questions is shown as it is now, never dropped.
        made = {key.uid: _keep(key, rendered(event)) for key, event in await events_of(missing)}
        found = [content or made.get(key.uid) for key, content in zip(keys, found, strict=True)]
    # An event that went away between the two questions is simply absent.
    return b"".join([_opening(head), ZONE, *filter(None, found), b"END:VCALENDAR\r\n"])


def tag_of(head: Head, keys: Iterable[Key]) -> str:
    """A strong ETag of the calendar, known before anything is rendered (RFC 9110 § 8.8.3)."""
    told = sha256(repr(head).encode())
    told.update("".join([f"{uid}\0{version}\n" for uid, version in keys]).encode())
    return f'"{told.hexdigest()[:32]}"'


def _keep(key: Key, content: bytes) -> bytes:
    _kept[key] = content
    _kept.move_to_end(key)
    if len(_kept) > KEPT_EVENTS:
        _kept.popitem(last=False)
    return content


def rendered(event: Event) -> bytes:
    """One event as it travels, with its changed occurrences: CRLF, 75 octets a line (RFC 5545 § 3.1)."""
    return b"".join(_rendered(each) for each in (event, *event.changes))


def _rendered(event: Event) -> bytes:
    return bytes(_component(event).to_ical())


def _component(event: Event) -> Any:
    made = icalendar.Event()
    is_cancelled = event.state == State.CANCELLED
    made.add("uid", event.uid)
    made.add("dtstamp", event.changed_at.astimezone(UTC))
    made.add("last-modified", event.changed_at.astimezone(UTC))
    made.add("sequence", event.sequence)
    made.add("dtstart", _local(event.begins))
    made.add("dtend", _local(event.ends))
    made.add("summary", said(CANCELLED_TITLE + event.title if is_cancelled else event.title))
    made.add("status", str(event.state))
    made.add("transp", "OPAQUE" if event.is_busy and not is_cancelled else "TRANSPARENT")
    for name, value in (("location", event.place), ("description", event.text), ("categories", event.category)):
        if value:
            made.add(name, said(value))
    if event.address:
        made.add("url", event.address)
    _repeat(made, event)
    if event.remind and not is_cancelled:
        made.add_component(_alarm(event))
    return made


def message(method: Method, event: Event, organizer: Party, attendee: Party) -> bytes:
    """An event as a mail carries it to one person, who is its only attendee: nobody reads who else is invited."""
    made = _component(event)
    made.add("organizer", _address_of(organizer))
    attending = _address_of(attendee)
    # Their answer comes by another way: RSVP would have their reader write to nobody.
    attending.params.update({"ROLE": "REQ-PARTICIPANT", "PARTSTAT": attendee.answer, "RSVP": "FALSE"})
    made.add("attendee", attending)
    opening = f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:{PRODUCT}\r\nCALSCALE:GREGORIAN\r\nMETHOD:{method}\r\n"
    return b"".join([opening.encode(), ZONE, bytes(made.to_ical()), b"END:VCALENDAR\r\n"])


def _address_of(party: Party) -> Any:
    address = icalendar.vCalAddress(f"mailto:{party.email}")
    # A name may hold neither quotes nor line breaks there (RFC 5545 § 3.2).
    address.params["CN"] = re.sub(r'["\n]+', " ", said(party.name)).strip()
    return address


def _repeat(made: Any, event: Event) -> None:
    if event.rule:
        made.add("rrule", icalendar.vRecur.from_ical(event.rule))
    if event.but:
        made.add("exdate", [_local(each) for each in event.but])
    if event.instead_of is not None:
        made.add("recurrence-id", _local(event.instead_of))


def _alarm(event: Event) -> Any:
    alarm = icalendar.Alarm()
    alarm.add("action", "DISPLAY")
    alarm.add("description", said(event.title))
    alarm.add("trigger", -(event.remind or timedelta()))
    return alarm


def _local(when: datetime | date) -> datetime | date:
    return when.astimezone(PARIS) if isinstance(when, datetime) else when


def said(words: str) -> str:
    """Words that a calendar can carry: one way of ending lines, no control characters, no half-letters."""
    clean = words.encode("utf-8", "replace").decode("utf-8").replace("\r\n", "\n").replace("\r", "\n")
    return _UNSPEAKABLE.sub("", clean)


@lru_cache(maxsize=1_000)
def _opening(head: Head) -> bytes:
    made = icalendar.Calendar()
    keyword, code = next((name, code) for limit, name, code in _NAMES if head.hue % 360 < limit)
    made.add("prodid", PRODUCT)
    made.add("version", "2.0")
    made.add("calscale", "GREGORIAN")
    # No METHOD: PUBLISH would ask each event for its organizer (RFC 5546 § 3.2.1), which a feed has no reason to tell.
    for name in ("name", "x-wr-calname"):
        made.add(name, said(head.title))
    made.add("x-wr-timezone", "Europe/Paris")
    made.add("color", keyword)
    made.add("x-apple-calendar-color", code)
    # The library knows these two and forgets to say what kind of value they are.
    made["REFRESH-INTERVAL"] = _with_kind(icalendar.vDuration(head.refresh), "DURATION")
    made["X-PUBLISHED-TTL"] = icalendar.vDuration(head.refresh)
    made["SOURCE"] = _with_kind(icalendar.vUri(head.source), "URI")
    return bytes(made.to_ical()).removesuffix(b"END:VCALENDAR\r\n")


def _with_kind(value: Any, kind: str) -> Any:
    value.params["VALUE"] = kind
    return value
