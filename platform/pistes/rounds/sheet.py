"""What a round's page shows once it is closed: computed, spread, and retained, a page at a time."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from sqlmodel.ext.asyncio.session import AsyncSession

from pistes.criteria.models import Criterion, Level
from pistes.imports.exports import Cell, Table
from pistes.marks import queries as marks
from pistes.marks.models import Origin
from pistes.marks.queries import Retained
from pistes.rounds import queries
from pistes.rounds.closing import spreads
from pistes.rounds.models import Middle, Round
from pistes.rounds.queries import Asked
from pistes.rounds.rules import Spread

PER_PAGE = 100


class Told(NamedTuple):
    """One piste for one criterion: the spread of its marks, and the mark that counts today."""

    criterion: Criterion
    spread: Spread | None
    retained: Retained | None

    def level(self, value: int) -> Level | None:
        """A level of the scale."""
        return self.criterion.level(value)

    @property
    def is_overridden(self) -> bool:
        """Whether another level than a computed one is retained."""
        return self.retained is not None and self.retained.origin is Origin.OVERRIDDEN

    @property
    def is_scattered(self) -> bool:
        """Whether the quartiles lie two steps apart or more: worth another word before a second round."""
        return self.spread is not None and self.spread.steps(self.criterion) > 1


class Row(NamedTuple):
    """A piste with what was said of it."""

    piste: Asked
    cells: Sequence[Told]


@dataclass(frozen=True)
class Outcome:
    """What came out of a closed round, or a page of it."""

    criteria: Sequence[Criterion]
    rows: Sequence[Row]


async def outcome(db: AsyncSession, found: Round, since: int = 0, most: int | None = None) -> Outcome:
    """As many questions for forty voices as for two; raises NotFound while the round is open."""
    chosen = await queries.criteria_of(db, found)
    asked = await queries.asked(db, found.id, since, most)
    some = [each.id for each in asked] if most else None
    said = spreads(await queries.counts(db, found, some), Middle(found.middle))
    retained = await marks.retained(db, chosen.family, pistes=some)
    rows = [
        Row(each, [Told(one, said.get((each.id, one.key)), retained.get(each.id, {}).get(one.key)) for one in criteria])
        for criteria in [chosen.criteria.criteria]
        for each in asked
    ]
    return Outcome(chosen.criteria.criteria, rows)


SAID = ("voix", "min", "quartile_1", "mediane", "quartile_3", "max")


def table(found: Outcome) -> Table:
    """One line per piste and criterion, without a name and without a mean."""
    lines: list[list[Cell]] = [
        [
            row.piste.code,
            row.piste.title,
            cell.criterion.name,
            *(list(cell.spread[:6]) if cell.spread else [0, *[None] * 5]),
            cell.retained.level if cell.retained else None,
            cell.retained.reason if cell.retained and cell.is_overridden else "",
        ]
        for row in found.rows
        for cell in row.cells
    ]
    return Table("Évaluation", ["code", "intitule", "critere", *SAID, "note_retenue", "motif"], lines)
