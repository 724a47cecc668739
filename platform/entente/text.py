"""What people type, made safe: Markdown into bounded, sanitised HTML, plain words, and honest names."""

import re
import unicodedata
from collections.abc import Collection, Iterable, Iterator, Mapping
from itertools import count as counting
from types import MappingProxyType
from typing import NamedTuple

import nh3
from markdown_it import MarkdownIt
from markdown_it.parser_block import RuleFuncBlockType
from markdown_it.rules_block import StateBlock, blockquote, list_block, table
from markdown_it.rules_core import StateCore
from markdown_it.token import Token

MAX_BYTES = 32 * 1024
# Bytes alone do not bound the work: 32 KiB of « - a » is eight thousand list items, and a run of brackets
# costs its square. With these, the worst text we know is read in about a tenth of a second.
MAX_LINES = 1_200
MAX_MARKS = 3_000
MAX_BRACKETS = 1_000
MAX_CELLS = 2_000
MAX_DEPTH = 8
MAX_EMPHASIS = 6
MAX_BARE_LINKS = 300
MAX_CALLS = 300
EXCERPT_READS = 2_048

SCHEMES = {"http", "https", "mailto"}
TAGS = {
    *("p", "br", "hr", "h3", "h4", "h5", "h6", "blockquote", "ul", "ol", "li", "em", "strong", "s"),
    *("a", "code", "pre", "div", "table", "thead", "tbody", "tr", "th", "td"),
}
# The only attributes we write ourselves: they do not travel through the text, so nobody can forge others.
SCROLL = {"class": "table-scroll", "role": "group", "tabindex": "0", "aria-label": "Tableau"}

# Browsers drop tabs and newlines from an address (`/\t/elsewhere`), so an address has none.
_ADDRESS = re.compile(r"(?:https?://|mailto:|/(?![/\\]))[^\x00-\x20]*", re.IGNORECASE)
_FORMS = {"href": _ADDRESS, "start": re.compile(r"[0-9]{1,9}")}
_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufffe\uffff]")
# Unicode's Default_Ignorable_Code_Point, the bidirectional controls among them, and the blank Braille cell:
# what the eye cannot see, and what makes two different names look the same.
_UNSEEN = re.compile(
    r"[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u2800"
    r"\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
    r"\U000e0000-\U000e0fff\ud800-\udfff]"
)
_MARKS = re.compile(r"[*_~`\[<]")
_BARE = re.compile(r"https?://[^\s<>\"«»]+")
_AFTER_ADDRESS = ".,;:!?…'’)]}\u00a0\u202f"
_SPACES = re.compile(r"\s+")
_CALL = re.compile(r"(?<![\w@/.:-])@((?:[^\W\d_]+:)?[^\W_]+(?:-[^\W_]+)*)")
_LETTERS = str.maketrans({"œ": "oe", "Œ": "oe", "æ": "ae", "Æ": "ae", "ß": "ss", "ø": "o", "Ø": "o"})
_BETWEEN_WORDS = re.compile(r"[^a-z0-9]+")


class Link(NamedTuple):
    """Where a handle leads, and what is read in its place."""

    address: str
    words: str


NO_LINKS: Mapping[str, Link] = MappingProxyType({})


class TooLong(ValueError):
    """The text asks for more than one message may hold; its words say how much, in French."""


def to_html(markdown: str, calls: Mapping[str, Link] = NO_LINKS) -> str:
    """The HTML of what someone wrote: nothing in it runs, styles, names or leads where we do not allow.

    `calls` says where known handles (`@claire-sauzeau`) lead; any other stays as it was typed.
    """
    return sanitise(_reader.render(_accepted(markdown), {"calls": calls}))


def handles_in(markdown: str) -> list[str]:
    """The handles that a text calls in its own words, in order: not those in code, in a link or in a quote."""
    tokens = _unquoted(_reader.parse(_accepted(markdown), {}))
    found = (_CALL.finditer(words) for token in tokens for words in _own_words(token.children or []))
    return list(dict.fromkeys(_handle(call) for calls in found for call in calls))


def uncalled(markdown: str, handles: Collection[str], instead: str) -> str:
    """The text with other words in the place of some handles, wherever they stand."""
    return _CALL.sub(lambda call: instead if _handle(call) in handles else call.group(), markdown)


def slug(words: str) -> str:
    """These words in letters without accent and figures, joined by hyphens; nothing when none of them is left."""
    letters = unicodedata.normalize("NFKD", words.translate(_LETTERS))
    ascii_ = "".join(letter for letter in letters if not unicodedata.combining(letter)).lower()
    return _BETWEEN_WORDS.sub("-", ascii_).strip("-")


def sanitise(html: str) -> str:
    """HTML with only the tags, attributes and addresses that a message may hold."""
    return _cleaner.clean(html)


def plain(markdown: str) -> str:
    """The words alone, on one line, quotes included: what a search indexes."""
    return _joined(_reader.parse(_accepted(markdown), {}))


