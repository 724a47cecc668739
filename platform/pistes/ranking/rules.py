"""Lexicographic ranking, and what decides between equals. Plain functions over plain values."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Generic, NamedTuple, TypeVar

from pistes.criteria.models import Criteria
from pistes.criteria.rules import Marks
from pistes.models import TieRule

Name = TypeVar("Name")


@dataclass(frozen=True)
class Entrant(Generic[Name]):
    """What a ranking must know of a row: its marks, and where each tie rule would put it."""

    name: Name
    marks: Marks = field(default_factory=dict)
    tree: int = 0
    """Its order in the tree, from the first."""
    day: date | None = None
    by_hand: int | None = None


class Placed(NamedTuple):
    """Where a row comes: `level` counts the different marks from the best, none while a mark is missing."""

    place: int
    level: int | None
    is_tied: bool


Score = tuple[tuple[int, int], ...]


def score(marks: Marks, criteria: Criteria) -> Score:
    """What two rows are compared by: criterion after criterion, the better first, the unmarked last."""
    return tuple((0, each.worth(marks[each.key])) if each.key in marks else (1, 0) for each in criteria.criteria)


def is_complete(marks: Marks, criteria: Criteria) -> bool:
    """Whether every criterion is marked."""
    return all(key in marks for key in criteria.keys)


def ranked(entrants: Iterable[Entrant[Name]], criteria: Criteria, tie: TieRule) -> list[tuple[Entrant[Name], Placed]]:
    """Every row at its place; those that lack a mark come last, without a level."""

    def order(each: Entrant[Name]) -> tuple[bool, Score, tuple[bool, int], int]:
        return (
            not is_complete(each.marks, criteria),
            score(each.marks, criteria),
            _between_equals(each, tie),
            each.tree,
        )

    rows = sorted(entrants, key=order)
    scores = [score(each.marks, criteria) for each in rows]
    alike = Counter(scores)
    levels = {one: number for number, one in enumerate(dict.fromkeys(_complete(rows, criteria)), start=1)}
    return [
        (each, Placed(place, levels.get(one), one in levels and alike[one] > 1))
        for place, (each, one) in enumerate(zip(rows, scores, strict=True), start=1)
    ]


def _complete(rows: Sequence[Entrant[Name]], criteria: Criteria) -> list[Score]:
    return [score(each.marks, criteria) for each in rows if is_complete(each.marks, criteria)]


def _between_equals(each: Entrant[Name], tie: TieRule) -> tuple[bool, int]:
    match tie:
        case TieRule.TREE:
            return False, each.tree
        case TieRule.DATE:
            return each.day is None, each.day.toordinal() if each.day else 0
        case TieRule.MANUAL:
            return each.by_hand is None, each.by_hand or 0


def displaced(one: Sequence[Name], other: Sequence[Name]) -> list[int]:
    """The places (from 1) at which two orders of the same rows differ."""
    return [place for place, (here, there) in enumerate(zip(one, other, strict=True), start=1) if here != there]


def runs(places: Sequence[int]) -> str:
    """« 5–6 et 11–13 »."""
    spans: list[list[int]] = []
    for place in places:
        if spans and place == spans[-1][-1] + 1:
            spans[-1].append(place)
        else:
            spans.append([place])
    words = [str(span[0]) if len(span) == 1 else f"{span[0]}–{span[-1]}" for span in spans]
    return " et ".join(filter(None, [", ".join(words[:-1]), *words[-1:]]))
