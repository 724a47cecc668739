"""Ways to look at fewer rows, or in another order: each is an address."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from entente.letters import bare
from pistes.models import Phase
from pistes.ranking.queries import Board, Line
from pistes.words import PHASES

PAGE = "/pistes"
PER_PAGE = 200
"""Rows on one page: nobody reads ten thousand at once, and the files hold them all."""
DEFERRED = "reportees"
SORTS = {"rang": "Rang", "titre": "Intitulé", "phase": "Phase", "communes": "Communes"}
_USUAL = (("tri", "rang"), ("page", 1))
_KEYS: Mapping[str, Callable[[Line], Any]] = {
    "titre": lambda line: bare(line.piste.title),
    "phase": lambda line: list(Phase).index(line.phase),
    "communes": lambda line: -len(line.carriers),
}


@dataclass(frozen=True)
class Chosen:
    """What an address asks of the table."""

    objectif: str = ""
    commune: str = ""
    phase: str = ""
    note: str = ""
    """A criterion and a level, as `potentiel-1`."""
    tri: str = "rang"
    page: int = 1

    @classmethod
    def of(cls, asked: Mapping[str, str]) -> "Chosen":
        """The parameters of an address; what nobody knows is left out."""
        said = {name: asked.get(name, "")[:80] for name in ("objectif", "commune", "phase", "note")}
        sort = asked.get("tri", "")
        page = asked.get("page", "")
        number = int(page) if page.isascii() and page.isdigit() and len(page) < 6 else 1
        return cls(**said, tri=sort if sort in SORTS else "rang", page=max(number, 1))

    def address(self, **instead: str | int) -> str:
        """The same question with something changed, from its first page unless another is named."""
        asked = {**self.__dict__, "page": 1, **instead}
        kept = {name: value for name, value in asked.items() if value and (name, value) not in _USUAL}
        return f"{PAGE}?{urlencode(kept)}" if kept else PAGE

    def paged(self, page: int) -> str:
        """Other rows of the same answer."""
        return self.address(page=page)

    @property
    def is_narrow(self) -> bool:
        """Whether some rows may be left out."""
        return bool(self.objectif or self.commune or self.phase or self.note)

    def words(self, offered: Mapping[str, Sequence[tuple[str, str]]]) -> list[str]:
        """What is asked of the table, in words."""
        asked = [text for name, options in offered.items() for key, text in options if key == getattr(self, name)]
        return asked if self.tri == "rang" else [*asked, f"par {SORTS[self.tri].lower()}"]

    def lines(self, board: Board) -> list[Line]:
        """The rows asked for, in the order asked for; what is equal keeps the order of the ranking."""
        found = [line for line in board.lines if self._holds(line)]
        return sorted(found, key=_KEYS[self.tri]) if self.tri in _KEYS else found

    def _holds(self, line: Line) -> bool:
        key, _, level = self.note.rpartition("-")
        return (
            (not self.objectif or str(line.branch.way[0].node.id) == self.objectif)
            and (not self.commune or self.commune in {str(each.commune.id) for each in line.carriers})
            and (not self.phase or self._has_phase(line))
            and (not self.note or (key in line.marks and str(line.marks[key].level) == level))
        )

    def _has_phase(self, line: Line) -> bool:
        return line.deferral is not None if self.phase == DEFERRED else line.phase == self.phase


@dataclass(frozen=True)
class Slice:
    """A page of rows, and where it stands among all of them."""

    lines: Sequence[Line]
    number: int
    count: int
    first: int
    """Where its first row comes, from 1."""

    @classmethod
    def of(cls, lines: Sequence[Line], number: int) -> "Slice":
        """The page of that number; the last one for a number beyond it."""
        count = max(1, -(-len(lines) // PER_PAGE))
        here = min(number, count)
        return cls(lines[(here - 1) * PER_PAGE : here * PER_PAGE], here, count, (here - 1) * PER_PAGE + 1)

    @property
    def last(self) -> int:
        """Where its last row comes."""
        return self.first + len(self.lines) - 1


def choices(board: Board) -> dict[str, Sequence[tuple[str, str]]]:
    """What each filter offers: only what some row answers to."""
    communes = {each.commune.id: each.commune.name for line in board.lines for each in line.carriers}
    marks = [
        (
            f"{criterion.key}-{level.value}",
            f"{criterion.name} {level.figure}{f' · {level.label}' if level.label else ''}",
        )
        for criterion in board.standing.criteria.criteria
        for level in criterion.levels
    ]
    return {
        "objectif": [(str(each.node.id), each.title) for each in board.tree.roots],
        "commune": sorted(((str(id_), name) for id_, name in communes.items()), key=lambda each: bare(each[1])),
        "phase": [*((str(phase), words) for phase, words in PHASES.items()), (DEFERRED, "Reportées")],
        "note": marks,
    }