def excerpt(markdown: str, length: int = 180) -> str:
    """The first words of a text, its own rather than those it quotes, cut between two words."""
    tokens = _reader.parse(_received(markdown[:EXCERPT_READS]), {})
    words = _joined(_unquoted(tokens)) or _joined(tokens)
    if len(words) <= length:
        return words
    kept = words[:length]
    return (kept.rpartition(" ")[0] or kept[:-1]).rstrip(" \u00a0\u202f,;:.…") + "…"


def clean_name(name: str) -> str:
    """A name or a title as it will be read: composed, on one line, without anything the eye cannot see."""
    seen = _UNSEEN.sub("", _CONTROLS.sub("", _SPACES.sub(_one_space, name)))
    return _SPACES.sub(_one_space, unicodedata.normalize("NFC", seen)).strip()


def _one_space(run: re.Match[str]) -> str:
    """One space for many; a non-breaking one if someone took care to type it."""
    return next((space for space in run.group() if space in "\u00a0\u202f"), " ")


def _received(markdown: str) -> str:
    """What a browser may send, without the control characters and half-letters that no page can carry."""
    return _CONTROLS.sub("", markdown.encode("utf-8", "replace").decode("utf-8"))


def _accepted(markdown: str) -> str:
    """The text, if a message may be that long."""
    text = _received(markdown)
    for unit, count, limit in (
        ("octets", len(text.encode()), MAX_BYTES),
        ("lignes", len(text.splitlines()), MAX_LINES),
        ("signes de mise en forme (* _ ~ ` [ <)", len(_MARKS.findall(text)), MAX_MARKS),
        ("crochets ouvrants", text.count("["), MAX_BRACKETS),
    ):
        if count > limit:
            raise TooLong(
                f"Votre texte est trop long\u00a0: {_figure(count)} {unit}, pour {_figure(limit)} au plus. "
                "Raccourcissez-le ou répartissez-le en plusieurs messages."
            )
    return text


def _figure(number: int) -> str:
    return f"{number:,}".replace(",", "\u202f")


class _Reader(MarkdownIt):
    """Markdown as we read it; what it refuses stays on the page as it was typed."""

    def validateLink(self, url: str) -> bool:
        return _ADDRESS.fullmatch(url) is not None

    def normalizeLinkText(self, link: str) -> str:
        # Decoding an address to make it pretty also decodes what makes it lie (%E2%80%AE turns it around).
        return link


def _shallow(rule: RuleFuncBlockType) -> RuleFuncBlockType:
    """The same rule, until quotes and lists are nested too deep: then their marks are only text."""

    def bounded(state: StateBlock, start: int, end: int, silent: bool) -> bool:
        return state.level < MAX_DEPTH and rule(state, start, end, silent)

    return bounded


