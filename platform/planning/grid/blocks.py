"""What stands in a planning, whatever it comes from, and what in it clashes: pure."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from uuid import UUID

from entente.web.words import NBSP, clock, long_date
from planning.grid.days import DAY, Period, day_of, days_between

NEUTRAL = 24
"""No colour of its own: what is not told apart."""
MOMENT = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Block:
    """Something that takes time, as one reader may see it."""

    title: str
    starts: datetime
    ends: datetime
    layer: str
    """By which choice of calendars it shows."""
    hue: int = NEUTRAL
    """One of 24 colours."""
    place: str = ""
    address: str = ""
    """Where it is read in full; nothing for what one may not open."""
    sign: str = ""
    """What sets it apart: `option`, `cancelled`, `held`, `closed` (confidential) or `busy`."""
    body: str = ""
    is_whole: bool = False
    """Whether it is about whole days rather than moments."""
    is_mine: bool = False
    """Whether it takes the reader's own time."""
    hall_id: UUID | None = None
    id: UUID | None = None
    clashes: tuple[str, ...] = field(default=(), compare=False)
    """With what it clashes, in words."""

    @property
    def days(self) -> list[date]:
        """The days in Paris on which it shows."""
        return days_between(day_of(self.starts), day_of(self.ends - MOMENT) + DAY)

    def on(self, day: date) -> str:
        """When it is, as its line on that day says: « 14 h 30 », « toute la journée », « jusqu’à 9 h 00 »."""
        first, last = day_of(self.starts), day_of(self.ends - MOMENT)
        if self.is_whole or first < day < last:
            return "toute la journée"
        return clock(self.starts) if day == first else f"jusqu’à {clock(self.ends)}"

    @property
    def hours(self) -> str:
        """« de 14 h 30 à 16 h 00 », with the days when it lasts longer than one."""
        first, last = day_of(self.starts), day_of(self.ends - MOMENT)
        if self.is_whole:
            return "toute la journée" if first == last else f"du {long_date(first)} au {long_date(last)}"
        if first == last:
            return f"de {clock(self.starts)} à {clock(self.ends)}"
        return f"du {long_date(first)}, {clock(self.starts)}, au {long_date(last)}, {clock(self.ends)}"

    @property
    def takes_place(self) -> bool:
        """Whether it was not called off."""
        return self.sign != "cancelled"


def by_day(blocks: Iterable[Block], days: Sequence[date]) -> dict[date, list[Block]]:
    """What shows on each of these days, whole days first, then in order of time."""
    found: dict[date, list[Block]] = {day: [] for day in days}
    for block in blocks:
        for day in block.days:
            if day in found:
                found[day].append(block)
    for here in found.values():
        here.sort(key=order)
    return found


def order(block: Block) -> tuple[bool, datetime, datetime, str, str]:
    """The order in which a day is read: the same on both homes of the data."""
    return not block.is_whole, block.starts, block.ends, block.title, block.address


def marked(blocks: Sequence[Block]) -> list[Block]:
    """The same blocks, each saying with what it clashes: the reader's own time twice, or one hall twice."""
    said: dict[int, list[str]] = defaultdict(list)
    awake: list[int] = []
    for number in sorted(range(len(blocks)), key=lambda each: blocks[each].starts):
        block = blocks[number]
        if not block.takes_place or not (block.is_mine or block.hall_id):
            continue
        awake = [each for each in awake if blocks[each].ends > block.starts]
        for other in awake:
            one, two = blocks[other], block
            if one.is_mine and two.is_mine:
                said[other].append(f"en même temps que « {two.title} »")
                said[number].append(f"en même temps que « {one.title} »")
            elif one.hall_id and one.hall_id == two.hall_id:
                said[other].append(f"dans la même salle que « {two.title} »")
                said[number].append(f"dans la même salle que « {one.title} »")
        awake.append(number)
    return [
        replace(each, clashes=tuple(said[number])) if number in said else each for number, each in enumerate(blocks)
    ]


def within(blocks: Iterable[Block], period: Period) -> list[Block]:
    """Those that share a moment with a period."""
    return [each for each in blocks if each.starts < period.ends and each.ends > period.starts]


def count_words(count: int) -> str:
    """« 3 rendez-vous », « 1 rendez-vous », « rien »."""
    return f"{count}{NBSP}rendez-vous" if count else "rien"
