"""A moment as a form asks for it: a day and an hour in Paris, read on the server's clock."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta

from entente.rules import Invalid
from entente.web.words import PARIS

FARTHEST = timedelta(days=3 * 366)


def moment_in(typed: Mapping[str, str], name: str, at: datetime) -> datetime:
    """The moment typed in `<name>_day` and `<name>_hour`, to come; raises Invalid with a sentence per field."""
    day, hour = _day(typed.get(f"{name}_day", "").strip()), _hour(typed.get(f"{name}_hour", "").strip())
    wrong = {}
    if isinstance(day, str):
        wrong[f"{name}_day"] = day
    if isinstance(hour, str):
        wrong[f"{name}_hour"] = hour
    if isinstance(day, str) or isinstance(hour, str):
        raise Invalid(wrong)
    return _to_come(day, hour, name, at)


def _to_come(day: date, hour: time, name: str, at: datetime) -> datetime:
    if not at.year - 1 <= day.year <= at.year + 10:
        raise Invalid({f"{name}_day": TOO_FAR if day.year > at.year else PAST})
    local = datetime.combine(day, hour, PARIS)
    moment = local.astimezone(UTC)
    if moment.astimezone(PARIS).time() != hour:
        raise Invalid({f"{name}_hour": "Cette heure n’existe pas ce jour-là\u00a0: on y passe à l’heure d’été."})
    if moment <= at:
        raise Invalid({f"{name}_day": PAST})
    if moment > at + FARTHEST:
        raise Invalid({f"{name}_day": TOO_FAR})
    return moment


PAST = "Ce moment est passé\u00a0: choisissez-en un à venir."
TOO_FAR = "C’est trop loin\u00a0: dans trois ans au plus."


def _day(text: str) -> date | str:
    if not text:
        return "Choisissez un jour."
    try:
        return date.fromisoformat(text)
    except ValueError:
        return "Cette date n’existe pas\u00a0; écrivez-la ainsi\u00a0: 2026-11-22."


def _hour(text: str) -> time | str:
    if not text:
        return "Choisissez une heure."
    try:
        found = time.fromisoformat(text)
    except ValueError:
        return "Cette heure n’existe pas\u00a0; écrivez-la ainsi\u00a0: 14:30."
    return found.replace(tzinfo=None, second=0, microsecond=0)


def as_typed(moment: datetime, name: str) -> dict[str, str]:
    """The moment as one would type it again."""
    local = moment.astimezone(PARIS)
    return {f"{name}_day": f"{local:%Y-%m-%d}", f"{name}_hour": f"{local:%H:%M}"}
