"""From a moment until another: stored in UTC, half-open, thought and said in the time of Paris."""

from datetime import UTC, date, datetime, time, timedelta
from typing import NamedTuple

from entente.web.words import NBSP, PARIS, clock, plural, weekday_date


class Period(NamedTuple):
    """From a moment, included, until another, excluded."""

    starts: datetime
    ends: datetime

    @property
    def minutes(self) -> int:
        """How long it really lasts, whatever clocks do meanwhile."""
        return int((self.ends - self.starts).total_seconds() // 60)

    def meets(self, other: "Period") -> bool:
        """Whether they share a moment."""
        return self.starts < other.ends and other.starts < self.ends

    def widened(self, before: int, after: int) -> "Period":
        """With so many minutes before and after."""
        return Period(self.starts - timedelta(minutes=before), self.ends + timedelta(minutes=after))

    def at(self, starts: datetime) -> "Period":
        """As long on the clock, from another moment."""
        return Period(starts, later(starts, naive(self.ends) - naive(self.starts)))

    @property
    def sentence(self) -> str:
        """The same, to begin a line."""
        return self.words[0].upper() + self.words[1:]

    @property
    def words(self) -> str:
        """« jeudi 26 novembre 2026, de 8 h 00 à 12 h 00 »."""
        first, last = self.starts.astimezone(PARIS).date(), self.ends.astimezone(PARIS).date()
        if first == last:
            return f"{weekday_date(first)}, de {clock(self.starts)} à {clock(self.ends)}"
        return f"du {weekday_date(first)}, {clock(self.starts)}, au {weekday_date(last)}, {clock(self.ends)}"


class NoSuchTime(ValueError):
    """Clocks jump over that time; its words say so, in French."""


def moment_of(day: date, hour: time) -> datetime:
    """That time of that day in Paris, in UTC; of the two 2 h 30 of October, the first."""
    local = datetime.combine(day, hour, PARIS)
    moment = local.astimezone(UTC)
    if moment.astimezone(PARIS).replace(tzinfo=None) != local.replace(tzinfo=None):
        raise NoSuchTime(
            f"Cette heure n’existe pas\u00a0: dans la nuit du passage à l’heure d’été, on passe de "
            f"2{NBSP}h{NBSP}00 à 3{NBSP}h{NBSP}00."
        )
    return moment


def naive(moment: datetime) -> datetime:
    """What the clock says in Paris, and nothing of its zone."""
    return moment.astimezone(PARIS).replace(tzinfo=None)


def later(moment: datetime, by: timedelta) -> datetime:
    """So much later on the clock: one day after 8 h is 8 h, even when the night has 25 hours."""
    local = naive(moment) + by
    # fold=0; a time that clocks jump over becomes the one they jump to.
    return local.replace(tzinfo=PARIS).astimezone(UTC)


def length(minutes: int) -> str:
    """« 45 min », « 3 h », « 1 h 30 », « 2 jours »."""
    if minutes % 1440 == 0 and minutes:
        return plural(minutes // 1440, "jour", "jours")
    if minutes > 2 * 1440:
        return f"{plural(minutes // 1440, 'jour', 'jours')} et {length(minutes % 1440)}"
    hours, rest = divmod(minutes, 60)
    if not hours:
        return f"{rest}{NBSP}min"
    return f"{hours}{NBSP}h{NBSP}{rest:02}" if rest else f"{hours}{NBSP}h"


def hour_words(minute: int) -> str:
    """A minute of the day as one says it: « 7 h 30 »."""
    return f"{minute // 60}{NBSP}h{NBSP}{minute % 60:02}"
