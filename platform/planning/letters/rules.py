"""Which mail says what, and to whom it is due: plain functions."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, time, timedelta
from enum import StrEnum
from hashlib import sha256
from typing import NamedTuple

from entente.ical import Event, Method
from entente.ical import State as Certainty
from entente.web.words import NBSP, PARIS, clock, date_time, weekday_date
from planning.calendars.queries import Said
from planning.calendars.rules import AT, event_of, place_of, title_of
from planning.models import Invitation, Meeting, Stance, State

MORNING = time(9)
"""When reminders go, in Paris."""
WITHDRAWN = "Réunion retirée de votre agenda"
PARTSTAT = {
    Stance.PRESENT: "ACCEPTED",
    Stance.EXCUSED: "DECLINED",
    Stance.REPRESENTED: "DECLINED",
    Stance.SUBSTITUTED: "DECLINED",
}


class Kind(StrEnum):
    """What a mail is for."""

    INVITED = "invited"
    CHANGED = "changed"
    CANCELLED = "cancelled"
    WITHDRAWN = "withdrawn"


class Reminder(StrEnum):
    """How long before a meeting one is reminded of it."""

    WEEK = "week"
    DAY = "day"


BEFORE = {Reminder.WEEK: timedelta(days=7), Reminder.DAY: timedelta(days=1)}


class Letter(NamedTuple):
    """How a mail begins."""

    subject: str
    sentence: str


def fingerprint(said: Said) -> str:
    """When, where and what: a change of nothing else is not written about."""
    shown = (said.starts_at, said.ends_at, title_of(said), place_of(said), said.link, said.state == State.CANCELLED)
    return sha256(repr(shown).encode()).hexdigest()


def kind_of(said: Said | None, sent: Invitation | None) -> Kind | None:
    """What to write to someone now, given what they were last sent; `said` is None for whoever is not expected."""
    if said is None or said.state == State.CANCELLED:
        if sent is None or sent.is_cancelled:
            return None
        return Kind.CANCELLED if said else Kind.WITHDRAWN
    if said.state != State.CONVENED:
        return None
    if sent is None or sent.is_cancelled:
        return Kind.INVITED
    return Kind.CHANGED if sent.told != fingerprint(said) else None


WITHDRAWAL = Letter(WITHDRAWN, "Votre présence n’est plus attendue à une réunion dont vous aviez reçu l’invitation.")


def is_told(meeting: Meeting, is_expected: bool, sent: Invitation | None) -> bool:
    """Whether nothing can be left to write to someone, seen at once: one answer is no news for a hundred people."""
    if sent is None or sent.is_cancelled:
        return not (is_expected and meeting.state == State.CONVENED)
    return is_expected and sent.version == meeting.version


def letter_of(kind: Kind, said: Said, standing_in_for: Sequence[str] = ()) -> Letter:
    """The words of a mail about a meeting; `standing_in_for` names the holders whom its reader replaces."""
    what = f"{title_of(said)}, {date_time(said.starts_at)}"
    match kind:
        case Kind.INVITED:
            sentence = "Votre présence est attendue à la réunion suivante"
            instead = f", où vous suppléez {' et '.join(standing_in_for)}" if standing_in_for else ""
            return Letter(f"Invitation{NBSP}: {what}", f"{sentence}{instead}.")
        case Kind.CHANGED:
            return Letter(
                f"Réunion modifiée{NBSP}: {what}", "La réunion suivante a changé. Voici ce qui vaut désormais."
            )
    return Letter(f"Réunion annulée{NBSP}: {what}", "La réunion suivante est annulée.")


def reminder_of(what: Reminder, said: Said, is_awaited: bool) -> Letter:
    """The words of a reminder; `is_awaited` is whoever has not answered."""
    subject = f"{title_of(said)}, {date_time(said.starts_at)}"
    if is_awaited:
        when = "dans une semaine" if what == Reminder.WEEK else "demain"
        return Letter(
            f"Votre réponse est attendue{NBSP}: {subject}",
            f"Cette réunion a lieu {when} et vous n’avez pas encore répondu. Une réponse aide à prévoir le quorum.",
        )
    return Letter(f"Demain{NBSP}: {subject}", "Votre présence est annoncée pour demain.")


def method_of(kind: Kind) -> Method:
    """What the calendar of a mail asks."""
    return Method.REQUEST if kind in (Kind.INVITED, Kind.CHANGED) else Method.CANCEL


def event_for(said: Said, base_url: str) -> Event:
    """The meeting as its mail carries it."""
    made = event_of(said, (), f"{said.id}{AT}")
    return replace(made, address=base_url + made.address)


def withdrawn(meeting: Meeting, sent: Invitation) -> Event:
    """What takes a meeting out of the calendar of whoever is not expected: nothing of what it became."""
    uid, at = f"{meeting.id}{AT}", sent.sent_at
    sequence = max(meeting.version, sent.version) - 1
    return Event(uid, sequence, meeting.changed_at, at, at + timedelta(hours=1), WITHDRAWN, state=Certainty.CANCELLED)


def when_words(said: Said) -> str:
    """« vendredi 11 décembre 2026, de 18 h 30 à 20 h 00 »."""
    starts, ends = said.starts_at, said.ends_at
    if starts.astimezone(PARIS).date() == ends.astimezone(PARIS).date():
        return f"{weekday_date(starts)}, de {clock(starts)} à {clock(ends)}"
    return f"du {weekday_date(starts)}, {clock(starts)}, au {weekday_date(ends)}, {clock(ends)}"


def reminders_of(starts_at: datetime, at: datetime) -> Mapping[Reminder, datetime]:
    """When each reminder of a meeting is due; none for a moment that is past."""
    day = starts_at.astimezone(PARIS).date()
    due = {what: datetime.combine(day - before, MORNING, PARIS) for what, before in BEFORE.items()}
    return {what: moment for what, moment in due.items() if moment > at}


def is_reminded(what: Reminder, stance: Stance | None, is_substitute: bool) -> bool:
    """Whether to remind someone: who has not answered, both times; who comes, the day before."""
    if stance is None:
        return True
    comes = Stance.SUBSTITUTED if is_substitute else Stance.PRESENT
    return what == Reminder.DAY and stance == comes
