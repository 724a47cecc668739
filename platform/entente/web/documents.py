"""DOCX: texts in French that one may go on writing, made of what people wrote."""

import io
from collections.abc import Iterable, Sequence
from itertools import groupby
from operator import itemgetter

from docx import Document
from docx.document import Document as Docx
from docx.enum.section import WD_ORIENT
from docx.oxml.ns import qn
from docx.oxml.parser import OxmlElement
from docx.shared import Cm, Pt

from entente.clock import now
from entente.web.papers import printable

LANGUAGE = "fr-FR"
FONT = "Liberation Sans"
NOTHING = "Non renseigné"
A4 = (Cm(21), Cm(29.7))


def begin(title: str, author: str, foot: str, is_wide: bool = False) -> Docx:
    """An empty A4 document, upright or wide, titled, in French."""
    made = Document()
    known = made.core_properties
    known.title, known.author, known.language = printable(title)[:255], printable(author)[:255], LANGUAGE
    known.comments, known.created, known.modified = "", now().replace(tzinfo=None), now().replace(tzinfo=None)
    page = made.sections[0]
    page.page_width, page.page_height = reversed(A4) if is_wide else A4
    page.orientation = WD_ORIENT.LANDSCAPE if is_wide else WD_ORIENT.PORTRAIT
    page.left_margin = page.right_margin = Cm(1.8)
    page.top_margin = page.bottom_margin = Cm(1.6)
    for name, size in (("Normal", 10), ("Heading 1", 16), ("Heading 2", 11.5)):
        _style(made, name, size)
    page.footer.paragraphs[0].add_run(printable(foot)).font.size = Pt(8)
    return made


def _style(made: Docx, name: str, size: float) -> None:
    style = made.styles[name]
    style.font.name, style.font.size = FONT, Pt(size)
    style.paragraph_format.space_after = Pt(3)
    if name != "Normal":
        style.paragraph_format.space_before = Pt(8)
    own = style.element.get_or_add_rPr()
    # A theme font would win over the one that is named.
    own.rFonts.attrib.clear()
    for where in ("w:ascii", "w:hAnsi", "w:cs"):
        own.rFonts.set(qn(where), FONT)
    language = OxmlElement("w:lang")
    language.set(qn("w:val"), LANGUAGE)
    own.append(language)


def heading(made: Docx, words: str, level: int) -> None:
    """A heading."""
    made.add_heading(printable(words), level)


def written(made: Docx, words: str) -> None:
    """What people wrote: a paragraph per line, those that begin with a dash as a list."""
    for line, is_item in lines_of(words):
        made.add_paragraph(line, style="List Bullet" if is_item else None)


def lines_of(words: str) -> Iterable[tuple[str, bool]]:
    """Every line that says something, and whether it is an item of a list."""
    for line in printable(words).splitlines():
        if text := line.strip():
            yield text.removeprefix("- "), text.startswith("- ")


def blocks_of(words: str) -> list[tuple[bool, list[str]]]:
    """The lines that follow one another, items of one list together; whether each block is a list."""
    return [(is_list, [line for line, _ in lines]) for is_list, lines in groupby(lines_of(words), itemgetter(1))]


def table(made: Docx, header: Sequence[str], rows: Iterable[Sequence[str]], widths: Sequence[float]) -> None:
    """A table whose first row names its columns; widths in centimetres."""
    lines = [header, *rows]
    grid = made.add_table(len(lines), len(header), style="Table Grid")
    for place, cells in enumerate(lines):
        for cell, words, width in zip(grid.rows[place].cells, cells, widths, strict=True):
            cell.width = Cm(width)
            cell.paragraphs[0].add_run(printable(words)).bold = place == 0
    marked = OxmlElement("w:tblHeader")
    marked.set(qn("w:val"), "true")
    grid.rows[0]._tr.get_or_add_trPr().append(marked)


def saved(made: Docx) -> bytes:
    """The document as the bytes of its file."""
    kept = io.BytesIO()
    made.save(kept)
    return kept.getvalue()
