"""Who may write a decision down, and what makes one whole: plain functions."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from typing import NamedTuple
from uuid import UUID

from entente.people.who import Who
from entente.web.words import long_date
from pistes.decisions.models import DecisionForm
from pistes.seats.queries import Sat

ONLY_SECRETARY = "Seuls le secrétaire de cette instance et un administrateur enregistrent ses décisions."
NEVER_CHANGED = "Une décision enregistrée ne se modifie pas\u00a0: enregistrez-en une nouvelle, qui la remplace."


def may_record(who: Who, body_id: UUID) -> bool:
    """The secretary of that body, or an administrator."""
    return who.is_administrator or body_id in who.secretary_of


def may_record_some(who: Who) -> bool:
    """Whether there is any body for which this person writes decisions down."""
    return who.is_administrator or bool(who.secretary_of)


class Present(NamedTuple):
    """Someone sat, for one seat."""

    seat: Sat
    person_id: UUID

    @property
    def as_substitute(self) -> bool:
        """Whether they stood in for the holder."""
        return self.person_id != self.seat.holder_id


def wrong(form: DecisionForm, seats: Sequence[Sat], present: Mapping[UUID, UUID], today: date) -> dict[str, str]:
    """Everything that keeps a decision from being written down, in French; `present` is seat → person."""
    errors: dict[str, str] = {}
    if form.decided_on > today:
        errors["decided_on"] = "Cette date est à venir\u00a0: une décision s’enregistre une fois prise."
    elif not seats:
        errors["decided_on"] = f"Cette instance n’avait aucun siège le {long_date(form.decided_on)}."
    if form.review_on and form.review_on <= form.decided_on:
        errors["review_on"] = "La date de revue vient après la décision."
    if said := _wrong_presence(form, seats, present):
        errors["present"] = said
    if (form.gate is None) != (form.outcome is None):
        errors["outcome"] = "Un jalon se décide par un go, un no-go, une mise en attente ou une reprise."
    if form.gate and not form.piste:
        errors["piste"] = "Choisissez la piste dont c’est le jalon."
    return errors


def _wrong_presence(form: DecisionForm, seats: Sequence[Sat], present: Mapping[UUID, UUID]) -> str:
    known = {seat.id: seat for seat in seats}
    if not present:
        return "Dites qui a siégé\u00a0: une décision sans présents n’en est pas une."
    for seat_id, person_id in present.items():
        seat = known.get(seat_id)
        if seat is None or person_id not in (seat.holder_id, seat.substitute_id):
            day = long_date(form.decided_on)
            return f"Une des personnes cochées n’avait pas de siège dans cette instance le {day}."
    return "" if len(set(present.values())) == len(present) else "Une même personne ne siège pas deux fois."


def sitting(seats: Sequence[Sat], present: Mapping[UUID, UUID]) -> list[Present]:
    """Who sat, in the order of the seats."""
    return [Present(seat, present[seat.id]) for seat in seats if seat.id in present]


def with_mandate(present: Collection[Present]) -> int:
    """How many of them decided for their commune."""
    return sum(each.seat.mandate for each in present)
