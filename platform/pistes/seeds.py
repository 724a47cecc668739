"""What it looks like in real life: the tree of annex 1 and the forty rows of annex 2, then what followed in 2016."""

import json
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from sqlmodel import col, select

from entente.people.seeds import Settled
from entente.work import Work
from pistes.communes.models import Position, Stance
from pistes.fiches import seeds as fiches
from pistes.imports.service import bring_in
from pistes.models import Piste
from pistes.protocol.seeds import govern
from pistes.rounds.seeds import evaluate
from pistes.texts.models import Claim, Comparison
from pistes.tree import service as tree
from pistes.tree.models import Node, NodeKind
from pistes.words import key_of

DEMO = Path(__file__).parent / "demo"
PRINTED = date(2016, 3, 31)
"""When the report was printed: the day of its marks, and of the communes that it names."""


async def found(work: Work, settled: Settled) -> None:
    """The two annexes, the sentences of the report, and what communes have said since."""
    read = json.loads((DEMO / "words.json").read_text("utf-8"))
    await bring_in(work, (DEMO / "pistes_annexe1.csv").read_text("utf-8"), PRINTED)
    await _spellings(work, read["spellings"])
    await bring_in(work, (DEMO / "pistes_annexe2.csv").read_text("utf-8"), PRINTED, read["reason"])
    for place, claim in enumerate(read["claims"]):
        work.db.add(Claim(place=place, **claim | {"comparison": Comparison(claim["comparison"])}))
    await fiches.found(work)
    await _since(work, settled, read)
    await evaluate(work)
    await govern(work, settled)


async def _spellings(work: Work, pairs: Sequence[Sequence[str]]) -> None:
    for label, other in pairs:
        query = select(Node).where(col(Node.kind) == NodeKind.DECLINAISON, col(Node.key) == key_of(label))
        await tree.spell(work, (await work.db.exec(query)).one(), other)
    await work.db.flush()


async def _since(work: Work, settled: Settled, read: Mapping[str, Any]) -> None:
    pistes = {each.title: each for each in await work.db.exec(select(Piste))}
    for title, commune, stance, since in read["positions"]:
        work.db.add(
            Position(
                piste_id=pistes[title].id,
                organisation_id=settled.organisations[commune],
                stance=Stance(stance),
                since=date.fromisoformat(since),
            )
        )
