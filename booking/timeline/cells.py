"""How what a unit carries is laid out in cells: pure, and the same for a page and for what arrives later."""

from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from math import ceil
from typing import NamedTuple
from uuid import UUID

from booking.free import Busy, peak
from booking.models import State
from booking.periods import Period, naive
from booking.timeline.window import Window
from entente.web.words import PARIS, clock

STEPS = 12
"""Into how many parts a column is divided: two hours of a day, five minutes of an hour."""


class Block(NamedTuple):
    """A unit is taken, by whom, and how sure it is; never by which person."""

    reservation_id: UUID
    state: State
    period: Period
    quantity: int
    person_id: UUID
    payer: str
    hue: int
    held: Period | None = None
    """With what is kept free around it to prepare it and to put it right; none when there is nothing of that."""

    @property
    def buffers(self) -> list[Period]:
        """What is held before and after, and is not lent."""
        if self.held is None or not self.state.holds:
            return []
        around = (Period(self.held.starts, self.period.starts), Period(self.period.ends, self.held.ends))
        return [each for each in around if each.starts < each.ends]

    @property
    def taken(self) -> Period:
        """While it is nobody else's."""
        return self.held if self.held and self.state.holds else self.period

    @property
    def at(self) -> str:
        """From when until when on the clock of Paris, for whoever drags it."""
        return _at(self.period)

    @property
    def around(self) -> str:
        """The same words for all that is held."""
        return _brief(self.held or self.period)

    @property
    def brief(self) -> str:
        """« le 23 de 8 h 00 à 12 h 00 », « du 23 à 8 h 00 au 25 à 17 h 00 »: the month stands above."""
        return _brief(self.period)


# Many loans of a fleet begin and end at the same hours: what a clock says of them is found once.
@lru_cache(maxsize=4096)
def _at(period: Period) -> str:
    first, last = naive(period.starts), naive(period.ends)
    return f"{first.isoformat(timespec='minutes')}/{last.isoformat(timespec='minutes')}"


@lru_cache(maxsize=4096)
def _brief(period: Period) -> str:
    first, last = period.starts.astimezone(PARIS), period.ends.astimezone(PARIS)
    if first.date() == last.date():
        return f"le {first.day} de {clock(first)} à {clock(last)}"
    return f"du {first.day} à {clock(first)} au {last.day} à {clock(last)}"


class Piece(NamedTuple):
    """Where a block lies in its cell: how many steps after its beginning, and in its last column until which step."""

    block: Block
    start: int
    end: int
    is_first: bool
    """Whether the block begins in this cell."""


class Cell(NamedTuple):
    """One column, or several that one block fills alone."""

    label: str
    span: int
    pieces: tuple[Piece, ...] = ()
    free: str = ""
    """How an address names the free time in it; nothing when there is none, or it is over."""
    taken: int = 0
    """Of what is counted, the most that is lent at once."""
    held: int = 0
    """The same with what is being prepared or put right."""
    buffers: tuple[tuple[int, int], ...] = ()
    """From which step until which it is being prepared or put right."""

    @property
    def is_partly_free(self) -> bool:
        """Whether some of it is white although something lies in it."""
        return bool(self.free and self.pieces)


def laid(window: Window, blocks: Sequence[Block], capacity: int, at: datetime) -> list[Cell]:
    """The cells of a row."""
    return _counted(window, blocks, capacity, at) if capacity > 1 else _alone(window, blocks, at)


def _alone(window: Window, blocks: Sequence[Block], at: datetime) -> list[Cell]:
    inside: list[list[_Placed]] = [[] for _ in window.slots]
    for block in blocks:
        if not block.period.meets(window.period):
            continue
        placed = _placed(window, block)
        for number in range(placed.first, placed.last + 1):
            inside[number].append(placed)
    buffers = _buffers(window, blocks)
    cells: list[Cell] = []
    number = 0
    while number < len(inside):
        span, here = 1, inside[number]
        if len(here) == 1 and number not in buffers:
            # A column with a buffer stands alone: its steps are those of one column.
            while inside[number + span : number + span + 1] == [here] and number + span not in buffers:
                span += 1
        first = window.slots[number]
        pieces = tuple([_piece(placed, number, number + span - 1) for placed in here])
        is_full = span > 1 or (len(pieces) == 1 and (pieces[0].start, pieces[0].end) == (0, STEPS))
        free = "" if is_full or first.ends <= at else first.key
        cells.append(Cell(first.label, span, pieces, free, buffers=tuple(buffers.get(number, ()))))
        number += span
    return cells


def _buffers(window: Window, blocks: Sequence[Block]) -> dict[int, list[tuple[int, int]]]:
    """For each column, the steps that are held around the blocks."""
    found: dict[int, list[tuple[int, int]]] = {}
    for block in blocks:
        if block.held is None:
            continue
        for starts, ends in block.buffers:
            if ends <= window.period.starts or starts >= window.period.ends:
                continue
            first, after = window.place(starts.timestamp())
            last, until = window.place(ends.timestamp())
            if not until and last > first:
                last, until = last - 1, 1.0
            for number in range(first, last + 1):
                start = min(int(STEPS * after), STEPS - 1) if number == first else 0
                end = max(ceil(STEPS * until), start + 1) if number == last else STEPS
                found.setdefault(number, []).append((start, end))
    return found


class _Placed(NamedTuple):
    """A block with the columns in which it begins and ends, and how far in each."""

    block: Block
    first: int
    after: float
    last: int
    until: float
    is_inside: bool
    """Whether it begins within the window."""


def _placed(window: Window, block: Block) -> _Placed:
    starts, ends = block.period
    begins = starts.timestamp()
    first, after = window.place(begins)
    last, until = window.place(ends.timestamp())
    if not until and last:
        last, until = last - 1, 1.0
    return _Placed(block, first, after, last, until, begins >= window.edges[0])


def _piece(placed: _Placed, first: int, last: int) -> Piece:
    start = int(STEPS * placed.after) if placed.first == first else 0
    end = ceil(STEPS * placed.until) if placed.last == last else STEPS
    if first == last:
        start = min(start, STEPS - 1)
        end = max(end, start + 1)
    return Piece(placed.block, start, max(end, 1), placed.is_inside and placed.first == first)


def _counted(window: Window, blocks: Sequence[Block], capacity: int, at: datetime) -> list[Cell]:
    holding = [block for block in blocks if block.state.holds]
    lent = [Busy(block.period, block.quantity) for block in holding]
    kept = [Busy(block.taken, block.quantity) for block in holding]
    buffers = _buffers(window, blocks)
    cells = []
    for number, slot in enumerate(window.slots):
        period = Period(slot.starts, slot.ends)
        taken, held = min(peak(lent, period), capacity), min(peak(kept, period), capacity)
        free = "" if held == capacity or slot.ends <= at else slot.key
        # Several may be prepared at once: each stretch is drawn once.
        drawn = tuple(sorted(set(buffers.get(number, ()))))
        cells.append(Cell(slot.label, 1, (), free, taken, held, drawn))
    return cells
