"""CSV, as French spreadsheets write and read it."""

import csv
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import NamedTuple

from starlette.responses import Response

from entente.clock import today

MAX_BYTES = 2_000_000
MAX_ROWS = 5_000
SEPARATORS = ";,\t"

# A spreadsheet runs what begins so. Apostrophes before it are doubled, so that reading gives back the same.
_FORMULA = re.compile(r"'*[=+\-@\t\r]")


class Unreadable(ValueError):
    """The file as a whole cannot be read; its words say why, in French."""


class Line(NamedTuple):
    """A line of the file: its number as an editor counts, and its cells by the name of their column."""

    number: int
    cells: Mapping[str, str]


def harmless(cell: str) -> str:
    """The cell with an apostrophe in front of what a spreadsheet would run."""
    return f"'{cell}" if _FORMULA.match(cell) else cell


def as_written(cell: str) -> str:
    """The cell as it was before `harmless`."""
    return cell[1:] if cell.startswith("'") and _FORMULA.match(cell[1:]) else cell


def write(header: Sequence[str], lines: Iterable[Sequence[object]], separator: str = ";") -> str:
    """The table as text, with nothing that a spreadsheet would run."""
    return write_more([header], separator) + write_more(lines, separator)


def write_more(lines: Iterable[Sequence[object]], separator: str = ";") -> str:
    """More lines of a table, for a file too long to be written at once."""
    made = io.StringIO()
    writer = csv.writer(made, delimiter=separator, lineterminator="\r\n")
    writer.writerows([harmless(_said(cell)) for cell in line] for line in lines)
    return made.getvalue()


def _said(cell: object) -> str:
    match cell:
        case None:
            return ""
        case bool():
            return "oui" if cell else "non"
        case datetime() | date():
            return cell.isoformat()
    return str(cell)


def file(name: str, text: str) -> Response:
    """The table as a file to save; the mark in front tells spreadsheets that it is UTF-8."""
    return Response(
        "\ufeff" + text,
        media_type="text/csv; charset=utf-8",
        headers={
            "Content-Disposition": f'attachment; filename="{name}-{today().isoformat()}.csv"',
            "Cache-Control": "no-store",
        },
    )


def decode(content: bytes) -> str:
    """The text of a file: UTF-8, with or without its mark, or Windows-1252."""
    if len(content) > MAX_BYTES:
        raise Unreadable("Le fichier dépasse 2\u00a0Mo\u00a0: partagez-le en plusieurs fichiers.")
    for encoding in ("utf-8-sig", "cp1252"):
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text
    raise Unreadable("Ce fichier n’est pas du texte\u00a0: enregistrez le tableau au format CSV.")


def read(text: str, columns: Sequence[str], optional: Sequence[str] = ()) -> list[Line]:
    """The lines of a table whose header names these columns, in any order; empty lines are passed over.

    A column that is optional and absent reads as empty cells.
    """
    if len(text.encode()) > MAX_BYTES:
        raise Unreadable("Le texte dépasse 2\u00a0Mo\u00a0: partagez-le en plusieurs fichiers.")
    text = text.removeprefix("\ufeff")
    separator = max(SEPARATORS, key=lambda mark: len(_named(text, mark) & set(columns)))
    missing = [name for name in columns if name not in _named(text, separator)]
    if missing:
        raise Unreadable(
            f"La première ligne doit nommer les colonnes {', '.join(columns)}\u00a0; "
            f"il manque\u00a0: {', '.join(missing)}."
        )
    return list(_lines(text, separator, [*columns, *optional]))


def _named(text: str, separator: str) -> set[str]:
    header = next(csv.reader(io.StringIO(text[:2_000], newline=""), delimiter=separator), [])
    return {_plain(name) for name in header}


def _plain(name: str) -> str:
    return name.strip().lower().translate(str.maketrans("éèêç", "eeec"))


def _lines(text: str, separator: str, columns: Sequence[str]) -> Iterable[Line]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    count, begins = 0, 1
    names: list[str] = []
    try:
        for cells in reader:
            number, begins = begins, reader.line_num + 1
            if not names:
                names = [_plain(name) for name in cells]
                continue
            if not any(cell.strip() for cell in cells):
                continue
            count += 1
            if count > MAX_ROWS:
                raise Unreadable("Le fichier dépasse 5\u202f000\u00a0lignes\u00a0: partagez-le en plusieurs fichiers.")
            found = dict(zip(names, map(as_written, cells), strict=False))
            yield Line(number, {name: found.get(name, "") for name in columns})
    except csv.Error as error:
        raise Unreadable(f"La ligne {begins} ne peut pas être lue\u00a0: vérifiez ses guillemets.") from error
