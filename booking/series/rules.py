"""The dates of a series: a rule of RFC 5545, bounded before it is unrolled."""

from datetime import datetime, timedelta
from itertools import islice

from dateutil.rrule import rrulestr

from booking.periods import Period, later, naive
from booking.rules import Broken, Unfit
from entente.web.words import NBSP, PARIS, long_date, number

MOST = 366
LONGEST_DAYS = 2 * 366
FREQUENCIES = ("DAILY", "WEEKLY", "MONTHLY", "YEARLY")
KNOWN = frozenset({"FREQ", "INTERVAL", "COUNT", "UNTIL", "BYDAY", "BYMONTHDAY", "BYMONTH", "WKST", "BYSETPOS"})


def dates(rule: str, first: Period) -> list[Period]:
    """Every occurrence, at the same hours on the clock of Paris; raises Unfit with the rule and its figure."""
    parts = _parts(rule)
    start = naive(first.starts)
    _require_bounded(parts, start)
    last = start + timedelta(days=LONGEST_DAYS)
    until = min(_until(parts), last) if "UNTIL" in parts else last
    # Always with an end: a rule that no day fulfils would be looked for until the year 9999.
    try:
        found = rrulestr(f"{_plain(parts)};UNTIL={until:%Y%m%dT%H%M%S}", dtstart=start)
        starts = list(islice(found, int(parts["COUNT"]) if "COUNT" in parts else None))
    except (ValueError, KeyError, TypeError):
        raise _unread() from None
    if len(starts) > MOST:
        raise _too_many(len(starts))
    if not starts:
        raise Unfit([Broken("Série", "rule", "aucune date ne répond à cette répétition.")])
    if "COUNT" in parts and len(starts) < int(parts["COUNT"]):
        raise _too_far()
    return [first.at(later(first.starts, each - start)) for each in starts]


def _parts(rule: str) -> dict[str, str]:
    pairs = [each.partition("=") for each in rule.upper().removeprefix("RRULE:").split(";") if each]
    parts = {key: value for key, _, value in pairs}
    if parts.get("FREQ") not in FREQUENCIES or not parts.keys() <= KNOWN or not all(parts.values()):
        raise _unread()
    return parts


def _plain(parts: dict[str, str]) -> str:
    return ";".join(f"{key}={value}" for key, value in parts.items() if key not in ("COUNT", "UNTIL"))


def _require_bounded(parts: dict[str, str], start: datetime) -> None:
    count = parts.get("COUNT", "")
    if count and not (count.isascii() and count.isdigit() and int(count[:12]) > 0):
        raise _unread()
    if count and int(count[:12]) > MOST:
        raise _too_many(int(count[:12]))
    if not count and "UNTIL" not in parts:
        raise Unfit([Broken("Fin de la série", "rule", "dites jusqu’à quelle date, ou combien de fois.")])
    if "UNTIL" in parts and _until(parts) > start + timedelta(days=LONGEST_DAYS):
        raise _too_far()


def _until(parts: dict[str, str]) -> datetime:
    for form in ("%Y%m%d", "%Y%m%dT%H%M%S", "%Y%m%dT%H%M%SZ"):
        try:
            read = datetime.strptime(parts["UNTIL"], form).replace(tzinfo=PARIS)
        except ValueError:
            continue
        return read.replace(tzinfo=None) + (timedelta(days=1, seconds=-1) if form == "%Y%m%d" else timedelta())
    raise _unread()


def _unread() -> Unfit:
    return Unfit([Broken("Série", "rule", "cette répétition est illisible.")])


def _too_many(count: int) -> Unfit:
    sentence = f"{MOST} dates au plus, et celle-ci en compte {number(count)}."
    return Unfit([Broken("Longueur d’une série", "rule", sentence)])


def _too_far() -> Unfit:
    return Unfit([Broken("Longueur d’une série", "rule", "deux ans au plus, à compter de la première date.")])


def in_words(rule: str) -> str:
    """« chaque semaine, 10 fois »."""
    parts = _parts(rule)
    each = {"DAILY": "jour", "WEEKLY": "semaine", "MONTHLY": "mois", "YEARLY": "an"}[parts["FREQ"]]
    every = int(parts.get("INTERVAL", "1"))
    feminine = parts["FREQ"] == "WEEKLY"
    plural = each if each.endswith("s") else f"{each}s"
    often = f"{'toutes' if feminine else 'tous'} les {every} {plural}" if every > 1 else f"chaque {each}"
    if "COUNT" in parts:
        return f"{often}, {parts['COUNT']} fois"
    return f"{often}, jusqu’au{NBSP}{long_date(_until(parts).date())}"
