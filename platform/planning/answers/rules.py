"""What seats answer, and what that makes of a quorum: plain functions of what was said before.

A pouvoir is given in writing to a colleague, who bears only one; it may be taken back at any time (CGCT, art.
L.2121-20). The quorum is reached when more than half of the members in office attend (art. L.2121-17), and whoever
gave a pouvoir does not attend.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple
from uuid import UUID

from entente.web.words import NBSP, number, plural
from planning.models import BodyRule, Stance

AWAY = (Stance.EXCUSED, Stance.REPRESENTED, Stance.SUBSTITUTED)
"""Answers after which the holder of the seat does not come."""
ATTENDS = (Stance.PRESENT, Stance.SUBSTITUTED)


MOST_SITTINGS = 3
"""Sittings in a row for which one pouvoir holds, unless an illness is duly recorded (CGCT, art. L.2121-20)."""


class Said(NamedTuple):
    """What a seat answered."""

    stance: Stance
    bearer: UUID | None = None
    """The seat that bears the pouvoir."""


Answers = Mapping[UUID, Said]
"""The last word of each seat."""


class Step(NamedTuple):
    """What one answer changes: its own, and the pouvoir that falls with it."""

    answers: dict[UUID, Said]
    fallen: UUID | None
    """The seat whose pouvoir nobody bears any more: it stays excused."""


def heard(answers: Answers, seat: UUID, said: Said | None) -> Step:
    """The answers after one more; None takes the answer back. The bearer of a pouvoir who goes away drops it."""
    after = dict(answers)
    after.pop(seat, None)
    if said is not None:
        after[seat] = said
    fallen = pouvoir_borne_by(answers, seat) if said is not None and said.stance in AWAY else None
    if fallen is not None:
        after[fallen] = Said(Stance.EXCUSED)
    return Step(after, fallen)


def pouvoir_borne_by(answers: Answers, seat: UUID) -> UUID | None:
    """The seat whose pouvoir this one bears."""
    return next((giver for giver, said in answers.items() if said.bearer == seat), None)


class Bearer(NamedTuple):
    """Someone to whom a pouvoir might be given."""

    seat: UUID
    name: str
    is_away: bool
    """Whether an absence of theirs covers the day."""


def is_worn_out(in_a_row: int) -> bool:
    """Whether a pouvoir has served, without this one, as many sittings in a row as the law lets it."""
    return in_a_row >= MOST_SITTINGS


def unfit_bearer(answers: Answers, seat: UUID, bearer: Bearer) -> str:
    """Why this member cannot bear the pouvoir of that seat, in French; nothing when they can.

    That they bear another one already is for the database to say.
    """
    if bearer.seat == seat:
        return "On ne se donne pas pouvoir à soi-même."
    said = answers.get(bearer.seat)
    if said and said.stance == Stance.REPRESENTED:
        return f"{bearer.name} a déjà donné son propre pouvoir et ne peut pas porter le vôtre."
    if said and said.stance in AWAY:
        return f"{bearer.name} ne viendra pas et ne peut pas porter de pouvoir."
    if bearer.is_away:
        return f"{bearer.name} a annoncé son absence ce jour-là et ne peut pas porter de pouvoir."
    return ""


@dataclass(frozen=True)
class Count:
    """Who is expected, seat by seat, each counted once."""

    in_office: int
    present: int = 0
    substituted: int = 0
    excused: int = 0
    represented: int = 0
    needed: int | None = None
    """How many must attend; None where the body has no quorum."""

    @property
    def expected(self) -> int:
        """Those who attend; pouvoirs are not counted."""
        return self.present + self.substituted

    @property
    def silent(self) -> int:
        """Those who have not answered."""
        return self.in_office - self.expected - self.excused - self.represented

    @property
    def is_reached(self) -> bool:
        """Whether enough members say that they come."""
        return self.needed is not None and self.expected >= self.needed

    @property
    def is_lost(self) -> bool:
        """Whether it could not be reached even if all those who have not answered came."""
        return self.needed is not None and self.expected + self.silent < self.needed

    @property
    def words(self) -> str:
        """Where the quorum stands, in a sentence."""
        come = plural(self.expected, "membre attendu", "membres attendus")
        if self.needed is None:
            return f"{come} sur {number(self.in_office)}{NBSP}; cette instance n’a pas de quorum."
        if self.is_reached:
            return f"Le quorum est atteint{NBSP}: {come}, il en faut {number(self.needed)}."
        missing = plural(self.needed - self.expected, "présence", "présences")
        if self.is_lost:
            return f"Le quorum ne peut plus être atteint{NBSP}: {come}, il en faut {number(self.needed)}."
        return f"Le quorum n’est pas encore atteint{NBSP}: {come}, il manque {missing}."


def count(seats: Collection[UUID], answers: Answers, rule: BodyRule) -> Count:
    """Where a meeting stands: every seat in office once, whatever was said and however often."""
    made = Count(len(set(seats)))
    for seat in set(seats):
        if said := answers.get(seat):
            name = str(said.stance)
            made = replace(made, **{name: getattr(made, name) + 1})
    return replace(made, needed=needed(made.in_office, rule))


def needed(in_office: int, rule: BodyRule) -> int | None:
    """More than the rule's share of the members in office: 9 of 16, 9 of 17."""
    return in_office * rule.quorum_of // rule.quorum_over + 1 if rule.has_quorum else None
