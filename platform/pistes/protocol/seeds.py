"""What it looks like in real life: a CoPil that decides on pistes for more than a year, up to last month."""

import json
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlmodel import select

from entente.people.seeds import Settled
from entente.web.words import PARIS
from entente.work import Work
from pistes.decisions import service as decisions
from pistes.decisions.models import Decision, DecisionForm, Outcome
from pistes.decisions.rules import Present
from pistes.deferral import service as deferral
from pistes.models import Change, Phase, Piste
from pistes.protocol.models import Passage, PisteKind, ProtocolVersion
from pistes.protocol.rules import phase_after
from pistes.seats.queries import Sat, seats_on
from pistes.stories import Verb

DEMO = Path(__file__).parents[1] / "demo" / "governance.json"
KIND = "service-mis-en-commun"
SECRETARY = "anne-laure-gendreau"


async def govern(work: Work, settled: Settled) -> None:
    """A protocol of its own for services, and the decisions by which pistes came where they stand."""
    read = json.loads(DEMO.read_text("utf-8"))
    pistes = {each.title: each for each in await work.db.exec(select(Piste))}
    work.db.add(ProtocolVersion(kind=KIND, document=read["protocol"]))
    work.db.add_all(PisteKind(piste_id=pistes[title].id, kind=kind) for title, kind in read["kinds"])
    for title, days in read["entered"]:
        _arrive(work, pistes[title], Phase.INITIALISATION, _evening(_tuesday(days)))
    made: dict[str, Decision] = {}
    for number, each in enumerate(read["decisions"]):
        made[each["title"]] = await _decide(work, settled, number, each, pistes, made)


async def _decide(
    work: Work,
    settled: Settled,
    number: int,
    each: Mapping[str, Any],
    pistes: Mapping[str, Piste],
    made: Mapping[str, Decision],
) -> Decision:
    day, body = _tuesday(each["days"]), settled.bodies["copil"]
    seats = await seats_on(work.db, body, day)
    piste = pistes.get(each.get("piste", ""))
    form = DecisionForm(
        body=body,
        decided_on=day,
        title=each["title"],
        motive=each["motive"],
        piste=piste.id if piste else None,
        gate=each.get("gate"),
        outcome=each.get("outcome"),
        review_on=_day(each["review"]) if "review" in each else None,
        supersedes=made[each["supersedes"]].id if "supersedes" in each else None,
    )
    decision = decisions.drawn(form, len(seats), settled.people[SECRETARY])
    # A minute apart: what is decided the same evening keeps its order.
    decision.recorded_at = _evening(day, number)
    await decisions.enter(work, decision, _present(seats, number))
    if piste and form.gate and form.outcome:
        await _follow(work, piste, decision, form.gate, form.outcome)
    return decision


async def _follow(work: Work, piste: Piste, decision: Decision, gate: Phase, outcome: Outcome) -> None:
    detail = {"code": decision.code, "outcome": str(outcome), "gate": str(gate)}
    _tell(work, piste, Verb.GATE_DECIDED, decision.recorded_at, detail)
    after = phase_after(Phase(piste.phase), gate, outcome, waits=False)
    if after is not Phase(piste.phase):
        _arrive(work, piste, after, decision.recorded_at + timedelta(seconds=1), decision)
    elif outcome is Outcome.HOLD and decision.review_on:
        await deferral.put_off(work, piste, decision.motive[:500], decision.review_on)


def _arrive(work: Work, piste: Piste, after: Phase, at: datetime, decision: Decision | None = None) -> None:
    detail = {"before": str(piste.phase), "after": str(after), "code": decision.code if decision else ""}
    decision_id: UUID | None = decision.id if decision else None
    work.db.add(Passage(piste_id=piste.id, before=piste.phase, after=after, decision_id=decision_id, at=at))
    piste.phase = after
    _tell(work, piste, Verb.PHASE_MOVED, at, detail)


def _tell(work: Work, piste: Piste, verb: Verb, at: datetime, detail: dict[str, Any]) -> None:
    work.db.add(Change(piste_id=piste.id, verb=str(verb), at=at, detail=detail))


def _present(seats: Sequence[Sat], number: int) -> list[Present]:
    """Most of them, never the same; some send whoever stands in for them."""
    came = [seat for place, seat in enumerate(seats) if (place * 3 + number) % 7]
    return [
        Present(seat, seat.substitute_id if seat.substitute_id and (place + number) % 4 == 0 else seat.holder_id)
        for place, seat in enumerate(came)
    ]


def _day(days: int) -> date:
    return deferral.today() + timedelta(days=days)


def _tuesday(days: int) -> date:
    """The Tuesday of that week or the one before: the CoPil does not sit on Sundays."""
    day = _day(days)
    return day - timedelta(days=(day.weekday() - 1) % 7)


def _evening(day: date, minutes: int = 0) -> datetime:
    return datetime.combine(day, time(18, 30), PARIS) + timedelta(minutes=minutes)
