"""No document leads nowhere: links, anchors, files, addresses, commands, settings and measures that are named exist."""

import os
import re
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast
from urllib.parse import unquote, urlsplit

import pytest
from markdown_it import MarkdownIt
from markdown_it.token import Token
from starlette.routing import BaseRoute, Mount, Route
from typer.core import TyperCommand, TyperGroup, TyperOption
from typer.main import get_command

from entente import app, cli, health
from entente.settings import Settings

ROOT = Path(__file__).parents[2]
APART = {".git", ".venv", "node_modules", "var", ".mypy_cache", ".ruff_cache", ".pytest_cache", ".hypothesis"}
OURS = (".py", ".md", ".html", ".js", ".mjs", ".css", ".toml", ".yaml", ".yml", ".json", ".typ", ".webp", ".png")
MADE = ("var", ".venv", "deploy/.env", "deploy/entente.env")
"""What a reader makes by following us: it is not in the tree."""
SHELLS = ("sh", "bash", "console", "shell")
PARSER = MarkdownIt("commonmark").enable("table")


def _files() -> Iterator[str]:
    for folder, folders, names in os.walk(ROOT):
        folders[:] = [name for name in folders if name not in APART]
        at = Path(folder).relative_to(ROOT)
        yield from ((at / name).as_posix() for name in (*names, *folders))


FILES = frozenset(_files())
TOP = {path.split("/")[0] for path in FILES if "/" in path}


@dataclass
class Document:
    """What a document says that can be checked."""

    path: Path
    links: list[str] = field(default_factory=list)
    pictures: list[str] = field(default_factory=list)
    spans: list[str] = field(default_factory=list)
    typed: list[str] = field(default_factory=list)
    """The lines of its shell blocks."""
    anchors: set[str] = field(default_factory=set)

    @property
    def name(self) -> str:
        return self.path.relative_to(ROOT).as_posix()

    @classmethod
    def read(cls, path: Path) -> "Document":
        """Parse it as GitHub does."""
        document = cls(path)
        tokens = PARSER.parse(path.read_text())
        for at, token in enumerate(tokens):
            if token.type == "heading_open":
                document._take_anchor(tokens[at + 1].children or [])
            elif token.type == "fence" and token.info.strip() in SHELLS:
                document.typed += _lines(token.content)
            elif token.type == "inline":
                document._take(token.children or [])
        return document

    def _take(self, tokens: Sequence[Token]) -> None:
        for token in tokens:
            if token.type == "link_open":
                self.links.append(str(token.attrs["href"]))
            elif token.type == "image":
                self.pictures.append(str(token.attrs["src"]))
            elif token.type == "code_inline":
                self.spans.append(token.content)

    def _take_anchor(self, tokens: Sequence[Token]) -> None:
        words = "".join(token.content for token in tokens if token.type in ("text", "code_inline"))
        slug = re.sub(r"[^\w\- ]", "", words.strip().lower().replace("\u00a0", "")).replace(" ", "-")
        while slug in self.anchors:
            slug += "-1"
        self.anchors.add(slug)


def _lines(block: str) -> Iterator[str]:
    """The commands of a shell block: a line that goes on is one, what is poured into a file is none."""
    until = None
    for line in block.replace("\\\n", " ").splitlines():
        if until:
            until = None if line.strip() == until else until
            continue
        if line.strip() and not line.lstrip().startswith("#"):
            yield line.strip()
        if found := re.search(r"<<-?\s*'?(\w+)'?", line):
            until = found[1]


DOCUMENTS = {path: Document.read(ROOT / path) for path in sorted(FILES) if path.endswith(".md")}
Command = TyperCommand | TyperGroup
COMMANDS = cast(TyperGroup, get_command(cli.app))
COMMANDS.commands = {name: cli.command(name) for name in cli.COMMANDS}
each = pytest.mark.parametrize("document", DOCUMENTS.values(), ids=lambda document: document.name)


def _is_outside(link: str) -> bool:
    return bool(urlsplit(link).scheme)


