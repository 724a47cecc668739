"""What is typed of a quota, and how one is said aloud: plain functions."""

import re
from collections.abc import Mapping
from typing import NamedTuple
from uuid import UUID

from booking.fleet.models import Quota, Scope
from booking.periods import length
from entente.rules import Invalid
from entente.web.words import plural

MOST_DAYS = 366
MOST_TIMES = 1_000
MOST_HOURS = 10_000
SCOPES = {
    Scope.PERSON: "chaque personne",
    Scope.SERVICE: "chaque service d’une organisation",
    Scope.ORGANISATION: "chaque organisation",
}
EMPTY = "Fixez un nombre de réservations, un nombre d’heures, ou les deux."


class Typed(NamedTuple):
    """A quota as a form means it."""

    type_id: UUID
    scope: Scope
    days: int
    most_times: int | None
    most_minutes: int | None


def typed(fields: Mapping[str, str]) -> Typed:
    """What was typed; raises Invalid with a sentence per field."""
    errors: dict[str, str] = {}
    days = _whole(fields, "days", MOST_DAYS, errors)
    times = _whole(fields, "most_times", MOST_TIMES, errors)
    hours = _whole(fields, "most_hours", MOST_HOURS, errors)
    if days is None and "days" not in errors:
        errors["days"] = "Ce champ est à remplir."
    if times is None and hours is None and not errors.keys() & {"most_times", "most_hours"}:
        errors["most_times"] = EMPTY
    type_id, scope = _chosen(fields, errors)
    if errors or days is None or type_id is None or scope is None:
        raise Invalid(errors)
    return Typed(type_id, scope, days, times, hours * 60 if hours is not None else None)


def _chosen(fields: Mapping[str, str], errors: dict[str, str]) -> tuple[UUID | None, Scope | None]:
    type_id = scope = None
    try:
        type_id = UUID(fields.get("type_id", ""))
    except ValueError:
        errors["type_id"] = "Choisissez dans la liste."
    try:
        scope = Scope(fields.get("scope", ""))
    except ValueError:
        errors["scope"] = "Choisissez dans la liste."
    return type_id, scope


def _whole(fields: Mapping[str, str], name: str, most: int, errors: dict[str, str]) -> int | None:
    written = re.sub(r"\s", "", fields.get(name, ""))
    if not written:
        return None
    if not re.fullmatch(r"\d{1,9}", written, re.ASCII):
        errors[name] = "Écrivez un nombre entier."
        return None
    if not 1 <= int(written) <= most:
        errors[name] = f"Entre 1 et {most}."
        return None
    return int(written)


def sentence(quota: Quota) -> str:
    """« 8 réservations et 40 h au plus sur 30 jours, pour chaque organisation »."""
    figures = []
    if quota.most_times is not None:
        figures.append(plural(quota.most_times, "réservation", "réservations"))
    if quota.most_minutes is not None:
        figures.append(length(quota.most_minutes))
    window = plural(quota.days, "jour", "jours")
    return f"{' et '.join(figures)} au plus sur {window}, pour {SCOPES[Scope(quota.scope)]}"


def fields_of(quota: Quota) -> dict[str, str]:
    """A quota, ready to be changed."""
    hours = "" if quota.most_minutes is None else str(quota.most_minutes // 60)
    times = "" if quota.most_times is None else str(quota.most_times)
    return {
        "type_id": str(quota.type_id),
        "scope": str(quota.scope),
        "days": str(quota.days),
        "most_times": times,
        "most_hours": hours,
    }
