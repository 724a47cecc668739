"""The register as files that, brought in again, change nothing."""

from collections.abc import Iterator, Sequence
from pathlib import PurePath
from typing import NamedTuple

from sqlmodel.ext.asyncio.session import AsyncSession

from entente.web import sheets, workbooks
from pistes.communes import queries as communes
from pistes.communes.models import Stance
from pistes.imports.readers import LIST, TREE, TREE_TOO
from pistes.imports.rows import BELOW
from pistes.ranking.queries import Board, board
from pistes.tree.models import NodeKind
from pistes.tree.queries import Branch

Cell = str | int | None
RANKED = ("rang", "niveau", "intitule")


class Table(NamedTuple):
    """A table to be written, whatever the file."""

    title: str
    header: Sequence[str]
    lines: Sequence[Sequence[Cell]]

    def csv(self, separator: str = ";") -> str:
        """As text."""
        return sheets.write(self.header, self.lines, separator)

    def bytes_for(self, name: str) -> bytes:
        """As a workbook when the name asks for one, as text with commas otherwise."""
        if PurePath(name).suffix.lower() == ".xlsx":
            return workbooks.write(self.title, self.header, self.lines)
        return self.csv(",").encode()


def ranking(found: Board) -> Table:
    """The ranking as the screen shows it: place, level, title, marks."""
    keys = found.standing.criteria.keys
    lines = [
        [
            line.placed.place,
            line.placed.level,
            line.piste.title,
            *(line.marks[key].level if key in line.marks else None for key in keys),
        ]
        for line in found.lines
    ]
    return Table("Classement", [*RANKED, *keys], lines)


async def ranked_list(db: AsyncSession) -> Table:
    """Annex 2: every ranked row, in the order given by hand."""
    found = await board(db)
    keys = found.standing.criteria.keys
    lines = [
        [
            line.branch.node.rank,
            line.piste.title,
            line.branch.objectif,
            line.declinaison,
            *(line.marks[key].level if key in line.marks else None for key in keys),
            line.piste.code,
        ]
        for line in sorted(found.lines, key=lambda line: line.branch.node.rank or 0)
    ]
    return Table("Liste hiérarchisée", [*LIST, *keys, "code"], lines)


async def whole_tree(db: AsyncSession) -> Table:
    """Annex 1: every place, as one reads."""
    found = await board(db)
    stood = await communes.positions(db)
    cut = await communes.unresolved(db)

    def carriers(branch: Branch) -> str:
        assert branch.piste
        names = [
            each.commune.name
            for each in stood.get(branch.piste.id, ())
            if each.stance in (Stance.PROPOSES, Stance.TAKES_PART)
        ]
        return "|".join([*names, *(each.words for each in cut if each.piste_id == branch.piste.id)])

    lines = [
        _line(each, named)
        for each in _leaves(found)
        if (named := carriers(each) if each.piste else "") or not _is_implied(each)
    ]
    return Table("Arbre", [*TREE, *TREE_TOO], lines)


def _leaves(found: Board) -> Iterator[Branch]:
    """Every piste at every place, and the declinaisons under which nothing stands."""
    for each in found.tree.walk():
        if each.piste or (each.node.kind == NodeKind.DECLINAISON and not each.under):
            yield each


def _is_implied(branch: Branch) -> bool:
    """Whether the lines of what stands under it say all there is to say."""
    node = branch.node
    return bool(branch.under) and node.source_line is None and node.printed_mark is None and not node.note


def _line(branch: Branch, carriers: str) -> list[Cell]:
    node = branch.node
    titles = [each.node.printed_title or each.title for each in branch.way[2:]]
    return [
        branch.objectif,
        branch.declinaison,
        titles[0] if titles else "",
        BELOW.join(titles[1:]),
        carriers,
        node.printed_mark,
        node.source_line,
        node.note,
        branch.piste.code if branch.piste else "",
    ]
