"""A fiche on paper: one A4 page, as PDF or DOCX."""

from typing import Any

from entente.web import documents, papers
from pistes.fiches.queries import CONTRIBUTION, Paper
from pistes.words import PHASES

KIND = "Fiche-action"
WIDTHS = (8.0, 2.0, 7.4)
"""Centimetres of the columns of the contribution."""


def foot(paper: Paper) -> str:
    """What stands under the page."""
    return f"{KIND}, piste {paper.piste.code}, phase «\u00a0{PHASES[paper.sheet.phase]}\u00a0»"


async def as_pdf(paper: Paper, house: str) -> bytes:
    """The fiche as an accessible PDF."""
    data: dict[str, Any] = {
        "house": house,
        "foot": foot(paper),
        "kind": KIND,
        "title": paper.title,
        "parts": paper.parts,
        "blocks": paper.blocks,
        "contribution": {"heading": CONTRIBUTION, "rows": paper.contribution},
        "carriers": ", ".join(paper.carriers),
    }
    return await papers.pdf("pistes/fiche.typ", data)


def as_docx(paper: Paper, house: str) -> bytes:
    """The fiche as a text that one may go on writing."""
    made = documents.begin(paper.title, house, f"{house} — {foot(paper)}")
    documents.heading(made, f"{KIND}\u00a0: {paper.title}", 1)
    if paper.carriers:
        documents.written(made, f"Communes\u00a0: {', '.join(paper.carriers)}")
    for heading, words in paper.parts:
        documents.heading(made, heading, 2)
        documents.written(made, words or documents.NOTHING)
    documents.heading(made, CONTRIBUTION, 2)
    documents.table(made, ("Critère", "Note", "Niveau"), paper.contribution, WIDTHS)
    for heading, words in paper.blocks:
        documents.heading(made, heading, 2)
        documents.written(made, words)
    return documents.saved(made)
