"""A file as it comes: CSV or XLSX, a list that is ranked or a tree; known by its header."""

from collections.abc import Sequence
from enum import StrEnum
from typing import NamedTuple

from entente.rules import Invalid
from entente.web import sheets, workbooks
from entente.web.sheets import Line, Unreadable

LIST = ("rang", "intitule", "objectif", "declinaison")
"""Annex 2, and then one column for each criterion in force."""
LIST_TOO = ("code",)
TREE = ("objectif", "declinaison", "piste", "sous_piste", "communes")
TREE_TOO = ("priorite_imprimee", "ligne_source", "note", "code")
OTHER_ENCODING = (
    "Ce fichier n’est pas en UTF-8\u00a0: il a été lu en Windows-1252 (Latin-1). Vérifiez les lettres accentuées."
)


class Kind(StrEnum):
    """What a file holds."""

    LIST = "list"
    TREE = "tree"


class Received(NamedTuple):
    """A file as text, and what there is to say of how it was read."""

    text: str
    note: str = ""


class Read(NamedTuple):
    """The lines of a file, and what they are."""

    kind: Kind
    lines: Sequence[Line]


def text_of(content: bytes) -> Received:
    """The file as a table of text; raises Invalid with the reason."""
    try:
        if workbooks.is_workbook(content):
            cells = workbooks.read(content)
            return Received(sheets.write(cells[0], cells[1:]) if cells else "")
        text = sheets.decode(content)
    except Unreadable as error:
        raise Invalid({"file": str(error)}) from None
    return Received(text, "" if _is_utf8(content) else OTHER_ENCODING)


def _is_utf8(content: bytes) -> bool:
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def read(text: str, criteria: Sequence[str]) -> Read:
    """The lines of either kind of file; raises Invalid when the header is of neither."""
    columns = (*LIST, *criteria)
    first = text.removeprefix("\ufeff").partition("\n")[0].lower()
    try:
        if "intitule" in first or "intitulé" in first:
            found = Read(Kind.LIST, sheets.read(text, columns, LIST_TOO))
        elif "sous_piste" in first or "communes" in first:
            found = Read(Kind.TREE, sheets.read(text, TREE, TREE_TOO))
        else:
            raise Unreadable(
                f"La première ligne doit nommer les colonnes\u00a0: soit {', '.join(columns)} (liste hiérarchisée), "
                f"soit {', '.join(TREE)} (arbre)."
            )
    except Unreadable as error:
        raise Invalid({"file": str(error)}) from None
    if not found.lines:
        raise Invalid({"file": "Ce fichier ne contient aucune ligne sous son en-tête."})
    return found
