"""The same table on the screen, in CSV and in XLSX: communes by the row, lots by the column, totals below."""

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from starlette.responses import Response

from entente.web import sheets, workbooks
from entente.web.words import PARIS
from forums.purchase.models import Lot
from forums.purchase.queries import Board, Line
from forums.purchase.words import STANCES, as_typed

SILENT = "Sans réponse"
Cell = str | Decimal | datetime | None


class Total(NamedTuple):
    """A line below the communes: what it sums up, for each lot."""

    title: str
    quantities: list[Decimal | None]


def heading_of(lot: Lot) -> str:
    """The head of a lot's column."""
    return f"{lot.name} ({lot.unit})"


def quantities_of(board: Board, line: Line) -> list[Decimal | None]:
    """What a commune says of each lot, in the order of the columns."""
    return [line.quantities.get(lot.id) for lot in board.lots]


def totals_of(board: Board) -> list[Total]:
    """What all this makes together."""
    found = [
        Total("Total des communes qui participent", [board.joined(lot) for lot in board.lots]),
        Total("Avec celles qui sont intéressées", [board.possible(lot) for lot in board.lots]),
    ]
    if any(lot.estimate is not None for lot in board.lots):
        found.append(Total("Estimation de départ", [lot.estimate for lot in board.lots]))
    return found


def header(board: Board) -> list[str]:
    """The names of the columns."""
    return ["Commune", "Réponse", *(heading_of(lot) for lot in board.lots), "Répondu par", "Le"]


def rows(board: Board) -> Iterator[list[Cell]]:
    """Every line of the table: those who answered, those who have not, and the totals."""
    for line in board.lines:
        yield [line.commune.name, STANCES[line.stance], *quantities_of(board, line), line.by, line.at]
    for commune in board.silent:
        yield [commune.name, SILENT, *(None for _ in board.lots), None, None]
    for total in totals_of(board):
        yield [total.title, None, *total.quantities, None, None]


def csv(board: Board) -> Response:
    """The table for a spreadsheet, as text."""
    lines = ([_as_text(cell) for cell in row] for row in rows(board))
    return sheets.file("achat-groupe", sheets.write(header(board), lines))


def _as_text(cell: Cell) -> str:
    match cell:
        case Decimal():
            return as_typed(cell)
        case datetime():
            return f"{cell.astimezone(PARIS):%d/%m/%Y %H:%M}"
    return cell or ""


def xlsx(board: Board) -> Response:
    """The table as a workbook."""
    content = workbooks.write("Achat groupé", header(board), rows(board), totals=len(totals_of(board)))
    return workbooks.file("achat-groupe", content)
