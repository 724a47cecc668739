"""What the form of a reservation says of a series, and the page on which its conflicts are decided."""

from collections.abc import Mapping
from datetime import datetime

from starlette.requests import Request
from starlette.responses import Response

from booking.periods import Period
from booking.series.rules import in_words
from booking.series.service import Choice, Clashes, Instead, Reach
from entente.rules import Invalid
from entente.web import pages

REPEATS = [
    ("", "une seule fois"),
    ("FREQ=DAILY", "chaque jour"),
    ("FREQ=WEEKLY", "chaque semaine"),
    ("FREQ=WEEKLY;INTERVAL=2", "toutes les deux semaines"),
    ("FREQ=MONTHLY", "chaque mois"),
]
REACHES = [
    (Reach.ONE, "cette date seulement"),
    (Reach.FOLLOWING, "cette date et les suivantes"),
    (Reach.ALL, "toutes les dates à venir"),
]


def rule_of(fields: Mapping[str, str]) -> str | None:
    """The rule that was chosen; none for a single date; raises Invalid."""
    repeat, times = fields.get("repeat", ""), fields.get("times", "").strip()
    if not repeat:
        return None
    if repeat not in dict(REPEATS):
        raise Invalid({"repeat": "Choisissez dans la liste."})
    if not (times.isascii() and times.isdigit()):
        raise Invalid({"times": "Écrivez combien de fois, en chiffres."})
    return f"{repeat};COUNT={times[:12]}"


def choices_of(fields: Mapping[str, str]) -> dict[int, Choice]:
    """What was decided for each date; what cannot be read is asked again."""
    found: dict[int, Choice] = {}
    for name, value in fields.items():
        number = name.removeprefix("date-")
        if name == number or not (number.isascii() and number.isdigit()):
            continue
        word, _, dates = value.partition("|")
        try:
            found[int(number[:6])] = Choice(Instead(word), _period(dates) if dates else None)
        except (ValueError, OverflowError):
            continue
    return found


def _period(written: str) -> Period:
    starts, _, ends = written.partition("|")
    period = Period(datetime.fromisoformat(starts), datetime.fromisoformat(ends))
    if period.starts.tzinfo is None or period.ends.tzinfo is None:
        raise ValueError(written)
    return period


def reach_of(fields: Mapping[str, object]) -> Reach:
    """How much of a series a change reaches."""
    try:
        return Reach(str(fields.get("reach") or Reach.ONE))
    except ValueError:
        raise Invalid({"reach": "Choisissez dans la liste."}) from None


def decide(request: Request, clashes: Clashes, fields: Mapping[str, str], crumbs: list[tuple[str, str]]) -> Response:
    """Every date with what stands in its way, and what could be done instead: nothing is taken yet."""
    kept = {name: value for name, value in fields.items() if not name.startswith("date-")}
    clashing = {f"date-{each.number}" for each in clashes.occurrences if not each.is_free}
    # What was decided and can be stays decided.
    kept |= {name: value for name, value in fields.items() if name.startswith("date-") and name not in clashing}
    return pages.page(
        request,
        "booking/series.html",
        current="booking",
        crumbs=[*crumbs, ("Dates à décider", "")],
        status=409,
        told=clashes.reason,
        rule=in_words(rule_of(fields) or ""),
        occurrences=clashes.occurrences,
        fields=kept,
    )
