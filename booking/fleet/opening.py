"""When a depot hands over and takes back: its hours, the public holidays, and the days it stays shut."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import cache

from booking.periods import hour_words, naive
from entente.web.words import DAYS, PARIS, long_date


@cache
def _holidays(year: int) -> dict[date, str]:
    # Its calendars take a while to load: a command that lends nothing need not wait for them.
    import holidays

    return dict(holidays.country_holidays("FR", years=year, language="fr"))


def holiday(day: date) -> str | None:
    """The name of a French public holiday, if it is one."""
    return _holidays(day.year).get(day)


@dataclass(frozen=True)
class Opening:
    """The hours of a depot; without any, one comes when one likes."""

    hours: dict[int, tuple[tuple[int, int], ...]] = field(default_factory=dict)
    """For each day of the week, from which minute until which."""
    closures: tuple[tuple[date, date, str], ...] = ()
    is_open_on_holidays: bool = False

    @property
    def lines(self) -> list[str]:
        """« lundi, mardi : de 8 h 00 à 12 h 00 »: days with the same hours together."""
        days: dict[tuple[tuple[int, int], ...], list[str]] = {}
        for day in sorted(self.hours):
            days.setdefault(self.hours[day], []).append(DAYS[day])
        return [f"{', '.join(names)}\u00a0: {_words(spans)}" for spans, names in days.items()]

    def edges(self, day: date) -> list[datetime]:
        """When it opens and closes on that day."""
        spans = self.hours.get(day.weekday(), ())
        midnight = datetime.combine(day, time(), PARIS)
        # Wall clock: adding minutes to a moment of Paris keeps what the clock says.
        return [(midnight + timedelta(minutes=minute)).astimezone(UTC) for span in spans for minute in span]

    def refuses(self, moment: datetime) -> str:
        """Why nothing is handed over at that moment, in French; nothing when it is."""
        local = naive(moment)
        day, minute = local.date(), local.hour * 60 + local.minute
        for since, until, why in self.closures:
            if since <= day < until:
                return f"le dépôt est fermé le {long_date(day)} ({why})"
        if not self.is_open_on_holidays and (name := holiday(day)):
            return f"le {long_date(day)} est férié ({name})"
        if not self.hours:
            return ""
        spans = self.hours.get(day.weekday(), ())
        if any(opens <= minute <= closes for opens, closes in spans):
            return ""
        if not spans:
            return f"le dépôt est fermé le {DAYS[day.weekday()]}"
        return f"le {DAYS[day.weekday()]}, le dépôt ouvre {_words(spans)}"


def _words(spans: Iterable[tuple[int, int]]) -> str:
    return " et ".join(f"de {hour_words(opens)} à {hour_words(closes)}" for opens, closes in spans)