@each
def test_links_and_pictures_lead_somewhere(document: Document) -> None:
    """A relative link names a file of the tree, and a heading of it if it says so; an outside one is https."""
    for link in (*document.links, *document.pictures):
        if _is_outside(link):
            assert re.match(r"https://[\w.-]+\.\w+(/|$)|mailto:[^@\s]+@[^@\s]+$", link), link
            continue
        path, _, anchor = unquote(link).partition("#")
        target = (document.path.parent / path).resolve() if path else document.path
        assert target.exists(), f"{document.name} → {link}"
        assert target.is_relative_to(ROOT), link
        if anchor:
            assert anchor in DOCUMENTS[target.relative_to(ROOT).as_posix()].anchors, f"{document.name} → {link}"


def _is_a_path(span: str) -> bool:
    """Whether a piece of code reads as a file or a folder of the tree."""
    if not re.fullmatch(r"[\w.*@{},/-]+", span) or span.startswith(("/", "@", "-")):
        return False
    return span.split("/")[0] in TOP if "/" in span else span.endswith(OURS)


def _spelled_out(span: str) -> Iterator[str]:
    """`a/{b,c}.py` as `a/b.py` and `a/c.py`."""
    found = re.search(r"\{([^{}]+)\}", span)
    if not found:
        yield span
        return
    for each_of in found[1].split(","):
        yield from _spelled_out(span.replace(found[0], each_of, 1))


def _stands(path: str) -> bool:
    path = path.rstrip("/")
    pattern = re.compile("(.*/)?" + re.escape(path).replace(r"\*", "[^/]*"))
    return path.startswith(MADE) or any(pattern.fullmatch(file) for file in FILES)


@each
def test_files_that_are_named_exist(document: Document) -> None:
    """`docs/speed.md`, `platform/`, `models.py`, `docs/adr/*.md`: each is somewhere in the tree."""
    # A change log also tells of what stood once, and a decision of what was not taken.
    if document.name == "CHANGELOG.md" or "/adr/" in document.name:
        return
    named = [path for span in document.spans if _is_a_path(span) for path in _spelled_out(span)]
    assert [path for path in named if not _stands(path)] == []


def _routes(routes: Sequence[BaseRoute], before: str = "") -> Iterator[str]:
    for route in routes:
        if isinstance(route, Mount):
            yield from _routes(route.routes, before + route.path)
        elif isinstance(route, Route):
            yield before + route.path


ROUTES = {route for room in app.rooms() for route in _routes(room.routes)} | set(_routes(health.routes))
FIRST = {route.split("/")[1] for route in ROUTES} - {""}


def _leads_in(address: str) -> bool:
    path = address.split("?")[0].rstrip("/")
    shapes = (re.sub(r"\\\{\w+(:path)?\\\}", "[^/]+", re.escape(route.rstrip("/"))) for route in ROUTES)
    return any(re.fullmatch(shape, path) for shape in shapes)


@each
def test_addresses_that_are_named_open_on_something(document: Document) -> None:
    """`/agendas`, `/sante/pret`: an address of the product that a document gives is a route of the product."""
    named = [span for span in document.spans if re.match(r"/\w[\w/{}.?=-]*$", span) and span.split("/")[1] in FIRST]
    assert [address for address in named if not _leads_in(address)] == []


def _asked_of(tool: str, document: Document) -> Iterator[list[str]]:
    """What a document asks of a tool: the words after its name, one list for each alternative."""
    before = r"(?:^|sudo (?:-u \w+ )?|exec |[\w./-]*bin/|entente )"
    for line in (*document.typed, *document.spans):
        if found := re.match(rf"{before}{tool}(?: +(.*))?$", line):
            words = shlex.split((found[1] or "").replace("…", " "), comments=True)
            stop = next((at for at, word in enumerate(words) if word in (">", ">>", "&&", ";", "&")), len(words))
            yield from _alternatives(words[:stop])


def _alternatives(words: list[str]) -> Iterator[list[str]]:
    """`import | export` is said of two commands; what is piped into another tool is not ours to judge."""
    at = words.index("|") if "|" in words else len(words)
    yield words[:at]
    others = words[at + 1 :]
    if others and _wrong([*words[: at - 1], others[0]], COMMANDS) is None:
        yield from _alternatives([*words[: at - 1], *others])


