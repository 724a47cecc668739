"""The names of a person, as they are written: found in any text, and written over.

The first name and the family name, in either order, joined by anything; « Mme Diallo » and « A. Diallo » when nobody
else bears that name; the e-mail address; the handles by which messages call them; and the words that whoever forgets
them adds by hand: a telephone number, a maiden name, a nickname.
"""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from entente.text import slug

GONE = "(personne partie)"
NO_ADDRESS = "(adresse effacée)"
NO_WORDS = "(effacé)"
SHORTEST = 4
"""A word to write over has at least so many letters: a shorter one stands in the words of everybody."""

_BETWEEN = r"[\s\u00a0\u202f._\-\u2010\u2011]{0,3}"
_BEFORE, _AFTER = r"(?<![^\W_])", r"(?![^\W_])"
_MARKS = r"[\u0300-\u036f]*"
_TITLES = r"(?:M(?:me|lle|r|gr)?\.?|Monsieur|Madame|Mademoiselle|Ma[iî]tre|Dr\.?)[\s\u00a0\u202f]+"
_FIGURES = re.compile(r"\d\d")
_RUNS = re.compile(r"[a-z0-9]+")


@dataclass(frozen=True)
class Names:
    """Everything that names one person."""

    given: str
    family: str
    email: str
    also: Sequence[str] = ()
    is_alone: bool = True
    """Whether nobody else bears the same names: otherwise only what names this one for certain is written over."""
    is_last: bool = True
    """Whether nobody else bears the family name."""

    @cached_property
    def _patterns(self) -> list[tuple[re.Pattern[str], str]]:
        found = [(f"{_BEFORE}{re.escape(self.email)}{_AFTER}", NO_ADDRESS)]
        found += [(f"{_BEFORE}{_figures(each) or _spelt(each)}{_AFTER}", NO_WORDS) for each in self.also]
        if self.is_alone:
            given, family = _spelt(self.given), _spelt(self.family)
            whole = f"(?:{given}{_BETWEEN}{family}|{family}{_BETWEEN}{given})"
            found += [(rf"@{whole}(?:-\w+)*", GONE), (f"{_BEFORE}{whole}{_AFTER}", GONE)]
            if self.is_last:
                initial = rf"{_spelt(self.given[:1])}\.[\s\u00a0\u202f]*"
                found.append((f"{_BEFORE}(?:{_TITLES}|{initial}){family}{_AFTER}", GONE))
        return [(re.compile(pattern, re.IGNORECASE), instead) for pattern, instead in found]

    @property
    def hints(self) -> list[list[str]]:
        """What a text that names the person holds, in plain small letters: all the words of one of the lists."""
        lists = [_hints(self.email), *map(_hints, self.also)]
        return [*lists, _hints(self.family)] if self.is_alone else lists

    def without(self, text: str) -> str:
        """A text that names the person no more."""
        for pattern, instead in self._patterns:
            text = pattern.sub(instead, text)
        return text

    def without_any(self, value: Any) -> Any:
        """The same, whatever the depth at which texts lie."""
        if isinstance(value, str):
            return self.without(value)
        if isinstance(value, list):
            return [self.without_any(each) for each in value]
        if isinstance(value, dict):
            return {key: self.without_any(each) for key, each in value.items()}
        return value


def _spelt(name: str) -> str:
    """A name as people type it: with or without accents, apostrophes and hyphens of any sort."""
    return _BETWEEN.join("".join(map(_letter, part)) for part in re.split(r"[\s\u00a0\u202f\-]+", name.strip()))


def _letter(letter: str) -> str:
    if letter in "'’ʼ":
        return r"['’ʼ\s_-]?"
    bare = slug(letter)
    ways = dict.fromkeys([letter, bare or letter])
    return f"(?:{'|'.join(map(re.escape, ways))}){_MARKS}"


def _figures(words: str) -> str:
    """A number as it is dialled, by twos, with what people put between."""
    figures = re.sub(r"[\s\u00a0\u202f.\-/()]", "", words)
    if not (figures.isascii() and figures.isdigit() and len(figures) % 2 == 0):
        return ""
    first, *pairs = _FIGURES.findall(figures)
    if first.startswith("0"):
        first = rf"(?:0|(?:\+|00)33[\s\u00a0\u202f.\-]?(?:\(0\))?){first[1:]}"
    return r"[\s\u00a0\u202f.\-/]?".join([first, *pairs])


def _hints(words: str) -> list[str]:
    """The longest run of plain letters; of a number, its last pairs. Nothing, when no run is sure."""
    if _figures(words):
        return _FIGURES.findall(re.sub(r"\D", "", words))[-2:]
    # An accent may be typed or not, in one sign or two: only what never bears one is looked for.
    plain = "".join(each if each.isascii() else " " for each in unicodedata.normalize("NFC", words))
    runs = [run for run in _RUNS.findall(plain.lower()) if run]
    return [max(runs, key=len)] if runs else []
