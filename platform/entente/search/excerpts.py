"""The words of a result around what was asked, marked; everything else is escaped."""

from collections.abc import Collection, Sequence
from unicodedata import normalize

from markupsafe import Markup, escape

from entente.search.french import Token, tokens

LENGTH = 240
BEFORE = 40


def marked(text: str, words: Collection[str]) -> Markup:
    """A whole text with the words that were asked in `<mark>`."""
    text = normalize("NFC", text)
    return _marked(text, [token for token in tokens(text) if token.term in words])


def excerpt(text: str, words: Collection[str]) -> Markup:
    """The part of a text that holds the most of what was asked, or its beginning."""
    text = normalize("NFC", text)
    found = [token for token in tokens(text) if token.term in words]
    start, end = _bounds(text, found)
    shifted = [Token(one.start - start, one.end - start, one.term) for one in found if start <= one.start < end]
    before = Markup("… ") if start else Markup("")
    after = Markup("…") if end < len(text) else Markup("")
    return before + _marked(text[start:end], [one for one in shifted if one.end <= end - start]) + after


def _bounds(text: str, found: Sequence[Token]) -> tuple[int, int]:
    if len(text) <= LENGTH:
        return 0, len(text)
    richest, start = 0, 0
    last = 0
    for first, token in enumerate(found):
        last = max(last, first)
        while last < len(found) and found[last].end <= token.start - BEFORE + LENGTH:
            last += 1
        riches = len({each.term for each in found[first:last]})
        if riches > richest:
            richest, start = riches, max(token.start - BEFORE, 0)
    start = _after_space(text, start) if start else 0
    end = min(start + LENGTH, len(text))
    if end < len(text):
        end = max(text.rfind(" ", start, end), start + LENGTH // 2)
    return start, end


def _after_space(text: str, at: int) -> int:
    space = text.find(" ", at, at + BEFORE)
    return at if space < 0 else space + 1


def _marked(text: str, found: Sequence[Token]) -> Markup:
    parts: list[str] = []
    at = 0
    for token in found:
        parts += [escape(text[at : token.start]), Markup("<mark>{}</mark>").format(text[token.start : token.end])]
        at = token.end
    return Markup("").join([*parts, escape(text[at:])])
