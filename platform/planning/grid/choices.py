"""Which calendars one lays over each other: an address says it, and a cookie remembers it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from entente.outside import queries as outside
from entente.outside.queries import Own
from entente.people.who import Who
from entente.room import Calendar
from planning.grid import queries
from planning.grid.blocks import MOMENT, Block, marked, order
from planning.grid.days import Period

MINE, ALL, OUTSIDE = "moi", "tout", "dehors"
MOST = 60


@dataclass(frozen=True)
class Chosen:
    """The calendars that are shown, as their words in an address."""

    words: tuple[str, ...]

    @classmethod
    def of(cls, said: Sequence[str], calendars: Mapping[str, Calendar]) -> "Chosen":
        """Those of these words that mean something; a forged one shows nothing."""
        known = {MINE, ALL, OUTSIDE, queries.ABSENCES, *queries.overlays(calendars)}
        words = [word for word in said[:MOST] if word in known or _body(word)]
        return cls(tuple(dict.fromkeys(words)))

    @classmethod
    def usual(cls, calendars: Mapping[str, Calendar]) -> "Chosen":
        """What one sees who has chosen nothing: all that takes one's own time."""
        return cls((MINE, queries.ABSENCES, *queries.overlays(calendars), OUTSIDE))

    @property
    def is_of_all(self) -> bool:
        """Whether every body shows."""
        return ALL in self.words

    def bodies(self, who: Who) -> frozenset[UUID] | None:
        """The bodies whose meetings show; None for all of them."""
        if self.is_of_all:
            return None
        named = frozenset(id_ for word in self.words if (id_ := _body(word)))
        return named | who.bodies if MINE in self.words else named


def _body(word: str) -> UUID | None:
    try:
        return UUID(word)
    except ValueError:
        return None


async def blocks(
    db: AsyncSession, who: Who, chosen: Chosen, period: Period, calendars: Mapping[str, Calendar]
) -> list[Block]:
    """Everything that these calendars hold within a period, with what clashes in it."""
    which = chosen.bodies(who)
    found = await queries.meetings(db, who, which, period) if which is None or which else []
    return marked(sorted(found + await besides(db, who, chosen, period, calendars), key=order))


async def besides(
    db: AsyncSession, who: Who, chosen: Chosen, period: Period, calendars: Mapping[str, Calendar]
) -> list[Block]:
    """What is chosen apart from meetings."""
    found = await queries.absences(db, who, period) if queries.ABSENCES in chosen.words else []
    for kind, calendar in queries.overlays(calendars).items():
        if kind in chosen.words:
            found += await queries.overlay(db, who, calendar, period)
    if OUTSIDE in chosen.words:
        found += [_from_outside(each) for each in await outside.events_of(db, who, period.starts, period.ends)]
    return found


def _from_outside(own: Own) -> Block:
    """What stands in an agenda of one's own, elsewhere; what lasts no time has its line too."""
    return Block(
        own.title or "Occupé",
        own.begins,
        max(own.ends, own.begins + MOMENT),
        OUTSIDE,
        own.hue // 15 % 24,
        body=own.source_title,
        is_whole=own.all_day,
        is_mine=own.is_busy,
    )
