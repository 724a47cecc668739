"""What a closed round leaves behind: the median of each piste and criterion becomes its computed mark."""

from collections.abc import Mapping
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import insert, update
from sqlmodel import col

from entente.clock import now
from entente.db import rows
from entente.ids import new_id
from entente.work import Work
from pistes.criteria.models import CriteriaSet
from pistes.criteria.service import open_register
from pistes.marks.models import Mark, Origin
from pistes.models import Change, Piste
from pistes.rounds import queries
from pistes.rounds.models import Entry, Middle, Round
from pistes.rounds.rules import Spread, spread
from pistes.rounds.stories import CLOSINGS
from pistes.rounds.stories import Verb as RoundVerb
from pistes.stories import Verb

Key = tuple[UUID, str]
BATCH = 1_000


class Standing(NamedTuple):
    """The base mark in whose place a computed one comes."""

    id: UUID
    level: int
    origin: str


def spreads(said: queries.Counted, middle: Middle) -> dict[Key, Spread]:
    """The spread of each piste and criterion that somebody marked."""
    return {key: found for key, counts in said.items() if (found := spread(counts, middle))}


async def adopt(work: Work, found: Round) -> int:
    """Give every piste of a closed round its medians, whatever their number; returns how many marks changed.

    An override stays retained over them; what nobody marked keeps the mark it had.
    """
    await open_register(work)
    # Whoever marks one of these pistes by hand meanwhile waits, then sees what was computed.
    asked = rows(col(Entry.piste_id)).where(col(Entry.round_id) == found.id)
    await work.db.execute(rows(col(Piste.id)).where(col(Piste.id).in_(asked)).order_by(col(Piste.id)).with_for_update())
    chosen = await queries.criteria_of(work.db, found)
    medians = {
        key: each.median for key, each in spreads(await queries.counts(work.db, found), Middle(found.middle)).items()
    }
    before = await _standing(work, found, chosen.family)
    changed = {
        key: level
        for key, level in medians.items()
        if key not in before or (before[key].level, before[key].origin) != (level, Origin.COMPUTED)
    }
    await _replace(work, [before[key].id for key in changed if key in before])
    await _write(work, found, chosen, changed, before)
    return len(changed)


async def _standing(work: Work, found: Round, family: str) -> dict[Key, Standing]:
    query = (
        rows(Mark.id, Mark.piste_id, Mark.criterion, Mark.level, Mark.origin)
        .join(Entry, col(Entry.piste_id) == col(Mark.piste_id))
        .where(
            col(Entry.round_id) == found.id,
            col(Mark.family) == family,
            col(Mark.is_override).is_(False),
            col(Mark.replaced_at).is_(None),
        )
    )
    return {
        (piste, key): Standing(id_, level, origin) for id_, piste, key, level, origin in await work.db.execute(query)
    }


async def _replace(work: Work, marks: list[UUID]) -> None:
    at = now()
    for first in range(0, len(marks), BATCH):
        gone = update(Mark).where(col(Mark.id).in_(marks[first : first + BATCH])).values(replaced_at=at)
        await work.db.execute(gone.execution_options(synchronize_session=False))


async def _write(
    work: Work, found: Round, chosen: CriteriaSet, changed: Mapping[Key, int], before: Mapping[Key, Standing]
) -> None:
    if not changed:
        return
    person, at, criteria = work.who.id, now(), chosen.criteria
    marks: list[dict[str, Any]] = [
        {
            "id": new_id(),
            "piste_id": piste,
            "family": chosen.family,
            "criterion": key,
            "level": level,
            "origin": Origin.COMPUTED,
            "is_override": False,
            "reason": "",
            "criteria_id": chosen.id,
            "at": at,
            "person_id": person,
        }
        for (piste, key), level in changed.items()
    ]
    await work.db.execute(insert(Mark.__table__), marks)  # type: ignore[attr-defined]
    said = {"origin": str(Origin.COMPUTED), "reason": found.title}
    lines = [
        {
            "id": new_id(),
            "piste_id": piste,
            "verb": str(Verb.PISTE_MARKED),
            "at": at,
            "person_id": person,
            "detail": {
                "criterion": criteria[key].name,
                "level": level,
                "before": before[piste, key].level if (piste, key) in before else None,
                **said,
            },
        }
        for (piste, key), level in changed.items()
    ]
    await work.db.execute(insert(Change.__table__), lines)  # type: ignore[attr-defined]
    # One entry, whatever the number of pistes: a counter for each would be a lock and a round trip for each.
    work.record(CLOSINGS, RoundVerb.ROUND_CLOSED, found.id)
