"""Which mail says what: for each thing that happens, the words for whoever borrows and for whoever keeps."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from booking.hold import Verb
from booking.models import State
from booking.periods import Period
from entente.web.words import NBSP, date_time

DAY_BEFORE = timedelta(days=1)
END_BEFORE = timedelta(hours=2)
OVERDUE_AFTER = timedelta(hours=1)
ALIVE = (State.REQUESTED, State.CONFIRMED, State.OUT)

TRUE_WHILE = {
    Verb.RESERVATION_REQUESTED: (State.REQUESTED,),
    Verb.RESERVATION_ADVANCED: (State.REQUESTED,),
    Verb.RESERVATION_ESCALATED: (State.REQUESTED,),
    Verb.RESERVATION_MADE: (State.CONFIRMED,),
    Verb.RESERVATION_MOVED: ALIVE,
    Verb.RESERVATION_REASSIGNED: ALIVE,
    Verb.RESERVATION_RESTORED: ALIVE,
    Verb.RESERVATION_APPROVED: (State.CONFIRMED,),
    Verb.RESERVATION_REFUSED: (State.REFUSED,),
    Verb.RESERVATION_CANCELLED: (State.CANCELLED,),
    Verb.RESERVATION_EXPIRED: (State.EXPIRED,),
    Verb.RESERVATION_OFFERED: (State.OFFERED,),
}
"""In which states a mail is still true: one that comes too late to be so is not written."""
PLANNED_BY = (
    Verb.RESERVATION_MADE,
    Verb.RESERVATION_APPROVED,
    Verb.RESERVATION_MOVED,
    Verb.RESERVATION_RESTORED,
)
"""What gives a reservation its hours, and so its reminders."""
RECEIPTS = (Verb.RESERVATION_REQUESTED, Verb.RESERVATION_MADE)
"""What is written to whoever did it, too."""
BETWEEN_KEEPERS = (Verb.RESERVATION_ADVANCED, Verb.RESERVATION_ESCALATED)
"""What only whoever is asked next needs to know: the page tells the others."""
NEWS_FOR_KEEPERS = (
    Verb.RESERVATION_REQUESTED,
    *BETWEEN_KEEPERS,
    Verb.RESERVATION_MOVED,
    Verb.RESERVATION_CANCELLED,
    Verb.RESERVATION_RESTORED,
    Verb.RESERVATION_EXPIRED,
)


class Letter(NamedTuple):
    """How a mail begins."""

    subject: str
    sentence: str


class Reminder(StrEnum):
    """What one is reminded of."""

    START = "start"
    END = "end"
    OVERDUE = "overdue"


def for_borrower(verb: Verb, was: str, by: str, held_until: datetime | None, state: State) -> Letter:
    """What whoever borrows reads; `was` is the state before, `by` who did it."""
    until = date_time(held_until) if held_until else ""
    doer = f" par {by}" if by else ""
    match verb:
        case Verb.RESERVATION_REQUESTED:
            return Letter("Demande envoyée", f"Votre demande est envoyée. La place vous est gardée jusqu’au {until}.")
        case Verb.RESERVATION_MADE:
            return Letter("Réservation confirmée", "Votre réservation est confirmée.")
        case Verb.RESERVATION_APPROVED:
            return Letter("Demande acceptée", f"Votre demande est acceptée{doer}. La réservation est confirmée.")
        case Verb.RESERVATION_REFUSED:
            return Letter("Demande refusée", f"Votre demande est refusée{doer}.")
        case Verb.RESERVATION_CANCELLED:
            return Letter("Réservation annulée", f"Votre réservation est annulée{doer}.")
        case Verb.RESERVATION_RESTORED:
            return Letter("Réservation rétablie", f"Votre réservation est rétablie{doer}.{_again(state, until)}")
        case Verb.RESERVATION_OFFERED:
            sentence = f"Ce que vous attendiez s’est libéré. Répondez avant le {until}"
            return Letter("Une place s’est libérée", f"{sentence}{NBSP}: ensuite, une autre personne l’aura.")
        case Verb.RESERVATION_EXPIRED:
            return Letter("Sans réponse à temps", _EXPIRED.get(was, _EXPIRED[State.REQUESTED]))
    return Letter("Réservation modifiée", f"Votre réservation est modifiée{doer}.{_again(state, until)}")


def _again(state: State, until: str) -> str:
    return f" Elle attend l’accord du propriétaire jusqu’au {until}." if state == State.REQUESTED else ""


_EXPIRED: dict[str, str] = {
    State.REQUESTED: "Le propriétaire n’a pas répondu à temps. La place n’est plus gardée\u00a0: écrivez-lui, "
    "ou choisissez un autre matériel.",
    State.OFFERED: "Vous n’avez pas répondu à temps. La place est proposée à la personne suivante.",
    State.WAITING: "Rien ne s’est libéré à temps pour les dates que vous attendiez.",
}


_ASKED = {
    Verb.RESERVATION_REQUESTED: "{by} demande ce matériel",
    Verb.RESERVATION_ADVANCED: "{by} a accepté cette demande, qui attend maintenant votre accord",
    Verb.RESERVATION_ESCALATED: "Personne n’a répondu à temps à cette demande, qui attend maintenant votre accord",
}


def for_keeper(verb: Verb, was: str, by: str, held_until: datetime | None, state: State) -> Letter:
    """What whoever keeps the equipment reads."""
    until = date_time(held_until) if held_until else ""
    if state == State.REQUESTED:
        what = _ASKED.get(verb, "{by} a changé sa demande").format(by=by)
        sentence = f"{what}. Répondez avant le {until}{NBSP}: après, la place n’est plus gardée."
        return Letter("À approuver", sentence)
    match verb:
        case Verb.RESERVATION_CANCELLED:
            return Letter("Réservation annulée", f"{by} a annulé cette réservation. Le matériel est de nouveau libre.")
        case Verb.RESERVATION_RESTORED:
            return Letter("Réservation rétablie", f"{by} a rétabli cette réservation.")
        case Verb.RESERVATION_EXPIRED:
            return Letter("Demande restée sans réponse", "Personne n’a répondu à temps. La place n’est plus gardée.")
    return Letter("Réservation modifiée", f"{by} a modifié cette réservation.")


def reminder(what: Reminder, period: Period) -> Letter:
    """What is said the day before, shortly before the end, and when it should have come back."""
    match what:
        case Reminder.START:
            return Letter("À prendre demain", f"Votre réservation commence le {date_time(period.starts)}.")
        case Reminder.END:
            return Letter("À rendre bientôt", f"Votre réservation se termine le {date_time(period.ends)}.")
    sentence = f"Ce matériel devait être rendu le {date_time(period.ends)}. Rapportez-le, ou appelez son gestionnaire."
    return Letter("À rendre\u00a0: en retard", sentence)


def reminders_of(period: Period, at: datetime) -> list[tuple[Reminder, datetime]]:
    """When each reminder of a reservation is due; none for a moment that is past."""
    wished = [(Reminder.START, period.starts - DAY_BEFORE), (Reminder.OVERDUE, period.ends + OVERDUE_AFTER)]
    if period.ends - period.starts > 2 * END_BEFORE:
        wished.append((Reminder.END, period.ends - END_BEFORE))
    return [(what, due) for what, due in wished if due > at]


def is_due(what: Reminder, state: State) -> bool:
    """Whether there still is something to remind of; late is only what was taken out and has not come back."""
    if what == Reminder.START:
        return state == State.CONFIRMED
    return state == State.OUT or (what == Reminder.END and state == State.CONFIRMED)
