"""Who must agree to a request, and who answers after whom: plain functions."""

from collections.abc import Collection, Sequence
from datetime import date, timedelta
from uuid import UUID

from booking import rules
from booking.approvals.models import Level, Said, Step
from booking.fleet.models import ResourceType
from entente.people.models import FunctionKind
from entente.people.who import Who

LONGEST_ABSENCE = timedelta(days=366)
WORDS = {
    FunctionKind.GESTIONNAIRE: "gestionnaire du matériel",
    FunctionKind.DGS: "DGS du propriétaire",
    FunctionKind.MAIRE: "maire du propriétaire",
    FunctionKind.ELU: "élu du propriétaire",
}
"""The functions that may agree to a loan."""


def usual(type_: ResourceType) -> Level:
    """What a type asks for while nobody has said otherwise: its keeper's agreement."""
    return Level(type_id=type_.id, number=1, function=FunctionKind.GESTIONNAIRE, minutes=max(type_.hold_minutes, 60))


def asked_of(
    who: Who, type_: ResourceType, payer_id: UUID, owners: Collection[UUID], levels: Sequence[Level]
) -> list[Level]:
    """The levels that this request must pass: owners do not ask themselves, nor does whoever keeps the thing."""
    if rules.first_state(who, type_, payer_id, owners).value == "requested":
        return list(levels)
    if not type_.needs_approval or all(owner == payer_id for owner in owners):
        return []
    return [level for level in levels if level.function != FunctionKind.GESTIONNAIRE and level.person_id != who.id]


def after(step: Step, levels: Sequence[Level]) -> Level | None:
    """Whoever is asked once this level has agreed; none when it was the last."""
    return next((level for level in levels if level.number > step.level), None)


def when_late(step: Step, levels: Sequence[Level]) -> Level | None:
    """Whoever is asked when nobody answered: the person named for that, or the next level, or nobody."""
    own = next((level for level in levels if level.number == step.level), None)
    if own and own.late_id and own.late_id != step.person_id:
        return Level(type_id=own.type_id, number=own.number, person_id=own.late_id, minutes=own.minutes)
    return after(step, levels)


def is_open(step: Step, has_expired: bool) -> bool:
    """Whether it may still be answered: what lapsed may be granted late."""
    return step.said is None or (has_expired and step.said == Said.LATE)


def may_set(who: Who, owners: Collection[UUID]) -> bool:
    """Who says which agreements a type asks for: whoever keeps all of it, and whoever keeps the house."""
    return who.is_administrator or rules.may_decide(who, owners)


def wrong_dates(since: date, last: date, today: date) -> dict[str, str]:
    """What is wrong with the days of an absence, for each field."""
    if last < since:
        return {"last": "Le dernier jour vient avant le premier."}
    if last < today:
        return {"last": "Cette absence est déjà passée."}
    if last - since > LONGEST_ABSENCE:
        return {"last": "Un an au plus\u00a0: au-delà, demandez à l’administrateur de changer les fonctions."}
    return {}
