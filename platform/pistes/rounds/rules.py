"""Who runs a round and who answers in it, and what becomes of the marks: plain functions over plain values."""

from collections.abc import Collection, Mapping
from fractions import Fraction
from math import ceil
from typing import NamedTuple
from uuid import UUID

from entente.people.who import Who
from pistes.criteria.models import Criteria, Criterion
from pistes.rounds.models import Middle

MOST_CELLS = 160
"""Marks asked on one page of the form: a form that sends many more fields is refused before it is read."""


def may_run(who: Who, cotechs: Collection[UUID]) -> bool:
    """The secretary of the CoTech opens, reminds and closes, or an administrator."""
    return who.is_administrator or not who.secretary_of.isdisjoint(cotechs)


def pistes_per_page(criteria: Criteria) -> int:
    """How many pistes one page of the form holds."""
    return max(1, MOST_CELLS // len(criteria.criteria))


Counts = Mapping[int, int]
"""How many voices gave each level."""


class Spread(NamedTuple):
    """How the marks of one piste for one criterion are spread: levels that somebody gave, never between two."""

    voices: int
    least: int
    first: int
    median: int
    third: int
    most: int
    counts: Counts

    @property
    def mean(self) -> Fraction:
        """The mean of ordinal levels: for whoever asks."""
        return Fraction(sum(level * count for level, count in self.counts.items()), self.voices)

    def steps(self, criterion: Criterion) -> int:
        """How many steps of the scale lie between the quartiles."""
        values = [level.value for level in criterion.levels]
        return values.index(self.third) - values.index(self.first)


def spread(counts: Counts, middle: Middle) -> Spread | None:
    """The spread of these marks; none when nobody gave any. Quartiles by nearest rank."""
    given = {level: count for level, count in sorted(counts.items()) if count}
    voices = sum(given.values())
    if not voices:
        return None

    def at(rank: int) -> int:
        for level, count in given.items():
            rank -= count
            if rank <= 0:
                return level
        raise ValueError("rank beyond the marks")

    half = voices // 2 + 1 if voices % 2 or middle is Middle.HIGH else voices // 2
    levels = list(given)
    return Spread(voices, levels[0], at(ceil(voices / 4)), at(half), at(ceil(3 * voices / 4)), levels[-1], given)
