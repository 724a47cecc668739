"""XLSX, in and out: a sheet is a table of plain values, and nothing in it is ever computed."""

import io
import zipfile
from collections.abc import Iterable, Sequence
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

from openpyxl import Workbook, load_workbook
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter
from starlette.responses import Response

from entente.clock import today
from entente.web import sheets
from entente.web.sheets import MAX_BYTES, MAX_ROWS, Unreadable
from entente.web.words import PARIS

TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
MAX_UNPACKED = 40_000_000
"""Bytes: a workbook is a ZIP archive, of which two megabytes may hide gigabytes."""
MAX_COLUMNS = 60
Cell = str | int | float | Decimal | date | datetime | None
_SIGNATURE = b"PK\x03\x04"
_BROKEN = (
    "Ce classeur est illisible\u00a0: ouvrez-le, enregistrez-le de nouveau en .xlsx ou en .csv, sans mot de passe, "
    "puis recommencez."
)


def is_workbook(content: bytes) -> bool:
    """Whether these bytes say that they are a workbook."""
    return content.startswith(_SIGNATURE)


def text_of(content: bytes) -> str:
    """What a CSV file or a workbook says, as a table in text; raises Unreadable with a French sentence."""
    if not is_workbook(content):
        return sheets.decode(content)
    header, *lines = read(content) or [[]]
    return sheets.write(header, lines)


def read(content: bytes) -> list[list[str]]:
    """The cells of the first sheet, as one would type them; a formula is refused, for its value may be stale."""
    if len(content) > MAX_BYTES:
        raise Unreadable("Le fichier dépasse 2\u00a0Mo\u00a0: partagez-le en plusieurs fichiers.")
    try:
        _weigh(content)
        book = load_workbook(io.BytesIO(content), read_only=True, data_only=False, keep_links=False)
        return [_cells(row) for row in _bounded(book.worksheets[0].iter_rows(max_col=MAX_COLUMNS))]
    except Unreadable:
        raise
    # A broken workbook breaks its reader in many ways (KeyError, ValueError, BadZipFile, ParseError…).
    except Exception as error:
        raise Unreadable(_BROKEN) from error


def _weigh(content: bytes) -> None:
    # A small archive may hold a huge one: its directory is believed before anything is unpacked.
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        if sum(each.file_size for each in archive.infolist()) > MAX_UNPACKED:
            raise Unreadable("Ce classeur est trop grand une fois ouvert\u00a0: partagez-le en plusieurs fichiers.")


def _bounded(rows: Iterable[Any]) -> Iterable[Any]:
    for number, row in enumerate(rows):
        if number > MAX_ROWS:
            raise Unreadable("Le fichier dépasse 5\u202f000\u00a0lignes\u00a0: partagez-le en plusieurs fichiers.")
        yield row


def _cells(row: Sequence[Any]) -> list[str]:
    for cell in row:
        if cell.data_type == "f":
            place = f"{get_column_letter(cell.column)}{cell.row}"
            raise Unreadable(
                f"La cellule {place} contient une formule\u00a0: remplacez-la par sa valeur "
                "(copier, puis collage spécial «\u00a0valeurs\u00a0»)."
            )
    return [_said(cell.value) for cell in row]


def _said(value: object) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "oui" if value else "non"
        case float() if value.is_integer():
            return str(int(value))
        case datetime():
            return f"{value:%Y-%m-%d}" if value.time() == time() else f"{value:%Y-%m-%d %H:%M}"
    return str(value)


def write(title: str, header: Sequence[str], lines: Iterable[Sequence[Cell]], totals: int = 0) -> bytes:
    """The table as a workbook: numbers are numbers, dates are dates, no text is a formula, the last lines are bold."""
    book = Workbook()
    sheet = book.active or book.create_sheet()
    sheet.title = title[:31]
    widths = [len(name) + 2 for name in header]
    rows = [list(header), *lines]
    for row, cells in enumerate(rows, start=1):
        for column, value in enumerate(cells, start=1):
            place = sheet.cell(row, column)
            _write(place, value)
            if row == 1 or row > len(rows) - totals:
                place.font = Font(bold=True)
            widths[column - 1] = max(widths[column - 1], min(_width(value), 60))
    for column, width in enumerate(widths, start=1):
        sheet.column_dimensions[get_column_letter(column)].width = width
    sheet.freeze_panes = "A2"
    kept = io.BytesIO()
    book.save(kept)
    return kept.getvalue()


def _width(value: Cell) -> int:
    return 18 if isinstance(value, date) else len(str(value or "")) + 2


def _write(place: Any, value: Cell) -> None:
    match value:
        case datetime():
            # A workbook knows no zones: what it shows is the hour of Paris.
            place.value = value.astimezone(PARIS).replace(tzinfo=None, microsecond=0)
            place.number_format = "dd/mm/yyyy hh:mm"
        case date():
            place.value = value
            place.number_format = "dd/mm/yyyy"
        case str():
            place.value = ILLEGAL_CHARACTERS_RE.sub("", value)
            # Set after the value, which would make a formula of what begins like one.
            place.data_type = "s"
        case _:
            place.value = value


def file(name: str, content: bytes) -> Response:
    """The workbook as a file to save."""
    headers = {
        "Content-Disposition": f'attachment; filename="{name}-{today().isoformat()}.xlsx"',
        "Cache-Control": "no-store",
    }
    return Response(content, media_type=TYPE, headers=headers)
