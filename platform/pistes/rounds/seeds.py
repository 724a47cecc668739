"""What it looks like in real life: a round that is closed, and one in which three communes have yet to answer."""

import json
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import insert
from sqlmodel import col, select

from entente.clock import now, today
from entente.people.models import Body, BodyKind
from entente.web.words import PARIS
from entente.work import Work
from pistes.communes import queries as communes
from pistes.criteria.models import Criteria, CriteriaSet, Criterion
from pistes.marks import queries as marks
from pistes.marks.queries import Retained
from pistes.models import Piste
from pistes.ranking.queries import board
from pistes.rankings.content import frozen
from pistes.rankings.models import FrozenRanking
from pistes.rounds.models import Entry, Given, Middle, Round, Voice, VoiceOf

Marks = dict[UUID, dict[str, Retained]]
WORDS = Path(__file__).parents[1] / "demo" / "rounds.json"


async def evaluate(work: Work) -> None:
    """Both rounds and a ranking that was frozen, dated as they were lived."""
    read = json.loads(WORDS.read_text("utf-8"))
    for each in read["rounds"]:
        await _round(work, each)
    await _freeze(work, read["frozen"])


async def _round(work: Work, told: dict[str, Any]) -> None:
    body = (await work.db.exec(select(Body.id).where(col(Body.kind) == BodyKind.COTECH))).first()
    family = select(CriteriaSet).where(col(CriteriaSet.family) == told["family"])
    chosen = (await work.db.exec(family)).first()
    assert body
    assert chosen
    opened = now() - timedelta(days=4) if told["open"] else _moment(told["since"])
    made = Round(
        title=told["title"],
        body_id=body,
        criteria_id=chosen.id,
        voice_of=VoiceOf.COMMUNE,
        middle=Middle.LOW,
        opened_at=opened,
        due_on=today() + timedelta(days=10) if told["open"] else None,
        closed_at=None if told["open"] else _moment(told["until"]),
    )
    work.db.add(made)
    await work.db.flush()
    titles = told["pistes"]
    pistes = {each.title: each.id for each in await work.db.exec(select(Piste).where(col(Piste.title).in_(titles)))}
    ids = [pistes[title] for title in titles]
    printed = await marks.retained(work.db, chosen.family, pistes=ids)
    entries = [{"round_id": made.id, "piste_id": piste, "place": place} for place, piste in enumerate(ids)]
    await work.db.execute(insert(Entry), entries)
    for number, commune in enumerate(await communes.members(work.db, None if told["open"] else opened.date())):
        is_done = commune.name not in told["missing"]
        voice = Voice(
            round_id=made.id, organisation_id=commune.id, done_at=opened + timedelta(days=1) if is_done else None
        )
        work.db.add(voice)
        await work.db.flush()
        if is_done:
            given = _marks(voice, ids, printed, chosen.criteria, number)
            await work.db.execute(insert(Given), given)


def _marks(
    voice: Voice, pistes: list[UUID], printed: Marks, criteria: Criteria, number: int
) -> list[dict[str, object]]:
    """Most say what the report prints, some one level beside it."""
    return [
        {
            "round_id": voice.round_id,
            "piste_id": piste,
            "criterion": each.key,
            "voice_id": voice.id,
            "level": _near(each, printed[piste][each.key].level, 7 * number + 3 * place + rank),
            "at": voice.done_at,
        }
        for place, piste in enumerate(pistes)
        for rank, each in enumerate(criteria.criteria)
    ]


def _near(criterion: Criterion, printed: int, turn: int) -> int:
    values = [level.value for level in criterion.levels]
    place = values.index(printed) + (0, 0, 1, 0, -1)[turn % 5]
    return values[min(max(place, 0), len(values) - 1)]


async def _freeze(work: Work, told: dict[str, str]) -> None:
    shown = await board(work.db)
    content = frozen(shown)
    assert shown.standing.criteria_id
    work.db.add(
        FrozenRanking(
            title=told["title"],
            at=_moment(told["on"]),
            criteria_id=shown.standing.criteria_id,
            row_count=len(shown.lines),
            digest=content.digest,
            content=content.text,
        )
    )


def _moment(day: str) -> datetime:
    return datetime.combine(date.fromisoformat(day), time(11), PARIS)
