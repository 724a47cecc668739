"""The five fiches of annex 4, and a few grids to go with them."""

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlmodel import col

from entente.db import rows
from entente.work import Work
from pistes.afor.models import QUARTERS, Grid
from pistes.fiches.models import Fiche
from pistes.stories import Verb, keep
from pistes.tree.models import Node
from pistes.words import key_of

DEMO = Path(__file__).parents[1] / "demo"


async def found(work: Work) -> None:
    """Each fiche on the piste of annex 2 that the source names first, then the grids."""
    printed = json.loads((DEMO / "fiches_actions.json").read_text("utf-8"))
    more = json.loads((DEMO / "fiches.json").read_text("utf-8"))
    ranked = rows(col(Node.rank), col(Node.piste_id)).where(col(Node.rank).is_not(None))
    pistes: dict[int, UUID] = {row.rank: row.piste_id for row in await work.db.execute(ranked)}
    for each in printed["fiches"]:
        piste_id = pistes[each["pistes_annexe2_liees"][0]["rang"]]
        work.db.add(fiche_of(each, piste_id, more["blocks"].get(each["id"], {})))
        keep(work, piste_id, Verb.FICHE_WRITTEN, first=True)
    for each in more["grids"]:
        words = {name: each[name] for name in QUARTERS}
        activity = each["activity"]
        key = key_of(activity) if activity else ""
        work.db.add(Grid(piste_id=pistes[each["rank"]], activity=activity, key=key, **words))


def fiche_of(printed: Mapping[str, Any], piste_id: UUID, blocks: Mapping[str, Any]) -> Fiche:
    """A fiche as annex 4 prints it."""
    families = printed.get("familles", [])
    return Fiche(
        piste_id=piste_id,
        title=_typeset(printed["intitule"]),
        objective=_typeset(printed["objectif"]),
        description="\n".join([_sentence(printed["description"], ":" if families else "."), *_list(families, "")]),
        results="\n".join(_list(printed["declinaison_resultats"], ".")),
        envelope=_sentence(printed["enveloppe_pressentie"]["texte"], "."),
        **blocks,
    )


def _list(lines: Sequence[str], end: str) -> list[str]:
    return [f"- {_sentence(line, end)}" for line in lines]


def _sentence(words: str, end: str) -> str:
    said = _typeset(words)
    gap = "\u00a0" if end == ":" else ""
    return f"{said[:1].upper()}{said[1:]}{gap}{end}"


def _typeset(words: str) -> str:
    return re.sub(r" ([;:?!])", "\u00a0\\1", words.replace("'", "’").replace("...", "…"))