def _wrong(words: Sequence[str], command: Command) -> str | None:
    """Why these words are not a command of ours; nothing if they are."""
    while isinstance(command, TyperGroup):
        if not words or words[0] == "--help":
            return None
        if words[0] not in command.commands:
            return f"{words[0]} is no command"
        command, words = cast(Command, command.commands[words[0]]), words[1:]
    options = [each for each in command.params if isinstance(each, TyperOption)]
    known = {"--help"} | {name for each in options for name in (*each.opts, *each.secondary_opts)}
    flags = {"--help"} | {name for each in options if each.is_flag for name in (*each.opts, *each.secondary_opts)}
    places, left = len(command.params) - len(options), [word.strip("[]") for word in words]
    while left:
        name, equals, _ = left.pop(0).partition("=")
        if not name.startswith("-"):
            places -= 1
        elif name not in known:
            return f"{name} is no option of {command.name}"
        elif left and not equals and name not in flags:
            left.pop(0)
    return f"too many words for {command.name}" if places < 0 else None


@each
def test_commands_that_are_shown_exist(document: Document) -> None:
    """Each `entente …` is a command with its own options and no word too many; each `make …` has its rule."""
    for words in _asked_of("entente", document):
        assert _wrong(words, COMMANDS) is None, f"{document.name}: entente {' '.join(words)}"
    rules = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    for words in _asked_of("make", document):
        after_folder = words[2:] if words[:1] == ["-C"] else words
        assert {word for word in after_folder if "=" not in word} <= rules, f"{document.name}: make {words}"


@each
def test_settings_that_are_named_are_real(document: Document) -> None:
    """An ENTENTE_ name is a setting of the house, or read by the tests or the measures."""
    known = {f"ENTENTE_{name}".upper() for name in Settings.model_fields} | {"ENTENTE_CONFIG"}
    readers = [*(ROOT / "tests").rglob("*.py"), *(ROOT / "bench").rglob("*.py")]
    asides = re.findall(r"ENTENTE_(?:TEST|BENCH|REQUIRE)_\w+", "\n".join(path.read_text() for path in readers))
    said = set(re.findall(r"\bENTENTE_[A-Z_]*[A-Z]", document.path.read_text()))
    assert said - known - set(asides) == set()


@each
def test_measures_and_modules_that_are_run_exist(document: Document) -> None:
    """`python -m bench.pages` runs a module that is there."""
    run = re.findall(r"python -m ((?:bench|docs)[\w.]*)", "\n".join((*document.typed, *document.spans)))
    for module in run:
        place = module.replace(".", "/")
        assert FILES & {f"{place}.py", f"{place}/__main__.py"}, module


def test_the_eyes_are_open() -> None:
    """What these tests read in the documents is there to be read."""
    readme = DOCUMENTS["README.md"]
    assert "docs/screenshot.png" in readme.pictures
    assert "deploy/README.md" in readme.links
    assert ["backup", "FILE"] in list(_asked_of("entente", readme))
    assert ["pistes", "export"] in list(_asked_of("entente", DOCUMENTS["CHANGELOG.md"]))
    assert "install-it-for-real" in readme.anchors


@pytest.mark.parametrize(
    "words",
    ["serv", "serve --worker 2", "backup", "people greet", "people invite --hello", "restore A B", "search"],
)
def test_a_wrong_command_is_seen(words: str) -> None:
    """A command with a letter less, an option that is not, a word too many; `backup` and `search` alone are names."""
    assert bool(_wrong(words.split(), COMMANDS)) == (words not in ("backup", "search"))


def _on_screens() -> str:
    """Everything that a screen may say, as one text: templates, and what the code says itself."""
    places = [ROOT / "templates", *(ROOT / name for name in ("platform", "forums", "booking", "realtime"))]
    files = (path for place in places for kind in ("*.html", "*.py", "*.js", "*.json") for path in place.rglob(kind))
    said = " ".join(path.read_text() for path in files)
    return re.sub(r"\s+", " ", said.replace("\\u00a0", " ").replace("&nbsp;", " "))


SAID = _on_screens()


@pytest.mark.parametrize("name", [name for name in DOCUMENTS if name.startswith("docs/guide/")])
def test_words_between_quotation_marks_are_on_a_screen(name: str) -> None:
    """What the guide tells to press or to read « so », a screen says so."""
    told = re.findall(r"« ([^»]+) »", DOCUMENTS[name].path.read_text().replace("\u00a0", " "))
    assert [words for words in told if words not in SAID] == []
    assert name == "docs/guide/README.md" or len(told) > 5
