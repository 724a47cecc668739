"""Fiches as they are read, listed and printed."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from entente.people.who import Who
from entente.rules import NotFound
from pistes import queries
from pistes.fiches.models import Fiche
from pistes.models import Piste
from pistes.sheet import Sheet, sheet_of

CONTRIBUTION = "Contribution aux objectifs de la mutualisation"
PARTS = {
    "objective": "Objectif de l’action",
    "description": "Description de l’action",
    "results": "Déclinaison de l’action et résultats attendus",
    "envelope": "Enveloppe juridique pressentie",
}
"""The fields of annex 4, in its order; the contribution comes after them."""
BLOCKS = {"brakes": "Freins", "gains": "Gains attendus", "keys": "Facteurs clés de réussite"}
"""Printed only when something is written there."""


@dataclass(frozen=True)
class Paper:
    """A piste with its fiche, if there is one."""

    piste: Piste
    sheet: Sheet
    fiche: Fiche | None

    @property
    def title(self) -> str:
        """The title of the fiche, or of the piste that has none yet."""
        return self.fiche.title if self.fiche else self.piste.title

    @property
    def parts(self) -> list[tuple[str, str]]:
        """Heading and text of each field of annex 4."""
        return [(heading, getattr(self.fiche, name, "")) for name, heading in PARTS.items()]

    @property
    def blocks(self) -> list[tuple[str, str]]:
        """Heading and text of each optional block that is written."""
        found = ((heading, getattr(self.fiche, name, "")) for name, heading in BLOCKS.items())
        return [(heading, words) for heading, words in found if words]

    @property
    def contribution(self) -> list[tuple[str, str, str]]:
        """Each criterion of the evaluation, its figure and its words."""
        return [
            (
                each.criterion.name,
                (each.level.figure if each.level else str(each.mark.level)) if each.mark else "–",
                (each.level.words if each.level else "hors échelle") if each.mark else "à évaluer",
            )
            for each in self.sheet.marks
        ]

    @property
    def carriers(self) -> list[str]:
        """The communes that stand for it."""
        return [each.commune.name for each in self.sheet.carriers]


async def paper_for(db: AsyncSession, who: Who, piste_id: UUID) -> Paper:
    """The fiche of a piste that this person may see, or NotFound."""
    piste = await queries.piste_for(db, who, piste_id)
    sheet = await sheet_of(db, piste.id)
    if sheet is None:
        raise NotFound
    return Paper(piste, sheet, await db.get(Fiche, piste.id))


async def held(db: AsyncSession, piste_id: UUID) -> Fiche | None:
    """The fiche of a piste as it stands now, locked until the change is saved."""
    query = select(Fiche).where(col(Fiche.piste_id) == piste_id).with_for_update()
    return (await db.exec(query.execution_options(populate_existing=True))).one_or_none()


async def fiches(db: AsyncSession) -> Sequence[tuple[Fiche, Piste]]:
    """Every fiche with its piste, by title."""
    query = select(Fiche, Piste).join(Piste, col(Piste.id) == col(Fiche.piste_id))
    return (await db.exec(query.order_by(col(Fiche.title), col(Fiche.piste_id)))).all()
