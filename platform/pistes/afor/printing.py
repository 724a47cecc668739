"""An AFOR grid on paper: one wide A4 page, as PDF or DOCX."""

from entente.web import documents, papers
from pistes.afor.models import Grid
from pistes.models import Piste

KIND = "Grille AFOR"
WIDTHS = (13.0, 13.0)


def title_of(piste: Piste, grid: Grid) -> str:
    """« Grille AFOR : Achats groupés, Réfection de voirie »."""
    return f"{KIND}\u00a0: {piste.title}{f', {grid.activity}' if grid.activity else ''}"


async def as_pdf(piste: Piste, grid: Grid, house: str) -> bytes:
    """The grid as an accessible PDF."""
    data = {
        "house": house,
        "foot": f"{KIND}, piste {piste.code}",
        "title": title_of(piste, grid),
        "about": grid.about,
        "quarters": grid.quarters,
    }
    return await papers.pdf("pistes/afor.typ", data)


def as_docx(piste: Piste, grid: Grid, house: str) -> bytes:
    """The grid as a text that one may go on writing: two rows of two lists, each under its heading."""
    title = title_of(piste, grid)
    made = documents.begin(title, house, f"{house} — {KIND}, piste {piste.code}", is_wide=True)
    documents.heading(made, title, 1)
    quarters = grid.quarters
    for pair in (quarters[:2], quarters[2:]):
        cells = ["\n".join(f"• {point}" for point in found) or documents.NOTHING for _, found in pair]
        documents.table(made, [heading for heading, _ in pair], [cells], WIDTHS)
        documents.written(made, "\u00a0")
    return documents.saved(made)
