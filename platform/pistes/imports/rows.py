"""One line of a file as plain values, before anything is known of the register."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from entente.text import clean_name
from entente.web.sheets import Line
from pistes.criteria.models import Criteria
from pistes.imports.readers import Kind
from pistes.marks.service import outside
from pistes.models import MOST_TITLE
from pistes.words import key_of

BELOW = " > "
_CODE = re.compile(r"[A-Z0-9][A-Z0-9-]{0,11}")


class Wrong(ValueError):
    """What is wrong in a line, in French."""


@dataclass
class Row:
    """A place in the tree with what the line says of it."""

    objectif: str
    declinaison: str
    titles: tuple[str, ...] = ()
    """From the piste down to the sous-piste that the line is about; empty for a declinaison alone."""
    printed: str = ""
    """The declinaison as written, when it means another label."""
    code: str = ""
    rank: int | None = None
    marks: dict[str, int] = field(default_factory=dict)
    carriers: tuple[str, ...] = ()
    printed_mark: int | None = None
    source_line: int | None = None
    note: str = ""

    @property
    def path(self) -> tuple[str, ...]:
        """The keys from the objectif down."""
        return key_of(self.objectif), key_of(self.declinaison), *self.keys

    @property
    def keys(self) -> tuple[str, ...]:
        """The keys of the pistes on the way."""
        return tuple(key_of(title) for title in self.titles)


def row_of(kind: Kind, line: Line, criteria: Criteria) -> Row:
    """The line as values; raises Wrong."""
    cells = {name: clean_name(cell) for name, cell in line.cells.items()}
    row = Row(_label(cells, "objectif"), _label(cells, "declinaison"), code=cells["code"].upper())
    if row.code and not _CODE.fullmatch(row.code):
        raise Wrong("code\u00a0: douze signes au plus, en capitales, chiffres et traits d’union.")
    if kind is Kind.LIST:
        row.titles = (_title(cells["intitule"], "intitule"),)
        row.rank = _number(cells["rang"], "rang", needed=True)
        row.marks = _marks(cells, criteria)
        return row
    if cells["piste"]:
        below = [part for part in cells["sous_piste"].split(BELOW) if part]
        row.titles = tuple(_title(part, "piste") for part in (cells["piste"], *below))
    elif cells["sous_piste"] or cells["code"]:
        raise Wrong("Une sous-piste ou un code demande une piste.")
    row.carriers = tuple(filter(None, (part.strip() for part in cells["communes"].split("|"))))
    row.printed_mark = _printed_mark(cells["priorite_imprimee"], criteria)
    row.source_line = _number(cells["ligne_source"], "ligne_source")
    row.note = cells["note"][:500]
    return row


def _label(cells: Mapping[str, str], name: str) -> str:
    return _title(cells[name], name)


def _title(words: str, name: str) -> str:
    if not words or not key_of(words):
        raise Wrong(f"{name}\u00a0: cette cellule est à remplir.")
    if len(words) > MOST_TITLE:
        raise Wrong(f"{name}\u00a0: {MOST_TITLE} caractères au plus.")
    return words


def _number(cell: str, name: str, needed: bool = False) -> int | None:
    if not cell and not needed:
        return None
    if not (cell.isascii() and cell.isdecimal() and 1 <= int(cell[:9]) <= 100_000):
        raise Wrong(f"{name}\u00a0: écrivez un nombre entier, à partir de 1.")
    return int(cell)


def _marks(cells: Mapping[str, str], criteria: Criteria) -> dict[str, int]:
    found: dict[str, int] = {}
    for criterion in criteria.criteria:
        cell = cells[criterion.key]
        if cell:
            found[criterion.key] = _level(cell, criterion.key, criteria)
    return found


def _level(cell: str, key: str, criteria: Criteria) -> int:
    criterion = criteria[key]
    for level in criterion.levels:
        if cell in (level.figure, str(level.value)):
            return level.value
    raise Wrong(outside(criterion, cell[:20]))


def _printed_mark(cell: str, criteria: Criteria) -> int | None:
    return _level(cell, criteria.criteria[0].key, criteria) if cell else None
