"""The planning as a table: the same lines for a file of text and for a workbook."""

from collections.abc import Iterable, Iterator
from datetime import date, datetime

from starlette.responses import Response

from entente.web import sheets, workbooks
from entente.web.words import PARIS
from planning.grid.blocks import MOMENT, Block

NAME = "planning"
HEADER = ("Début", "Fin", "Instance ou agenda", "Objet", "Lieu", "État", "Conflit")
STATES = {
    "option": "à confirmer",
    "cancelled": "annulée",
    "held": "tenue",
    "closed": "confidentielle",
    "busy": "occupé",
}


def lines(blocks: Iterable[Block]) -> Iterator[list[workbooks.Cell]]:
    """What each line says; whole days end on their last day."""
    for block in blocks:
        when: list[workbooks.Cell] = [block.starts, block.ends]
        if block.is_whole:
            when = [block.starts.astimezone(PARIS).date(), (block.ends - MOMENT).astimezone(PARIS).date()]
        state = STATES.get(block.sign, "")
        yield [*when, block.body, block.title, block.place, state, ", ".join(block.clashes)]


def csv(blocks: Iterable[Block]) -> Response:
    """The table as text, with the hours of Paris."""
    said = ([_said(cell) for cell in line] for line in lines(blocks))
    return sheets.file(NAME, sheets.write(HEADER, said))


def _said(cell: workbooks.Cell) -> str:
    match cell:
        case datetime():
            return f"{cell.astimezone(PARIS):%d/%m/%Y %H:%M}"
        case date():
            return f"{cell:%d/%m/%Y}"
    return str(cell or "")


def xlsx(blocks: Iterable[Block]) -> Response:
    """The table as a workbook."""
    return workbooks.file(NAME, workbooks.write("Planning", HEADER, lines(blocks)))
