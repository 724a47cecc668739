"""Which result comes first: computed here, from the same terms and in the same way whatever the home of the data.

Each word weighs by how often it is said (saturated, and less in a long text, as in BM25), more when the title says
it, more still when that title is the thing's own; words that were asked side by side weigh more when they stand side
by side. No word is dearer because it is rare: every candidate holds them all. Between equals, the newer first.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import pairwise
from typing import NamedTuple
from uuid import UUID

from entente.search.asked import Asked

SATURATION = 1.2
LENGTH_WEIGHT = 0.75
USUAL_SIZE = 60
OWN_TITLE = 2.5
SHARED_TITLE = 0.5
SIDE_BY_SIDE = 1.5
EVERY_WORD = 100.0
"""What one more word of the question is worth: nothing else makes up for it."""


class Candidate(NamedTuple):
    """A document that answers, as the index gives it."""

    kind: str
    subject_id: UUID
    group_id: UUID
    at: datetime
    is_head: bool
    title_terms: str
    terms: str
    size: int


class Hit(NamedTuple):
    """The best of what answers in one group, and how many answer there."""

    kind: str
    subject_id: UUID
    group_id: UUID
    answers: int


def score(asked: Asked, candidate: Candidate) -> float:
    """How well a document answers."""
    title, said = candidate.title_terms.split(), candidate.terms.split()
    long_or_short = SATURATION * (1 - LENGTH_WEIGHT + LENGTH_WEIGHT * candidate.size / USUAL_SIZE)
    total = 0.0
    for word in asked.words:
        often, is_titled = said.count(word), word in title
        if often or is_titled:
            total += EVERY_WORD + often * (SATURATION + 1) / (often + long_or_short)
        if is_titled:
            total += OWN_TITLE if candidate.is_head else SHARED_TITLE
    if len(asked.words) > 1:
        total += SIDE_BY_SIDE * (_side_by_side(asked.words, title) or _side_by_side(asked.words, said))
    # Sums of floats that differ in their last bit would order equals by chance.
    return round(total, 6)


def _side_by_side(words: Sequence[str], said: Sequence[str]) -> float:
    """How many of the words that follow each other in the question do so here: all, 1; none, 0."""
    pairs = set(pairwise(said))
    asked = list(pairwise(words))
    return sum(pair in pairs for pair in asked) / len(asked)


def in_order(asked: Asked, candidates: Iterable[Candidate], by_date: bool = False) -> list[Candidate]:
    """The best first, or the newest; what is equal in everything is ordered by its id, so that pages do not overlap."""

    def place(candidate: Candidate) -> tuple[float, float, UUID]:
        newest = -candidate.at.timestamp()
        return newest if by_date else -score(asked, candidate), newest, candidate.subject_id

    return sorted(candidates, key=place)


def grouped(candidates: Sequence[Candidate]) -> list[Hit]:
    """The first of each group, in their order."""
    counts = Counter(each.group_id for each in candidates)
    first = {each.group_id: each for each in reversed(candidates)}
    order = dict.fromkeys(each.group_id for each in candidates)
    return [Hit(first[group].kind, first[group].subject_id, group, counts[group]) for group in order]
