"""Reads one calendar file in a process of its own: bytes come in, one JSON line per occurrence goes out.

Whatever a file does (a rule without end, a million events, a flaw of a library), it does it here: without the
environment, with little memory and little time, and the house goes on. Started by `entente.outside.reading`.
"""

import json
import re
import resource
import sys
import time
import warnings
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from datetime import date, timedelta, tzinfo

import icalendar

from entente.outside import events, outline, series
from entente.outside.events import Event, When, Wrong
from entente.outside.series import Occurrence, Window

MOST_BYTES = 5_000_000
MEMORY = 512 * 1024 * 1024
SECONDS = 10
BUDGET_SECONDS = 7.0
"""CPU time after which what is left is counted instead of read, so that what was read is not lost."""
MOST_EVENTS = 10_000
MOST_OCCURRENCES = 20_000
TOO_MANY = "trop d’événements"

_DATE = re.compile(r":(\d{4}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d))(?:T[01]\d[0-5]\d[0-5]\dZ?)?\s*$")
"""A date that certainly exists, near enough: one that may not is read with care."""


@dataclass
class Read:
    """What a file holds: what takes place, and what could not be used."""

    title: str = ""
    kept: int = 0
    skipped: Counter[str] = field(default_factory=Counter)
    """How many events could not be used, for each reason."""
    occurrences: list[Occurrence] = field(default_factory=list)


def read(content: bytes, window: Window) -> Read:
    """The occurrences of a calendar in a window; raises NotACalendar for anything else."""
    until = time.process_time() + BUDGET_SECONDS
    if len(content) > MOST_BYTES:
        raise outline.NotACalendar("Le fichier dépasse 5\u00a0Mo.")
    cut = outline.outline(content)
    made = Read(title=cut.title)
    if cut.unfinished:
        made.skipped["événement inachevé"] = cut.unfinished
    coming = [lines for lines in cut.events if not _is_past(lines, window)]
    made.kept = len(cut.events) - len(coming)
    zone = _zones(cut)
    for one in _together(_events(coming, zone, made, until)):
        _expand(one, window, made, until)
    return made


def _zones(cut: outline.Outline) -> tzinfo:
    """Learn the zones that the file defines; returns that of times without one."""
    for lines in cut.zones:
        content = "\r\n".join(["BEGIN:VTIMEZONE", *lines, "END:VTIMEZONE", ""])
        try:
            with series.bounded():
                icalendar.Timezone.from_ical(content.encode("utf-8", "replace"))
        except Exception:  # noqa: S112 -- a zone that cannot be read is one that nobody defined
            continue
    return series.zone_named(cut.zone) or series.PARIS


def _is_past(lines: list[str], window: Window) -> bool:
    """Whether it plainly took place once, before the window: most of an old agenda, which then costs nothing."""
    if any(line.upper().startswith(("RRULE", "RDATE", "RECURRENCE-ID", "DURATION")) for line in lines):
        return False
    dates = [_DATE.search(line) for line in lines if line.upper().startswith(("DTSTART", "DTEND"))]
    if not dates or not all(dates):
        return False
    # Whatever the zone, two days are more than it can change.
    long_ago = (window.begins - timedelta(days=2)).strftime("%Y%m%d")
    return all("1600" < found[1] < long_ago for found in dates if found)


def _events(coming: list[list[str]], zone: tzinfo, made: Read, until: float) -> Iterator[Event]:
    for number, lines in enumerate(coming):
        if number >= MOST_EVENTS or time.process_time() > until:
            made.skipped[TOO_MANY] += len(coming) - number
            return
        try:
            with series.bounded():
                event = events.read(lines, zone)
        except Wrong as error:
            made.skipped[str(error)] += 1
        else:
            yield event


def _together(found: Iterator[Event]) -> list[list[Event]]:
    """Each event with the changes of its occurrences; an event without a name has none."""
    families: dict[str, list[Event]] = {}
    for number, event in enumerate(found):
        families.setdefault(event.uid or f"\0{number}", []).append(event)
    return list(families.values())


def _expand(family: list[Event], window: Window, made: Read, until: float) -> None:
    masters, changes = _latest(family, made, False), _latest(family, made, True)
    # Changes belong to the series; without one, each stands for itself.
    repeating = next((event for event in masters if event.repeats), None)
    groups = [(event, changes if event is repeating else []) for event in masters]
    if repeating is None:
        groups += [(event, []) for event in changes]
    for event, its_changes in groups:
        if time.process_time() > until or len(made.occurrences) > MOST_OCCURRENCES:
            made.skipped[TOO_MANY] += 1 + len(its_changes)
            continue
        try:
            with series.bounded():
                found = series.occurrences(event, its_changes, window)
        except Wrong as error:
            made.skipped[str(error)] += 1 + len(its_changes)
            continue
        made.kept += 1 + len(its_changes)
        made.occurrences += found


def _latest(family: list[Event], made: Read, is_change: bool) -> list[Event]:
    """One event for each beginning, or one change for each occurrence: of two, the one that was changed last."""
    latest: dict[When | None, Event] = {}
    for event in family:
        if (event.instead_of is not None) is not is_change:
            continue
        about = event.instead_of if is_change else event.begins
        if about in latest:
            made.skipped["événement en double"] += 1
        if about not in latest or event.sequence >= latest[about].sequence:
            latest[about] = event
    return list(latest.values())


def lines_of(made: Read) -> Iterator[str]:
    """What is told of a reading: its occurrences, then a last line that says that nothing is missing."""
    for each in made.occurrences:
        told = asdict(each) | {"begins": each.begins.isoformat(), "ends": each.ends.isoformat()}
        yield json.dumps(told, ensure_ascii=True)
    yield json.dumps({"done": True, "title": made.title, "kept": made.kept, "skipped": dict(made.skipped)})


def confine() -> None:
    """Leave this process no more than it needs: memory, time, and nothing to write or to start."""
    for what, most in (
        (resource.RLIMIT_AS, MEMORY),
        (resource.RLIMIT_CPU, SECONDS),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NOFILE, 32),
    ):
        resource.setrlimit(what, (most, most))


def main(first: str, after: str) -> None:
    """Read the file on the standard input, for the days from one to before the other."""
    confine()
    warnings.simplefilter("ignore")
    content = sys.stdin.buffer.read(MOST_BYTES + 1)
    try:
        made = read(content, Window(date.fromisoformat(first), date.fromisoformat(after)))
    except outline.NotACalendar as error:
        print(json.dumps({"refused": str(error)}))
        return
    for line in lines_of(made):
        print(line)


if __name__ == "__main__":
    main(*sys.argv[1:3])
