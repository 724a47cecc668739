"""Where blocks lie on a grid of hours, and beside which others: pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from planning.grid.blocks import Block
from planning.grid.days import DAY, hours_of, midnight, naive

QUARTERS = 4
"""Rows of an hour."""
LEAST = 2
"""Rows that a short block takes, to be read."""
WIDEST = 6
"""Blocks side by side; what comes on top of them is said above the hours."""
MORNING, EVENING = 8, 19


@dataclass(frozen=True)
class Placed:
    """A block in its column: from which row, over how many, and in which lane of how many."""

    block: Block
    row: int
    rows: int
    lane: int
    lanes: int

    @property
    def classes(self) -> str:
        """The same, as the style sheet names it."""
        return f"q{self.row + 1} h{self.rows} a{self.lane} w{self.lanes}"


@dataclass(frozen=True)
class Column:
    """A day: what lasts all of it, and what lies on its hours."""

    day: date
    above: tuple[Block, ...]
    placed: tuple[Placed, ...]
    now: int | None = None
    """The row of the present moment."""


@dataclass(frozen=True)
class Hours:
    """The columns of a day or a week, with the hours that stand beside them."""

    labels: tuple[str, ...]
    columns: tuple[Column, ...]


def hours(found: dict[date, list[Block]], at: datetime) -> Hours:
    """Days side by side. One day has the hours it really has, 23 or 25 of them in two nights; several share a clock."""
    days = list(found)
    is_real = len(days) == 1
    names = [naive(hour).hour for hour in hours_of(days[0])] if is_real else list(range(24))
    rows = [
        (day, *_row(day, block, is_real, len(names))) for day in days for block in found[day] if _is_timed(block, day)
    ]
    first = min([row // QUARTERS for _, row, _ in rows] + [names.index(MORNING)])
    last = max([-(-end // QUARTERS) for _, _, end in rows] + [names.index(EVENING)])
    columns = [_column(day, found[day], is_real, len(names), first, last, at) for day in days]
    return Hours(tuple(f"{name}\u00a0h" for name in names[first:last]), tuple(columns))


def _is_timed(block: Block, day: date) -> bool:
    return not block.is_whole and not (block.starts <= midnight(day) and block.ends >= midnight(day + DAY))


def _row(day: date, block: Block, is_real: bool, count: int) -> tuple[int, int]:
    """From which row until which a block lies on a day."""
    start = _quarter(day, block.starts, is_real) if block.starts > midnight(day) else 0
    end = _quarter(day, block.ends, is_real, up=True) if block.ends < midnight(day + DAY) else count * QUARTERS
    start = min(start, count * QUARTERS - LEAST)
    return start, max(end, start + LEAST)


def _quarter(day: date, moment: datetime, is_real: bool, up: bool = False) -> int:
    minutes = (moment - midnight(day)).total_seconds() / 60 if is_real else _on_the_clock(moment)
    return int(-(-minutes // 15) if up else minutes // 15)


def _on_the_clock(moment: datetime) -> float:
    local = naive(moment)
    return local.hour * 60 + local.minute + local.second / 60


def _column(day: date, here: Sequence[Block], is_real: bool, count: int, first: int, last: int, at: datetime) -> Column:
    timed = [block for block in here if _is_timed(block, day)]
    rows = [_row(day, block, is_real, count) for block in timed]
    placed, above = [], [block for block in here if not _is_timed(block, day)]
    for block, (start, end), (lane, lanes) in zip(timed, rows, lanes_of(rows), strict=True):
        if lane < WIDEST:
            placed.append(Placed(block, start - first * QUARTERS, end - start, lane, min(lanes, WIDEST)))
        else:
            above.append(block)
    now = _quarter(day, at, is_real) if midnight(day) <= at < midnight(day + DAY) else None
    is_shown = now is not None and first * QUARTERS <= now < last * QUARTERS
    return Column(
        day, tuple(above), tuple(placed), now - first * QUARTERS + 1 if is_shown and now is not None else None
    )


def lanes_of(rows: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """For each interval, its lane and how many lanes its neighbours need: those that meet never share one."""
    lanes = [0] * len(rows)
    widths = [1] * len(rows)
    together: list[int] = []
    ends: list[int] = []
    for number in sorted(range(len(rows)), key=lambda each: (rows[each][0], -rows[each][1])):
        start, end = rows[number]
        if all(other <= start for other in ends):
            together, ends = [], []
        lane = next((lane for lane, other in enumerate(ends) if other <= start), len(ends))
        ends[lane : lane + 1] = [end]
        lanes[number] = lane
        together.append(number)
        for each in together:
            widths[each] = len(ends)
    return list(zip(lanes, widths, strict=True))
