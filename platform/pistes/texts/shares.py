"""Every share that a text may quote, counted over the ranked rows."""

from collections.abc import Sequence
from typing import NamedTuple

from pistes.criteria.models import Criteria, Criterion, Level
from pistes.criteria.rules import Marks
from pistes.texts.rules import percent


class Share(NamedTuple):
    """How many rows have one level of one criterion, of those that are marked for it."""

    criterion: Criterion
    level: Level
    matching: int
    total: int

    @property
    def percentage(self) -> str:
        """« 7,5 % »."""
        return f"{percent(self.matching, self.total)}\u00a0%" if self.total else "–"


def shares(rows: Sequence[Marks], criteria: Criteria) -> list[Share]:
    """Level after level, criterion after criterion."""
    found = []
    for criterion in criteria.criteria:
        marked = [marks[criterion.key] for marks in rows if criterion.key in marks]
        found += [Share(criterion, level, marked.count(level.value), len(marked)) for level in criterion.levels]
    return found
