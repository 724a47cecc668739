"""What the timeline shows at once: a day by hours, a week or a month by days, on the clock of Paris."""

from bisect import bisect_right
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from functools import cached_property
from typing import NamedTuple
from uuid import UUID

from booking.periods import Period, naive
from entente.ids import Ref
from entente.rules import NotFound
from entente.web.words import DAYS, MONTHS, PARIS, long_date, weekday_date

FAR = timedelta(days=5 * 366)
HOUR = timedelta(hours=1)


class Scale(StrEnum):
    """How much time is shown at once."""

    DAY = "jour"
    WEEK = "semaine"
    MONTH = "mois"


KINDS = {Scale.DAY: "booking/day", Scale.WEEK: "booking/week", Scale.MONTH: "booking/month"}
SCALES = {kind: scale for scale, kind in KINDS.items()}


class Slot(NamedTuple):
    """A column: from when until when, what stands in its cells, and how an address names it."""

    starts: datetime
    ends: datetime
    label: str
    key: str


@dataclass(frozen=True)
class Window:
    """A day, a week from its Monday, or a month from its first day."""

    scale: Scale
    first: date

    @classmethod
    def around(cls, scale: Scale, day: date) -> "Window":
        """The window of this scale in which a day lies."""
        if scale == Scale.WEEK:
            return cls(scale, day - timedelta(days=day.weekday()))
        return cls(scale, day.replace(day=1) if scale == Scale.MONTH else day)

    @classmethod
    def of(cls, stream: Ref) -> "Window":
        """The window whose news a stream carries; NotFound when there is none such."""
        scale, number = SCALES.get(stream.kind), stream.id.int
        if scale is None or number > 99_991_231:
            raise NotFound
        try:
            made = cls(scale, date(number // 10_000, number // 100 % 100, number % 100))
        except ValueError:
            raise NotFound from None
        if cls.around(scale, made.first) != made:
            raise NotFound
        return made

    @property
    def stream(self) -> Ref:
        """What its readers follow; the id is its first day, so that a stream says what it shows."""
        day = self.first
        return Ref(KINDS[self.scale], UUID(int=day.year * 10_000 + day.month * 100 + day.day))

    @property
    def after(self) -> date:
        """The first day of the next one."""
        if self.scale == Scale.MONTH:
            return (self.first + timedelta(days=32)).replace(day=1)
        return self.first + timedelta(days=7 if self.scale == Scale.WEEK else 1)

    @property
    def before(self) -> date:
        """The last day of the one before."""
        return self.first - timedelta(days=1)

    @property
    def days(self) -> list[date]:
        """Every day of it."""
        return [self.first + timedelta(days=number) for number in range((self.after - self.first).days)]

    @cached_property
    def period(self) -> Period:
        """From its first midnight until the one after it."""
        return Period(_midnight(self.first), _midnight(self.after))

    @cached_property
    def slots(self) -> tuple[Slot, ...]:
        """Its columns; a day has 23, 24 or 25 hours."""
        if self.scale != Scale.DAY:
            return tuple(
                Slot(_midnight(day), _midnight(day + timedelta(days=1)), str(day.day), f"{day:%y%m%d}")
                for day in self.days
            )
        starts, ends = self.period
        hours = [starts + number * HOUR for number in range(int((ends - starts) / HOUR))]
        return tuple(Slot(hour, hour + HOUR, str(naive(hour).hour), f"{naive(hour):%y%m%dT%H}") for hour in hours)

    @cached_property
    def edges(self) -> list[float]:
        """When each column begins and the last one ends, in seconds: a month of blocks is laid out by numbers."""
        return [*(slot.starts.timestamp() for slot in self.slots), self.period.ends.timestamp()]

    def place(self, second: float) -> tuple[int, float]:
        """In which column a moment lies, and how far in it from 0 to 1; outside, at the beginning or at the end."""
        edges = self.edges
        number = min(max(bisect_right(edges, second) - 1, 0), len(edges) - 2)
        return number, min(max((second - edges[number]) / (edges[number + 1] - edges[number]), 0.0), 1.0)

    def at(self, moment: datetime) -> float | None:
        """How far a moment lies between the beginning and the end, from 0 to 1."""
        if not self.period.starts <= moment < self.period.ends:
            return None
        number, far = self.place(moment.timestamp())
        return (number + far) / len(self.slots)

    @property
    def title(self) -> str:
        """« novembre 2026 », « semaine du 23 novembre 2026 », « lundi 23 novembre 2026 »."""
        if self.scale == Scale.MONTH:
            return f"{MONTHS[self.first.month - 1]} {self.first.year}"
        return weekday_date(self.first) if self.scale == Scale.DAY else f"semaine du {long_date(self.first)}"

    @property
    def heads(self) -> list[tuple[str, str, str]]:
        """For each column: a short word above, a number, and the whole in words."""
        if self.scale == Scale.DAY:
            return [("", slot.label, f"{slot.label}\u00a0h") for slot in self.slots]
        return [(DAYS[day.weekday()][:3], str(day.day), weekday_date(day)) for day in self.days]


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), PARIS).astimezone(UTC)


def windows_over(period: Period, most_days: int) -> set[Window]:
    """Every window in which a period shows; a very long one is cut after so many days."""
    first, last = naive(period.starts).date(), naive(period.ends - timedelta(microseconds=1)).date()
    last = min(last, first + timedelta(days=most_days))
    days = [first + timedelta(days=number) for number in range((last - first).days + 1)]
    return {Window.around(scale, day) for scale in Scale for day in days}
