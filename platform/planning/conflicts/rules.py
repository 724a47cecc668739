"""What stands in the way of a meeting, and how it is said: pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache

from entente.web.words import NBSP, clock, long_date, number
from planning.grid.blocks import MOMENT
from planning.grid.days import DAY, day_of, days_between

NAMED = 12
"""Names in one sentence; the others are counted."""


@cache
def _holidays(year: int) -> dict[date, str]:
    # Its calendars take a while to load: pages without a meeting need not wait for them.
    import holidays

    return dict(holidays.country_holidays("FR", years=year, language="fr"))


def holidays_in(starts: datetime, ends: datetime) -> list[tuple[date, str]]:
    """The French public holidays on which a meeting would lie."""
    days = days_between(day_of(starts), day_of(ends - MOMENT) + DAY)
    return [(day, name) for day in days if (name := _holidays(day.year).get(day))]


@dataclass(frozen=True)
class Some:
    """So many members, by name for whoever may know them."""

    count: int = 0
    names: tuple[str, ...] = ()

    @property
    def named(self) -> str:
        """« Awa Diallo, Denise Astruc et 3 autres »; nothing when one may not know."""
        if not self.names:
            return ""
        rest = self.count - len(self.names[:NAMED])
        return ", ".join(self.names[:NAMED]) + (f" et {number(rest)} autre{'s' if rest > 1 else ''}" if rest else "")


@dataclass(frozen=True)
class Other:
    """Another meeting at that time, as much of it as one may know."""

    title: str
    body: str
    starts: datetime
    ends: datetime
    address: str
    taken: Some
    is_same_hall: bool

    @property
    def words(self) -> str:
        """« CoPil Déchets » with its hours, or only that there is one."""
        when = f"de {clock(self.starts)} à {clock(self.ends)}"
        if day_of(self.starts) != day_of(self.ends - MOMENT):
            when = f"du {long_date(self.starts)}, {clock(self.starts)}, au {long_date(self.ends)}, {clock(self.ends)}"
        if not self.title:
            return f"une réunion confidentielle, {when}"
        body = f" ({self.body})" if self.body != self.title else ""
        return f"«{NBSP}{self.title}{NBSP}»{body}, {when}"


@dataclass(frozen=True)
class Conflicts:
    """Everything that stands in the way of a meeting; none of it forbids it."""

    members: int
    others: Sequence[Other]
    away: Some
    busy: Some
    holidays: Sequence[tuple[date, str]]

    @property
    def meetings(self) -> list[Other]:
        """Those that members already have, the most of them first."""
        return sorted((each for each in self.others if each.taken.count), key=lambda each: -each.taken.count)

    @property
    def same_hall(self) -> list[Other]:
        """Those in the same hall."""
        return [each for each in self.others if each.is_same_hall]

    @property
    def are_none(self) -> bool:
        """Whether nothing stands in the way."""
        return not (self.others or self.away.count or self.busy.count or self.holidays)

    def of_members(self, count: int) -> str:
        """« 18 des 42 membres ont », « Un des 42 membres a », « Les 42 membres ont », « Le seul membre a »."""
        if self.members == 1:
            return "Le seul membre"
        if count == self.members:
            return f"Les {number(count)} membres"
        return (
            f"{number(count)} des {number(self.members)} membres"
            if count > 1
            else f"Un des {number(self.members)} membres"
        )