def _quote(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """A quote is the lines that begin with « > »: an answer typed just under one is not swallowed by it.

    CommonMark lets a quote go on without its mark, and then looks for its end again from every line: two
    thousand short lines took fourteen seconds.
    """
    if silent or not _is_quoted(state, start):
        return blockquote(state, start, end, silent)
    last = next((line for line in range(start, end) if not _is_quoted(state, line)), end)
    state.lineMax, below = last, state.lineMax
    found = blockquote(state, start, last, silent)
    state.lineMax = below
    return found


def _is_quoted(state: StateBlock, line: int) -> bool:
    begins = state.bMarks[line] + state.tShift[line]
    return state.sCount[line] >= state.blkIndent and state.src.startswith(">", begins, state.eMarks[line])


def _bounded_table(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """A table, while the text has cells left: short rows are completed, so few bytes make thousands."""
    if start + 2 > end:
        return False
    columns = state.src.count("|", state.bMarks[start + 1], state.eMarks[start + 1]) + 1
    rows = (MAX_CELLS - state.env.get("cells", 0)) // columns - 1
    if not table(state, start, min(end, start + 2 + rows), silent):
        return False
    if not silent:
        state.env["cells"] = state.env.get("cells", 0) + columns * (state.line - start)
    return True


def _arrange(state: StateCore) -> None:
    """Fit a text into a page: its headings under ours, its tables in a frame, its images behind links."""
    state.tokens = list(_framed(state.tokens))
    _demote([token for token in state.tokens if token.type.startswith("heading_")])
    links = _Links(state.env.get("calls", NO_LINKS))
    for token in state.tokens:
        if token.children:
            token.children = list(_settled(token.children, links))


def _framed(tokens: list[Token]) -> Iterator[Token]:
    for token in tokens:
        if token.type == "table_open":
            yield Token("scroll_open", "div", 1, block=True)
        yield token
        if token.type == "table_close":
            yield Token("scroll_close", "div", -1, block=True)


def _demote(headings: list[Token]) -> None:
    """Begin at h3 whatever was typed, and never skip a level: the page owns h1 and h2."""
    above: list[str] = []
    for token in headings:
        if token.nesting == 1:
            while above and above[-1] >= token.tag:
                above.pop()
            above.append(token.tag)
        token.tag = f"h{min(2 + len(above), 6)}"


class _Links:
    """What becomes a link by itself in one text, and how many have."""

    def __init__(self, calls: Mapping[str, Link]) -> None:
        self.calls = calls
        self.bare, self.called = counting(), counting()

    def to(self, call: re.Match[str]) -> Link | None:
        """Where a handle leads, if it is known and there are not too many."""
        link = self.calls.get(_handle(call))
        return link if link and next(self.called) < MAX_CALLS else None


def _settled(children: list[Token], found: _Links) -> Iterator[Token]:
    """The same words: images and bare addresses become links, and no emphasis is deeper than anyone can see."""
    depth = links = 0
    for token in children:
        if token.type == "image":
            yield from _link_to(token, inside=links > 0)
        elif token.tag == "a":
            links += token.nesting
            yield token
        elif token.type == "text" and not links:
            yield from _linked(token.content, found)
        else:
            depth += token.nesting == 1
            too_deep = token.nesting and depth > MAX_EMPHASIS
            yield Token("text", "", 0, content=token.markup) if too_deep else token
            depth -= token.nesting == -1


def _link_to(image: Token, inside: bool) -> list[Token]:
    """An image from elsewhere would tell its host who reads: it becomes a link, or words inside a link."""
    source = str(image.attrs.get("src", ""))
    words = Token("text", "", 0, content=_joined(image.children or []) or source)
    if inside or not source:
        return [words]
    return [Token("link_open", "a", 1, attrs={"href": source}), words, Token("link_close", "a", -1)]


def _linked(words: str, found: _Links) -> Iterator[Token]:
    """The words, with the addresses that people paste made links; a text that is only addresses stays words."""
    at = 0
    for pasted in _BARE.finditer(words):
        address = pasted.group().rstrip(_AFTER_ADDRESS)
        if not _ADDRESS.fullmatch(address) or next(found.bare) >= MAX_BARE_LINKS:
            continue
        yield from _calling(words[at : pasted.start()], found)
        yield from _link(Link(address, address))
        at = pasted.start() + len(address)
    yield from _calling(words[at:], found)


def _calling(words: str, found: _Links) -> Iterator[Token]:
    """The words, with the handles that are known made links."""
    at = 0
    for call in _CALL.finditer(words):
        link = found.to(call)
        if link:
            yield Token("text", "", 0, content=words[at : call.start()])
            yield from _link(link)
            at = call.end()
    yield Token("text", "", 0, content=words[at:])


def _link(link: Link) -> Iterator[Token]:
    yield Token("link_open", "a", 1, attrs={"href": link.address})
    yield Token("text", "", 0, content=link.words)
    yield Token("link_close", "a", -1)


def _handle(call: re.Match[str]) -> str:
    kind, colon, name = call.group(1).rpartition(":")
    return f"{slug(kind)}{colon}{slug(name)}"


def _own_words(children: list[Token]) -> Iterator[str]:
    links = 0
    for token in children:
        if token.tag == "a":
            links += token.nesting
        elif token.type == "text" and not links:
            yield token.content


def _unquoted(tokens: list[Token]) -> Iterator[Token]:
    quotes = 0
    for token in tokens:
        if token.type in ("blockquote_open", "blockquote_close"):
            quotes += token.nesting
        elif not quotes:
            yield token


def _joined(tokens: Iterable[Token]) -> str:
    return clean_name("".join(_words(tokens)))


def _words(tokens: Iterable[Token]) -> Iterator[str]:
    """What is said, token by token; a word ends with its line, its cell or its paragraph."""
    for token in tokens:
        if token.children is None:
            yield token.content
        else:
            yield from _words(token.children)
        if token.block or token.tag == "br":
            yield " "


def _worthy(tag: str, attribute: str, value: str) -> str | None:
    """The value of an attribute, if it is an address we welcome, a number, or our own addition."""
    form = _FORMS.get(attribute)
    return value if form is None or form.fullmatch(value) else None


def _new_reader() -> MarkdownIt:
    reader = _Reader("commonmark", {"html": False, "breaks": True, "xhtmlOut": False})
    reader.enable(["table", "strikethrough"])
    # A reference lets three bytes repeat an address of ten thousand: 32 KiB would become a hundred MB.
    reader.disable("reference")
    reader.block.ruler.at("table", _bounded_table, {"alt": ["paragraph", "reference"]})
    reader.block.ruler.at("blockquote", _shallow(_quote), {"alt": ["paragraph", "reference", "blockquote", "list"]})
    reader.block.ruler.at("list", _shallow(list_block), {"alt": ["paragraph", "reference", "blockquote"]})
    reader.core.ruler.push("arrange", _arrange)
    return reader


_reader = _new_reader()
_cleaner = nh3.Cleaner(
    tags=TAGS,
    attributes={"*": set(), "a": {"href"}, "ol": {"start"}},
    attribute_filter=_worthy,
    set_tag_attribute_values={"div": SCROLL},
    url_schemes=SCHEMES,
    link_rel="nofollow ugc noopener",
)
