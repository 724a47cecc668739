"""What would move if the criteria were otherwise, and the form in which a ranking is signed: plain functions."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, NamedTuple
from uuid import UUID

from entente.people.who import Who
from pistes.criteria.models import Criteria, Criterion, Direction
from pistes.models import TieRule

Bodies = frozenset[UUID]


def may_freeze(who: Who, committees: Bodies) -> bool:
    """The secretary of the CoTech or of the CoPil keeps a ranking, or an administrator."""
    return who.is_administrator or not who.secretary_of.isdisjoint(committees)


@dataclass(frozen=True)
class Variation:
    """What an address asks to be otherwise; nothing of it is saved."""

    order: tuple[str, ...] = ()
    """Keys of criteria, the first to compare by first; those left out follow as they are."""
    thresholds: Mapping[str, int] | None = None
    """For a criterion, the last level that is retained."""
    tie: TieRule | None = None

    def of(self, criteria: Criteria) -> Criteria:
        """The criteria so changed."""
        first = [each for key in dict.fromkeys(self.order) if (each := criteria.get(key))]
        ordered = [*first, *(each for each in criteria.criteria if each not in first)]
        return criteria.model_copy(update={"criteria": tuple(self._cut(each) for each in ordered)})

    def _cut(self, criterion: Criterion) -> Criterion:
        last = (self.thresholds or {}).get(criterion.key)
        if last is None:
            return criterion
        worst = criterion.worth(last)
        levels = (
            each.model_copy(update={"retained": criterion.worth(each.value) <= worst}) for each in criterion.levels
        )
        return criterion.model_copy(update={"levels": tuple(levels)})


def threshold_of(criterion: Criterion) -> int | None:
    """The last level that is retained, when those that are retained go on from the best without a gap."""
    best_first = criterion.levels if criterion.direction is Direction.LOW else tuple(reversed(criterion.levels))
    kept = [each.value for each in best_first if each.retained]
    return kept[-1] if kept and kept == [each.value for each in best_first[: len(kept)]] else None


class Standing(NamedTuple):
    """A row of a ranking as another is compared with it."""

    title: str
    place: int
    is_aside: bool


class Move(NamedTuple):
    """What becomes of one row from a ranking to another."""

    key: str
    title: str
    before: int | None
    after: int | None
    was_aside: bool = False
    is_aside: bool = False

    @property
    def by(self) -> int:
        """How many places it goes up (or down, below zero)."""
        return self.before - self.after if self.before is not None and self.after is not None else 0

    @property
    def is_still(self) -> bool:
        """Whether nothing becomes of it."""
        return self.before == self.after and self.was_aside == self.is_aside


def moves(before: Mapping[str, Standing], after: Mapping[str, Standing]) -> list[Move]:
    """Every row of either, in the order of the second; those that are gone come last."""
    found = [
        Move(
            key,
            row.title,
            before[key].place if key in before else None,
            row.place,
            key in before and before[key].is_aside,
            row.is_aside,
        )
        for key, row in after.items()
    ]
    gone = [Move(key, row.title, row.place, None, row.is_aside) for key, row in before.items() if key not in after]
    return found + gone


def moved(all_moves: Sequence[Move]) -> list[Move]:
    """Those of which something becomes."""
    return [each for each in all_moves if not each.is_still]


def canonical(content: Mapping[str, Any]) -> str:
    """One text for one content, whatever the order in which it was built."""
    return json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def digest_of(text: str) -> str:
    """SHA-256 of a canonical text, in hexadecimal."""
    return sha256(text.encode()).hexdigest()
