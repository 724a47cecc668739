"""The dates of a series, from a friendly form to a rule of RFC 5545 that has an end."""

from datetime import date, datetime, timedelta
from enum import StrEnum
from itertools import islice
from typing import Annotated

from dateutil.rrule import rrulestr
from pydantic import BaseModel, BeforeValidator, Field

from entente.rules import Invalid
from entente.web.words import DAYS, NBSP, PARIS, long_date
from planning.typed import MaybeDay, moment_of, or_none, told_beside

MOST = 120
LONGEST = timedelta(days=2 * 366)
_CODES = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
_RANKS = ("premier", "deuxième", "troisième", "quatrième")


class Repeat(StrEnum):
    """How often a meeting comes back, told from its first date."""

    NEVER = ""
    WEEK = "week"
    MONTH = "month"
    """The same rank of the same weekday: the second Tuesday."""
    MONTH_LAST = "month_last"
    """The last such weekday of the month."""


REPEATS = [
    (Repeat.NEVER, "une seule fois"),
    (Repeat.WEEK, "chaque semaine, le même jour"),
    (Repeat.MONTH, "chaque mois, au même rang (le deuxième mardi, par exemple)"),
    (Repeat.MONTH_LAST, "chaque mois, le dernier jour de ce nom (le dernier mardi, par exemple)"),
]


class Reach(StrEnum):
    """How much of a series a change reaches."""

    ONE = "one"
    FOLLOWING = "following"
    ALL = "all"


REACHES = [
    (Reach.ONE, "cette réunion seulement"),
    (Reach.FOLLOWING, "celle-ci et les suivantes"),
    (Reach.ALL, "toutes celles à venir"),
]


class SeriesForm(BaseModel):
    """What the form of a meeting says of its coming back."""

    repeat: Repeat = Repeat.NEVER
    every: Annotated[Annotated[int, Field(ge=1, le=26)] | None, BeforeValidator(or_none)] = 1
    times: Annotated[Annotated[int, Field(ge=1, le=MOST)] | None, BeforeValidator(or_none)] = None
    until: MaybeDay = None

    def rule(self, first: date) -> str:
        """The rule, from the day of the first meeting; nothing for a single one; raises Invalid without an end."""
        if self.repeat == Repeat.NEVER:
            return ""
        return f"{self._often(first)};{self._end(first)}"

    def _often(self, first: date) -> str:
        code, every = _CODES[first.weekday()], self.every or 1
        if self.repeat == Repeat.WEEK:
            return f"FREQ=WEEKLY;INTERVAL={every};BYDAY={code}"
        rank = (first.day - 1) // 7 + 1
        if self.repeat == Repeat.MONTH_LAST or rank == 5:
            if (first + timedelta(days=7)).month == first.month:
                day = DAYS[first.weekday()]
                raise Invalid({"day": f"Ce jour n’est pas le dernier {day} de son mois{NBSP}: choisissez-le d’abord."})
            return f"FREQ=MONTHLY;INTERVAL={every};BYDAY=-1{code}"
        return f"FREQ=MONTHLY;INTERVAL={every};BYDAY={rank}{code}"

    def _end(self, first: date) -> str:
        if self.times:
            return f"COUNT={self.times}"
        if self.until is None:
            raise Invalid({"until": "Dites jusqu’à quelle date, ou combien de fois\u00a0: une série a une fin."})
        if self.until < first:
            raise Invalid({"until": "La série se termine avant de commencer."})
        if self.until - first > LONGEST:
            raise Invalid({"until": "Une série dure deux ans au plus."})
        return f"UNTIL={self.until:%Y%m%d}T235959"


def days(rule: str, first: date) -> list[date]:
    """Every day of a series; raises Invalid when there are too many or they go too far."""
    found = rrulestr(rule, dtstart=datetime.combine(first, datetime.min.time()))
    unrolled = [each.date() for each in islice(found, MOST + 1)]
    if len(unrolled) > MOST:
        raise Invalid({"times": f"Une série compte {MOST} réunions au plus."})
    if unrolled[-1] - first > LONGEST:
        raise Invalid({"times": "Une série dure deux ans au plus\u00a0: demandez moins de fois."})
    return unrolled


def shifted(moment: datetime, by: timedelta, at: datetime) -> datetime:
    """A moment so many days later, at the hour in Paris of another: 18 h 30 stays 18 h 30 when clocks change."""
    day, hour = moment.astimezone(PARIS).date() + by, at.astimezone(PARIS).time()
    return told_beside("start", lambda: moment_of(day, hour))


def in_words(rule: str) -> str:
    """« tous les mois, le deuxième mardi, jusqu’au 30 juin 2027 »."""
    parts = dict(each.split("=", 1) for each in rule.split(";"))
    every = int(parts.get("INTERVAL", "1"))
    day = DAYS[_CODES.index(parts["BYDAY"][-2:])]
    if parts["FREQ"] == "WEEKLY":
        often = f"chaque {day}" if every == 1 else f"toutes les {every} semaines, le {day}"
    else:
        rank = int(parts["BYDAY"][:-2])
        which = "dernier" if rank < 0 else _RANKS[rank - 1]
        often = f"{'chaque mois' if every == 1 else f'tous les {every} mois'}, le {which} {day}"
    if "COUNT" in parts:
        return f"{often}, {parts['COUNT']} fois"
    return f"{often}, jusqu’au {long_date(date.fromisoformat(parts['UNTIL'][:8]))}"
