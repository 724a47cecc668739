"""How long before a meeting its convocation is sent, and what a body's rule is when nobody wrote one.

A municipal council is convened three clear days before its meeting (CGCT, art. L.2121-11), or five where the commune
has at least 3,500 inhabitants (art. L.2121-12), a delay that urgency may shorten to no less than one clear day. The
council of an EPCI follows the rules of a commune of 3,500 inhabitants when it counts such a commune (art. L.5211-1).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from entente.people.models import BodyKind
from entente.web.words import NBSP, plural, weekday_date
from planning.models import BodyRule

TOWN = 3_500
"""Inhabitants from which the law asks for five clear days (CGCT, art. L.2121-12)."""
LONG_AGO = date(1900, 1, 1)
DELIBERATING = (BodyKind.CONSEIL_COMMUNAUTAIRE, BodyKind.CONSEIL_MUNICIPAL, BodyKind.BUREAU)
"""Bodies that decide, for which the law sets the notice, the quorum and the pouvoirs."""


def last_sending_day(meeting: date, days: int, is_clear: bool) -> date:
    """The last day on which a convocation may still be sent; of clear days, neither end counts.

    A meeting on Friday 11 December 2026 needs sending by Saturday 5 for five clear days, and Monday 7 for three.
    """
    return meeting - timedelta(days=days + 1 if is_clear else days)


@dataclass(frozen=True)
class Delay:
    """What a rule asks of one meeting, on the day when it is convened."""

    meeting: date
    today: date
    rule: BodyRule

    @property
    def limit(self) -> date:
        """The last day of sending."""
        return last_sending_day(self.meeting, self.rule.days, self.rule.is_clear)

    @property
    def urgent_limit(self) -> date:
        """The last day of sending when there is a reason of urgency."""
        return last_sending_day(self.meeting, self.rule.urgency_days, self.rule.is_clear)

    @property
    def is_late(self) -> bool:
        """Whether the notice would be too short."""
        return self.today > self.limit

    @property
    def is_beyond_urgency(self) -> bool:
        """Whether no reason could shorten it so much."""
        return self.today > self.urgent_limit

    @property
    def words(self) -> str:
        """What the form says, with the date."""
        asked = days_words(self.rule.days, self.rule.is_clear)
        if not self.rule.days:
            return "Aucun délai de convocation n’est fixé pour cette instance."
        verb = "était" if self.is_late else "est"
        return (
            f"La convocation se donne {asked} avant la réunion{NBSP}: le dernier jour pour l’envoyer {verb} "
            f"le {weekday_date(self.limit)}."
        )

    @property
    def refusal(self) -> str:
        """Why it cannot be convened today as things are; nothing when it can, with or without a warning."""
        if not self.is_late or not self.rule.is_strict:
            return ""
        if self.is_beyond_urgency:
            floor = days_words(self.rule.urgency_days, self.rule.is_clear)
            return (
                f"{self.words} Même l’urgence ne peut réduire ce délai à moins de {floor}{NBSP}: "
                "choisissez une date plus lointaine."
            )
        return f"{self.words} Dites pourquoi il y a urgence{NBSP}: le motif sera gardé."


def days_words(days: int, is_clear: bool) -> str:
    """« 5 jours francs », « 1 jour »."""
    return plural(days, "jour franc", "jours francs") if is_clear else plural(days, "jour", "jours")


def default_rule(kind: BodyKind, body_id: UUID, populations: Iterable[int | None]) -> BodyRule:
    """What holds for a body while nobody wrote its rule: the law for those that decide, custom for the others.

    `populations` are those of the communes that count: the members of the EPCI, or the commune itself.
    """
    if kind not in DELIBERATING:
        return BodyRule(
            body_id=body_id, since=LONG_AGO, days=3, has_quorum=False, allows_pouvoirs=False, allows_substitutes=True
        )
    has_town = any((population or 0) >= TOWN for population in populations)
    return BodyRule(body_id=body_id, since=LONG_AGO, days=5 if has_town else 3, is_strict=True)
