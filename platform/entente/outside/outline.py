"""A calendar file cut into pieces before anything in it is understood: one wrong event harms no other.

Only the lines that tell when something takes place and what it is are kept: the guests, texts and alarms of an event
are most of a file, and nobody here needs them.
"""

import re
from dataclasses import dataclass, field

WANTED = frozenset(
    {
        *("UID", "SEQUENCE", "DTSTART", "DTEND", "DURATION", "RRULE", "RDATE", "EXDATE", "RECURRENCE-ID"),
        *("SUMMARY", "STATUS", "TRANSP"),
    }
)
LISTS = frozenset({"RDATE", "EXDATE"})
TITLE_CUT = 2_000
ZONE_LINES = 2_000
MOST_ZONES = 200

_FOLD = re.compile(r"(?:\r\n|\n|\r)[ \t]")
_ENDS = re.compile(r"\r\n|\n|\r")
_NAME = re.compile(r"[A-Za-z0-9-]+")
_TZID = re.compile(r';TZID=(?:"[^"]*"|[^;:]*)', re.IGNORECASE)
_NEEDS_NO_ZONE = re.compile(r":\d{8}(?:T\d{6}Z)?(?:,\d{8}(?:T\d{6}Z)?)*\s*$")


class NotACalendar(Exception):
    """It is something else; the message says what, in French."""


@dataclass
class Outline:
    """The pieces of a file, each a list of whole lines."""

    title: str = ""
    zone: str = ""
    """The zone of times without one, as some applications name it (X-WR-TIMEZONE)."""
    zones: list[list[str]] = field(default_factory=list)
    events: list[list[str]] = field(default_factory=list)
    unfinished: int = 0
    """Events that begin and never end."""


def text_of(content: bytes) -> str:
    """The letters of a file, whatever wrote it: UTF-8 with or without its mark, UTF-16 with it, or Windows'."""
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return content.decode("utf-16", "replace").replace("\0", "")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("cp1252", "replace")
    return text.replace("\0", "")


def outline(content: bytes) -> Outline:
    """The pieces of a calendar; raises NotACalendar for anything else."""
    text = text_of(content)
    _require_calendar(text)
    made = _Cutter()
    for line in _ENDS.split(_FOLD.sub("", text)):
        made.take(line)
    return made.done()


def _require_calendar(text: str) -> None:
    head = text[:2_000].lstrip().lower()
    if not head:
        raise NotACalendar("Le fichier est vide.")
    if re.search(r"^[ \t]*BEGIN:VCALENDAR", text, re.IGNORECASE | re.MULTILINE):
        return
    if head.startswith(("<!doctype html", "<html")) or "<head" in head or "<body" in head:
        raise NotACalendar(
            "C’est une page web, pas un agenda\u00a0: copiez l’adresse au format iCal, qui finit souvent par .ics."
        )
    raise NotACalendar("Ce n’est pas un agenda au format iCalendar (.ics).")


class _Cutter:
    def __init__(self) -> None:
        self.made = Outline()
        self._event: list[str] | None = None
        self._zone: list[str] | None = None
        self._depth = 0

    def done(self) -> Outline:
        """Nothing follows."""
        self._leave()
        return self.made

    def _leave(self) -> None:
        if self._event is not None:
            self.made.unfinished += 1
            self._event = None

    def take(self, line: str) -> None:
        """One whole line."""
        name = (found := _NAME.match(line)) and found.group().upper()
        if not name:
            return
        if name in ("BEGIN", "END"):
            self._turn(name, line.partition(":")[2].strip().upper())
        elif self._event is not None:
            if not self._depth and name in WANTED:
                self._keep(name, line)
        elif self._zone is not None:
            self._zone.append(line[:1_000])
        elif name == "X-WR-CALNAME":
            self.made.title = line.partition(":")[2][:TITLE_CUT]
        elif name == "X-WR-TIMEZONE":
            self.made.zone = line.partition(":")[2].strip()[:200]

    def _turn(self, turn: str, what: str) -> None:
        if self._zone is not None:
            self._turn_zone(turn, what)
        elif what == "VEVENT":
            self._turn_event(turn)
        elif what == "VCALENDAR":
            self._leave()
        elif self._event is not None:
            self._depth = max(0, self._depth + (1 if turn == "BEGIN" else -1))
        elif turn == "BEGIN" and what == "VTIMEZONE":
            self._zone = []

    def _turn_event(self, turn: str) -> None:
        if turn == "BEGIN":
            self._leave()
            self._event, self._depth = [], 0
        elif self._event is not None:
            self.made.events.append(self._event)
            self._event = None

    def _turn_zone(self, turn: str, what: str) -> None:
        assert self._zone is not None
        if turn == "BEGIN" and what in ("VEVENT", "VTIMEZONE", "VCALENDAR"):
            # The zone never ended: it is lost, and what follows is not.
            self._zone = None
            self._turn(turn, what)
        elif turn == "END" and what in ("VTIMEZONE", "VCALENDAR"):
            if what == "VTIMEZONE" and len(self._zone) < ZONE_LINES and len(self.made.zones) < MOST_ZONES:
                self.made.zones.append(self._zone)
            self._zone = None
        else:
            self._zone.append(f"{turn}:{what}")

    def _keep(self, name: str, line: str) -> None:
        assert self._event is not None
        if name == "SUMMARY":
            line = line[:TITLE_CUT]
        elif name in LISTS and line.endswith(":"):
            # Some applications write an empty list of exceptions.
            return
        elif _NEEDS_NO_ZONE.search(line):
            # A day has no zone, and « Z » is one: the library would believe the other.
            line = _TZID.sub("", line)
        self._event.append(line.replace("tzone://Microsoft/Utc", "UTC"))
