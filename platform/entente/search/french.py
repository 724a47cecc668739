"""French words as both homes of the data index them: folded, without elisions or empty words, and stemmed.

All of it happens here and none of it in the databases, so SQLite and PostgreSQL cannot disagree.
"""

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

import Stemmer

from entente.letters import bare

ANALYSIS = 1
"""Changes with anything that makes other terms of the same words: an index made before must be made again."""
LONGEST = 40
"""Letters of a term; what is longer is no word."""

_WORD = re.compile(r"[^\W_]+")
# « réparée » without its accents ends in -ee, which Snowball does not know: it is « réparé ».
_FEMININE = re.compile(r"(?<=\w\w)ees?$")
# Snowball keeps the plural of what ends in a vowel (élus, photos) and sees a verb in some singulars (hiver, forfait),
# so that the two would part. Not -ons nor -ais, which are verbs more often.
_PLURAL = re.compile(r"(?<=\w\w\w)(?<!on)(?<!ai)(?<!s)s$")
_PLURALS = {word: word[:-1] for word in ("aveux", "enjeux", "feux", "jeux", "lieux", "milieux", "voeux")} | {
    "baux": "bail",
    "travaux": "travail",
    "vitraux": "vitrail",
}
_stem = Stemmer.Stemmer("french").stemWord

# Without « été », which is also a season: a word too many here could not be found, one too few costs a little room.
EMPTY = frozenset(
    """
    a ai aie au aura aurait aurons auront aux avaient avait avec avez avions avoir avons ayant c ce ceci cela
    celle celles celui ces cet cette ceux chez ci d dans de des donc dont du elle elles en es est et eu eux fut
    ici il ils j je jusqu l la le les leur leurs lorsqu lui m ma mais me mes moi mon n ne ni nos notre nous on
    ont ou par pas pour puisqu qu quand que quel quelle quelles quels qui quoi quoiqu s sa sans se sera serait
    serons seront ses si soit sommes son sont suis sur t ta te tes toi ton tu un une vos votre vous y etait
    etaient etant etes etre
    """.split()  # noqa: SIM905
)


class Token(NamedTuple):
    """A word where it stands in a text, and the term under which it is found."""

    start: int
    end: int
    term: str


def tokens(text: str) -> Iterator[Token]:
    """The words of a text that mean something, in order."""
    for found in _WORD.finditer(text):
        term = term_of(found.group())
        if term:
            yield Token(found.start(), found.end(), term)


def terms(text: str) -> list[str]:
    """The terms of a text, in order."""
    return [token.term for token in tokens(unicodedata.normalize("NFC", text))]


@lru_cache(maxsize=50_000)
def term_of(word: str) -> str:
    """The term under which a word is found; nothing for one that means nothing."""
    folded = fold(word)
    if folded in EMPTY:
        return ""
    singular = _PLURALS.get(folded) or _PLURAL.sub("", _FEMININE.sub("e", folded))
    return str(_stem(singular))[:LONGEST]


def fold(word: str) -> str:
    """A word in small letters without its accents."""
    return "".join(letter for letter in bare(word) if letter.isalnum())
