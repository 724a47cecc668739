"""How two texts differ, word by word."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from typing import Literal, NamedTuple

MOST_PAIRS = 200_000
"""Pairs of equal parts to weigh; a text that repeats itself has the square of its words."""

Act = Literal["same", "added", "removed"]


class Piece(NamedTuple):
    """A run of text, and what became of it."""

    act: Act
    text: str


_WORD = re.compile(r"\w+\s*|[^\w\s]\s*|\s+")


def differences(before: str, after: str) -> list[Piece]:
    """What was added to a text and what was removed from it, in the order of reading."""
    old, new = _parts(before, after)
    return list(_pieces(old, new))


def _parts(before: str, after: str) -> tuple[list[str], list[str]]:
    """Words; lines when there would be too many pairs of words to compare; else the texts as they are."""
    words = _WORD.findall(before), _WORD.findall(after)
    lines = before.splitlines(keepends=True), after.splitlines(keepends=True)
    return next((parts for parts in (words, lines) if _pairs(*parts) <= MOST_PAIRS), ([before], [after]))


def _pairs(old: Sequence[str], new: Sequence[str]) -> int:
    counts = Counter(new)
    return sum(times * counts[part] for part, times in Counter(old).items())


def _pieces(old: list[str], new: list[str]) -> Iterator[Piece]:
    for tag, from_, to, start, end in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if tag == "equal":
            yield Piece("same", "".join(old[from_:to]))
            continue
        if to > from_:
            yield Piece("removed", "".join(old[from_:to]))
        if end > start:
            yield Piece("added", "".join(new[start:end]))
