"""Debian's libical, read through its C interface: what Evolution and KOrganizer find in a calendar."""

import ctypes
from ctypes import CFUNCTYPE, POINTER, Structure, c_char_p, c_int, c_long, c_void_p
from datetime import UTC, datetime
from typing import Any

VEVENT = 4
"""`ICAL_VEVENT_COMPONENT` of icalenums.h."""


class Time(Structure):
    """`struct icaltimetype`."""

    _fields_ = [
        *((name, c_int) for name in ("year", "month", "day", "hour", "minute", "second", "is_date", "is_daylight")),
        ("zone", c_void_p),
    ]


class Span(Structure):
    """`struct icaltime_span`: two instants of UTC."""

    _fields_ = [("start", c_long), ("end", c_long), ("is_busy", c_int)]


Found = CFUNCTYPE(None, c_void_p, POINTER(Span), c_void_p)


def library() -> Any:
    """The library; raises OSError where it is missing."""
    lib = ctypes.CDLL("libical.so.3")
    for name, answer, asked in (
        ("icalparser_parse_string", c_void_p, [c_char_p]),
        ("icalcomponent_count_errors", c_int, [c_void_p]),
        ("icalrestriction_check", c_int, [c_void_p]),
        ("icalcomponent_get_first_component", c_void_p, [c_void_p, c_int]),
        ("icalcomponent_get_next_component", c_void_p, [c_void_p, c_int]),
        ("icalcomponent_get_uid", c_char_p, [c_void_p]),
        ("icalcomponent_get_dtstart", Time, [c_void_p]),
        ("icalcomponent_get_recurrenceid", Time, [c_void_p]),
        ("icaltime_as_timet_with_zone", c_long, [Time, c_void_p]),
        ("icaltime_from_timet_with_zone", Time, [c_long, c_int, c_void_p]),
        ("icalcomponent_foreach_recurrence", None, [c_void_p, Time, Time, Found, c_void_p]),
        ("icalcomponent_free", None, [c_void_p]),
    ):
        function = getattr(lib, name)
        function.restype, function.argtypes = answer, asked
    return lib


def is_sound(lib: Any, body: bytes) -> bool:
    """Whether it finds neither an error nor anything that iTIP forbids."""
    root = lib.icalparser_parse_string(body)
    try:
        return bool(lib.icalcomponent_count_errors(root) == 0 and lib.icalrestriction_check(root))
    finally:
        lib.icalcomponent_free(root)


def instants(lib: Any, body: bytes) -> list[tuple[str, int, int]]:
    """Every instant it finds until 2040, a changed occurrence in the place of the one it replaces."""
    root = lib.icalparser_parse_string(body)
    since, until = (
        lib.icaltime_from_timet_with_zone(int(datetime(year, 1, 1, tzinfo=UTC).timestamp()), 0, None)
        for year in (2020, 2040)
    )
    found: list[tuple[str, int, int]] = []
    replaced: set[tuple[str, int]] = set()
    changed: list[tuple[str, int, int]] = []
    event = lib.icalcomponent_get_first_component(root, VEVENT)
    while event:
        uid = lib.icalcomponent_get_uid(event).decode()
        instead = lib.icalcomponent_get_recurrenceid(event)
        into = changed if instead.year else found
        if instead.year:
            # It reads the date and leaves the zone: that of DTSTART, as RFC 5545 § 3.8.4.4 has it.
            zone = lib.icalcomponent_get_dtstart(event).zone
            replaced.add((uid, lib.icaltime_as_timet_with_zone(instead, zone)))

        def keep(_event: int, span: Any, _more: int, uid: str = uid, into: list[tuple[str, int, int]] = into) -> None:
            into.append((uid, span.contents.start, span.contents.end))

        lib.icalcomponent_foreach_recurrence(event, since, until, Found(keep), None)
        event = lib.icalcomponent_get_next_component(root, VEVENT)
    lib.icalcomponent_free(root)
    return sorted([each for each in found if each[:2] not in replaced] + changed)
