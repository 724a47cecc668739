"""The sieve: what is retained, what is set aside, and why. Plain functions over plain values."""

from collections.abc import Mapping
from typing import NamedTuple

from pistes.criteria.models import Criteria, Forbidden, Level

Marks = Mapping[str, int]
"""The retained level of each criterion, by its key."""


class Sieved(NamedTuple):
    """What the sieve says of one piste."""

    reasons: tuple[str, ...]
    """Why it is set aside, in French; empty when it passes."""
    missing: tuple[str, ...]
    """The names of the criteria that nobody has marked yet."""

    @property
    def passes(self) -> bool:
        """Whether it goes on to the ranking."""
        return not self.reasons


def sieve(marks: Marks, criteria: Criteria) -> Sieved:
    """Every reason to set a piste aside; what is not marked yet is no reason."""
    missing = tuple(each.name for each in criteria.criteria if each.key not in marks)
    alone = [said for each in criteria.criteria if (said := _set_aside(each.key, marks, criteria))]
    together = [_named(each, criteria) for each in criteria.forbidden if _holds(each, marks)]
    return Sieved((*alone, *together), missing)


def level_of(marks: Marks, key: str, criteria: Criteria) -> Level | None:
    """The level a piste has for a criterion, if it is marked on its scale."""
    criterion = criteria.get(key)
    return criterion.level(marks[key]) if criterion and key in marks else None


def _set_aside(key: str, marks: Marks, criteria: Criteria) -> str:
    if key not in marks:
        return ""
    level = criteria[key].level(marks[key])
    if level is None:
        return f"{criteria[key].name}\u00a0: {marks[key]} est hors de l’échelle ({criteria[key].scale})"
    return "" if level.retained else f"{criteria[key].name} {level.words}, non retenu"


def _holds(combination: Forbidden, marks: Marks) -> bool:
    return all(marks.get(key) == value for key, value in combination.levels.items())


def _named(combination: Forbidden, criteria: Criteria) -> str:
    parts = [
        f"{each.name} {level.words}"
        for each in criteria.criteria
        if each.key in combination.levels and (level := each.level(combination.levels[each.key]))
    ]
    return " et ".join(parts)
