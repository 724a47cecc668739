"""What other criteria would change: which rows the sieve sets aside or lets in, and how many change place."""

from typing import NamedTuple

from pistes.ranking.queries import Board, Line
from pistes.ranking.rules import displaced


class Changes(NamedTuple):
    """The same rows under two sets of criteria."""

    aside: list[Line]
    """Those that pass before and not after, as they are after."""
    let_in: list[Line]
    """Those that pass after and not before, as they were before."""
    moved: int
    """How many places another row takes."""
    levels: tuple[int, int]
    """How many different levels, before and after."""
    unmarked: tuple[int, int]
    """How many rows lack a mark, before and after."""

    @property
    def is_empty(self) -> bool:
        """Whether everything stays as it is."""
        return (
            not (self.aside or self.let_in or self.moved)
            and len(set(self.levels)) == 1
            and len(set(self.unmarked)) == 1
        )


def between(before: Board, after: Board) -> Changes:
    """What changes from one board to another of the same rows."""
    passed = {line.branch.node.id: line for line in before.lines}
    orders = [[line.branch.node.id for line in each.lines] for each in (before, after)]
    return Changes(
        [line for line in after.lines if not line.sieved.passes and passed[line.branch.node.id].sieved.passes],
        [
            passed[line.branch.node.id]
            for line in after.lines
            if line.sieved.passes and not passed[line.branch.node.id].sieved.passes
        ],
        len(displaced(*orders)),
        (before.levels, after.levels),
        (_unmarked(before), _unmarked(after)),
    )


def _unmarked(board: Board) -> int:
    return sum(bool(line.sieved.missing) for line in board.lines)
