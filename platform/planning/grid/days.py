"""Which days a view shows, on the clock of Paris: pure."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import NamedTuple

from entente.web.words import MONTHS, PARIS, long_date, weekday_date

DAY = timedelta(days=1)
FAR = timedelta(days=10 * 366)


class View(StrEnum):
    """How much time is shown at once, and how."""

    MONTH = "mois"
    WEEK = "semaine"
    DAY = "jour"
    LIST = "liste"
    YEAR = "annee"


class Period(NamedTuple):
    """From a moment, included, until another, excluded."""

    starts: datetime
    ends: datetime


@dataclass(frozen=True)
class Span:
    """What a view shows around a day: whole days, from `first` until `after`, which is excluded."""

    view: View
    day: date
    """Of a month or a year, its first day; of a week, its Monday."""

    @classmethod
    def around(cls, view: View, day: date) -> "Span":
        """The span of this view in which a day lies."""
        match view:
            case View.WEEK:
                return cls(view, monday_of(day))
            case View.MONTH:
                return cls(view, day.replace(day=1))
            case View.YEAR:
                return cls(view, date(day.year, 1, 1))
        return cls(view, day)

    @property
    def first(self) -> date:
        """The first day shown: of a month, the Monday of its first week."""
        return monday_of(self.day) if self.view == View.MONTH else self.day

    @property
    def after(self) -> date:
        """The first day no longer shown."""
        return monday_of(self.following - DAY) + 7 * DAY if self.view == View.MONTH else self.following

    @property
    def following(self) -> date:
        """The first day of the next span."""
        match self.view:
            case View.MONTH:
                return (self.day + 32 * DAY).replace(day=1)
            case View.YEAR:
                return date(self.day.year + 1, 1, 1)
        return self.day + (7 * DAY if self.view == View.WEEK else DAY)

    @property
    def previous(self) -> date:
        """A day of the span before."""
        return self.day - DAY

    @property
    def days(self) -> list[date]:
        """Every day shown."""
        return days_between(self.first, self.after)

    @property
    def weeks(self) -> list[list[date]]:
        """The same by weeks, from Monday; only for what begins on one."""
        days = self.days
        return [days[number : number + 7] for number in range(0, len(days), 7)]

    @property
    def period(self) -> Period:
        """From the first midnight shown until the last."""
        return Period(midnight(self.first), midnight(self.after))

    @property
    def title(self) -> str:
        """« novembre 2026 », « semaine du 23 novembre 2026 », « mardi 24 novembre 2026 », « année 2026 »."""
        match self.view:
            case View.MONTH:
                return f"{MONTHS[self.day.month - 1]} {self.day.year}"
            case View.WEEK:
                return f"semaine du {long_date(self.day)}"
            case View.YEAR:
                return f"année {self.day.year}"
            case View.LIST:
                return f"à partir du {long_date(self.day)}"
        return weekday_date(self.day)


def monday_of(day: date) -> date:
    """The Monday of a day's week."""
    return day - day.weekday() * DAY


def days_between(first: date, after: date) -> list[date]:
    """Every day from one until another, which is excluded."""
    return [first + number * DAY for number in range((after - first).days)]


def midnight(day: date) -> datetime:
    """When a day begins in Paris."""
    return datetime.combine(day, time(), PARIS).astimezone(UTC)


def naive(moment: datetime) -> datetime:
    """What the clock says in Paris, and nothing of its zone."""
    return moment.astimezone(PARIS).replace(tzinfo=None)


def day_of(moment: datetime) -> date:
    """On which day a moment lies in Paris."""
    return moment.astimezone(PARIS).date()


def hours_of(day: date) -> list[datetime]:
    """When each hour of a day begins: 23, 24 or 25 of them."""
    starts, ends = midnight(day), midnight(day + DAY)
    hour = timedelta(hours=1)
    return [starts + number * hour for number in range(int((ends - starts) / hour))]
