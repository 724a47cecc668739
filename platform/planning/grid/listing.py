"""The planning as a list that has no end: a page of meetings, and what else takes one's time meanwhile."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlmodel.ext.asyncio.session import AsyncSession

from entente.people.who import Who
from entente.room import Calendar
from planning.grid import choices, queries
from planning.grid.asked import Asked, cursor, said_cursor
from planning.grid.blocks import MOMENT, Block, marked, order
from planning.grid.days import Period, day_of, midnight
from planning.grid.queries import Cursor

HORIZON = timedelta(days=366)
"""How far the last page looks for what is not a meeting."""


@dataclass(frozen=True)
class Listed:
    """One page, by the day on which each begins; what had begun before stands on its first day."""

    days: Sequence[tuple[date, Sequence[Block]]]
    count: int
    later: str
    """The address of the next page; nothing when there is none."""
    earlier: str


async def listed(db: AsyncSession, who: Who, asked: Asked, calendars: Mapping[str, Calendar]) -> Listed:
    """One page of the list."""
    place = cursor(asked.after) or cursor(asked.before) or midnight(asked.span.day)
    is_back, is_first = bool(asked.before), not (asked.after or asked.before)
    found, more = await queries.page(db, who, asked.chosen.bodies(who), place, is_back)
    span = _span(found, place, is_back, more)
    others = await choices.besides(db, who, asked.chosen, span, calendars)
    found += [each for each in others if is_first or span.starts <= each.starts < span.ends]
    meetings = [each for each in found if each.id]
    later = _place(meetings, -1) if more or is_back else ""
    earlier = _place(meetings, 0) if more or not is_back else ""
    if is_first and not meetings:
        earlier = said_cursor(span.starts, asked.nowhere)
    days = _by_beginning(marked(sorted(found, key=order)), span.starts)
    later, earlier = later and asked.paged(after=later), earlier and asked.paged(before=earlier)
    return Listed(days, len(found), later, earlier)


def _span(found: Sequence[Block], place: Cursor | datetime, is_back: bool, more: bool) -> Period:
    """Between which moments a page tells everything."""
    here = place if isinstance(place, datetime) else place.at
    if is_back:
        return Period(found[0].starts if more else here - HORIZON, here)
    return Period(here, found[-1].starts + MOMENT if more else here + HORIZON)


def _place(meetings: Sequence[Block], number: int) -> str:
    return said_cursor(meetings[number].starts, meetings[number].id) if meetings else ""


def _by_beginning(blocks: Sequence[Block], first: datetime) -> list[tuple[date, list[Block]]]:
    days: dict[date, list[Block]] = {}
    for block in blocks:
        days.setdefault(max(day_of(block.starts), day_of(first)), []).append(block)
    return [(day, days[day]) for day in sorted(days)]
