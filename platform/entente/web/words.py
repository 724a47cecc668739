"""How dates and numbers are said on screen: in French, in the reader's words."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from markupsafe import Markup

from entente.clock import now

PARIS = ZoneInfo("Europe/Paris")
NBSP = "\N{NO-BREAK SPACE}"
DAYS = ("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche")
MONTHS = (
    "janvier",
    "février",
    "mars",
    "avril",
    "mai",
    "juin",
    "juillet",
    "août",
    "septembre",
    "octobre",
    "novembre",
    "décembre",
)


def long_date(day: date | datetime) -> str:
    """« 22 novembre 2026 »."""
    local = _local(day)
    number = "1er" if local.day == 1 else str(local.day)
    return f"{number}{NBSP}{MONTHS[local.month - 1]} {local.year}"


def weekday_date(day: date | datetime) -> str:
    """« dimanche 22 novembre 2026 »."""
    return f"{DAYS[_local(day).weekday()]} {long_date(day)}"


def clock(moment: datetime) -> str:
    """« 14 h 30 »."""
    local = moment.astimezone(PARIS)
    return f"{local.hour}{NBSP}h{NBSP}{local:%M}"


def date_time(moment: datetime) -> str:
    """« 22 novembre 2026, 14 h 30 »."""
    return f"{long_date(moment)}, {clock(moment)}"


def ago(moment: datetime) -> str:
    """« il y a 5 min » for what is recent, the date for what is not or has yet to come."""
    age = now() - moment
    if age < -timedelta(minutes=1):
        return long_date(moment)
    if age < timedelta(minutes=1):
        return "à l’instant"
    if age < timedelta(hours=1):
        return f"il y a {int(age.total_seconds() // 60)}{NBSP}min"
    if age < timedelta(days=1):
        return f"il y a {int(age.total_seconds() // 3600)}{NBSP}h"
    if age < timedelta(days=7):
        return "hier" if age.days == 1 else f"il y a {age.days}{NBSP}jours"
    return long_date(moment)


def moment(at: datetime) -> Markup:
    """A `<time>` that says it loosely, and exactly to whoever asks."""
    exact = at.astimezone(UTC).isoformat(timespec="seconds")
    return Markup('<time datetime="{}" title="{}">{}</time>').format(exact, date_time(at), ago(at))


def plural(count: int, one: str, many: str) -> str:
    """« 3 réponses », « 1 réponse », « 0 réponse »: in French, less than two is singular."""
    return f"{number(count)}{NBSP}{many if count >= 2 else one}"


def number(count: int) -> str:
    """« 12 500 »: thousands apart."""
    return f"{count:,}".replace(",", "\N{NARROW NO-BREAK SPACE}")


def _local(day: date | datetime) -> date | datetime:
    return day.astimezone(PARIS) if isinstance(day, datetime) else day
