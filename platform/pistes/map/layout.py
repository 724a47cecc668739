"""Where each place of a tree stands when it is drawn from left to right: plain functions over plain values."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import sqrt
from textwrap import wrap
from uuid import UUID

LETTER = 7.0
"""How wide a letter is at most on the average, in the units of the drawing."""
BOLD_LETTER = 8.4
LINE = 17
SMALL_LINE = 14
BETWEEN = 10
COLUMN = 290
WRAPPED = 31
MARGIN = 24
MOST_LINES = 3
NAMED = 36
"""How long a list of communes may be before it is told by a number."""


@dataclass(frozen=True)
class Twig:
    """A place of the tree, with what is drawn of it."""

    title: str
    address: str = ""
    figure: str = ""
    carriers: Sequence[str] = ()
    under: Sequence["Twig"] = ()
    node: UUID | None = None
    """The place in the tree; none for the root of all, and for what stands for many."""

    def walk(self) -> Iterator["Twig"]:
        """This place, then everything under it, as one reads."""
        yield self
        for each in self.under:
            yield from each.walk()

    @property
    def carried(self) -> str:
        """Who carries it, in few words."""
        named = ", ".join(self.carriers)
        if len(named) <= NAMED:
            return named
        others = len(self.carriers) - 1
        return f"{self.carriers[0]} et {others}\u00a0autre{'s' if others > 1 else ''}"

    @property
    def words(self) -> str:
        """Everything that is drawn of it, as one sentence."""
        figure = f"priorité {self.figure}" if self.figure else ""
        carried = f"portée par {', '.join(self.carriers)}" if self.carriers else ""
        return ", ".join(filter(None, [self.title, figure, carried]))


@dataclass(frozen=True)
class Spot:
    """A twig at its place: the middle of its disc, and its lines of text."""

    twig: Twig
    x: float
    y: float
    lines: Sequence[str]

    @property
    def radius(self) -> float:
        """The area of the disc grows with the number of carriers."""
        if not self.twig.address:
            return 6
        return round(min(9 + 4 * sqrt(len(self.twig.carriers)), 22), 1)

    @property
    def text_x(self) -> float:
        """Where its text begins: the same for all of one column."""
        return self.x + 30

    @property
    def text_y(self) -> float:
        """The first line of its text."""
        small = SMALL_LINE if self.twig.carriers else 0
        return self.y - (len(self.lines) * LINE + small) / 2 + 13

    @property
    def end_x(self) -> float:
        """Where its text ends, or is thought to."""
        letter = LETTER if self.twig.address else BOLD_LETTER
        widest = max(max(map(len, self.lines)) * letter, len(self.twig.carried) * LETTER * 0.8)
        return min(self.text_x + widest + 6, self.x + COLUMN - 36)


@dataclass(frozen=True)
class Drawing:
    """The whole tree, every place drawn, and the lines between them."""

    width: float
    height: float
    spots: Sequence[Spot]
    lines: Sequence[tuple[Spot, Spot]]


def drawn(root: Twig) -> Drawing:
    """The tree from its root at the left: leaves one under the other, each place level with the first it holds."""
    pen = _Pen()
    pen.place(root, 0)
    deepest = max(spot.x for spot in pen.spots)
    return Drawing(deepest + COLUMN + MARGIN, pen.y + MARGIN, pen.spots, pen.lines)


class _Pen:
    """How far down the drawing has come."""

    def __init__(self) -> None:
        self.y: float = MARGIN
        self.spots: list[Spot] = []
        self.lines: list[tuple[Spot, Spot]] = []

    def place(self, twig: Twig, depth: int) -> Spot:
        """Draw a twig after everything that stands under it; spots are kept as one reads."""
        lines = _lines(twig.title)
        top = self.y
        tall = len(lines) * LINE + (SMALL_LINE if twig.carriers else 0) + BETWEEN
        at = len(self.spots)
        self.spots.append(_NOWHERE)
        under = [self.place(each, depth + 1) for each in twig.under]
        self.y = max(self.y, top + tall)
        # Level with the first of what it holds: the corner that one sees first is then the beginning of everything.
        level = max(under[0].y, top + tall / 2) if under else top + tall / 2
        spot = self.spots[at] = Spot(twig, MARGIN + depth * COLUMN, level, lines)
        self.lines += [(spot, each) for each in under]
        return spot


_NOWHERE = Spot(Twig(""), 0, 0, ())
"""Keeps the place of a spot whose height is known once what it holds is drawn."""


@lru_cache(maxsize=20_000)
def _lines(title: str) -> Sequence[str]:
    # Titles change rarely, and to wrap them is most of the work of a drawing.
    return tuple(wrap(title, WRAPPED, max_lines=MOST_LINES, placeholder="…") or [""])
