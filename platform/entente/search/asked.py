"""What someone typed in the box: words to find, words that must stand together, words to leave out."""

import re
import unicodedata
from typing import NamedTuple

from entente.search import french

LONGEST = 200
MOST_WORDS = 10

_PIECE = re.compile(r'(?P<minus>(?<!\S)-)?(?:["“”«»](?P<together>[^"“”«»]*)["“”«»]?|(?P<alone>[^\s"“”«»]+))')
_UNSEEN = re.compile(r"[\x00-\x1f\x7f]+")


class Asked(NamedTuple):
    """A question, as the index understands it."""

    text: str
    """What was typed, within bounds."""
    words: tuple[str, ...] = ()
    together: tuple[tuple[str, ...], ...] = ()
    without: tuple[str, ...] = ()
    was_cut: bool = False

    @property
    def is_empty(self) -> bool:
        """Whether nothing is left to look for."""
        return not self.words


def read(typed: str) -> Asked:
    """Understand what was typed; whatever it is, it is no error."""
    clean = unicodedata.normalize("NFC", _UNSEEN.sub(" ", typed.encode("utf-8", "replace").decode())).strip()
    text = clean[:LONGEST]
    words: dict[str, None] = {}
    without: dict[str, None] = {}
    together: list[tuple[str, ...]] = []
    for piece in _PIECE.finditer(text):
        found = french.terms(piece["together"] or piece["alone"] or "")
        if piece["minus"]:
            without.update(dict.fromkeys(found))
            continue
        words.update(dict.fromkeys(found))
        if piece["together"] and len(found) > 1:
            together.append(tuple(found))
    kept = tuple(words)[:MOST_WORDS]
    whole = [each for each in together if set(each) <= set(kept)]
    left_out = tuple(word for word in without if word not in words)[:MOST_WORDS]
    return Asked(text, kept, tuple(whole), left_out, len(clean) > LONGEST or len(words) > MOST_WORDS)
