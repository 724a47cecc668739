"""Protocols in force, and how far a piste has come through them."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, func
from sqlalchemy.orm import aliased
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from entente.db import rows
from entente.people.models import Body, BodyKind, Person
from entente.web.words import PARIS
from pistes.decisions.models import Decision, Outcome, code_of
from pistes.models import Phase, Piste
from pistes.protocol.models import BUILT_IN, GENERAL, Passage, PisteKind, Protocol, ProtocolVersion
from pistes.protocol.rules import next_gate
from pistes.seats.queries import Named, bodies


class InForce(NamedTuple):
    """The protocol of a kind of piste, as it stands."""

    kind: str
    version: int
    """0 for the one that comes with the house."""
    id: UUID | None
    protocol: Protocol
    at: datetime | None = None


ORIGIN = InForce(GENERAL, 0, None, BUILT_IN)


async def in_force(db: AsyncSession) -> dict[str, InForce]:
    """The newest protocol of every kind, the general one first."""
    other = aliased(ProtocolVersion)
    newest = rows(func.max(other.version)).where(col(other.kind) == col(ProtocolVersion.kind)).scalar_subquery()
    query = select(ProtocolVersion).where(col(ProtocolVersion.version) == newest).order_by(col(ProtocolVersion.kind))
    found = {
        each.kind: InForce(each.kind, each.version, each.id, each.protocol, each.at) for each in await db.exec(query)
    }
    return {GENERAL: found.pop(GENERAL, ORIGIN), **found}


async def history(db: AsyncSession, kind: str) -> list[tuple[int, datetime, str]]:
    """Every version of a protocol with its day and author, the newest first."""
    query = (
        rows(ProtocolVersion.version, ProtocolVersion.at, Person.given_name, Person.family_name)
        .outerjoin(Person, col(Person.id) == col(ProtocolVersion.person_id))
        .where(col(ProtocolVersion.kind) == kind)
        .order_by(col(ProtocolVersion.version).desc())
    )
    return [
        (row.version, row.at, f"{row.given_name} {row.family_name}" if row.given_name else "")
        for row in await db.execute(query)
    ]


async def protocol_of(db: AsyncSession, piste_id: UUID) -> InForce:
    """The protocol that a piste follows."""
    chosen = (await db.execute(rows(PisteKind.kind).where(col(PisteKind.piste_id) == piste_id))).scalar_one_or_none()
    known = await in_force(db)
    return known.get(chosen or GENERAL, known[GENERAL])


class Ready(NamedTuple):
    """A « go » that is recorded, and through which nothing has passed yet."""

    id: UUID
    code: str
    body_id: UUID


async def ready_for(db: AsyncSession, piste_id: UUID, gate: Phase) -> Ready | None:
    """The go that opens a gate: the last word on it since the piste last changed phase, and not replaced."""
    last = rows(func.max(Passage.at)).where(col(Passage.piste_id) == piste_id)
    since = (await db.execute(last)).scalar_one_or_none()
    query = (
        rows(col(Decision.id), Decision.year, Decision.number, Decision.outcome, Decision.body_id)
        .where(col(Decision.piste_id) == piste_id, col(Decision.gate) == gate, _stands())
        .order_by(col(Decision.recorded_at).desc(), col(Decision.id).desc())
        .limit(1)
    )
    row = (await db.execute(query.where(col(Decision.recorded_at) > since) if since else query)).one_or_none()
    if row is None or row.outcome != Outcome.GO:
        return None
    return Ready(row.id, code_of(row.year, row.number), row.body_id)


def _stands() -> ColumnElement[bool]:
    """Nothing has replaced it."""
    heirs = rows(Decision.supersedes_id).where(col(Decision.supersedes_id).is_not(None))
    return col(Decision.id).not_in(heirs)


class Step(NamedTuple):
    """One line of the way of a piste: a gate that was decided, or another change of phase."""

    at: datetime
    day: date
    before: Phase | None
    after: Phase
    outcome: Outcome | None = None
    decision_id: UUID | None = None
    code: str = ""
    body: str = ""
    reason: str = ""


class Course(NamedTuple):
    """Where a piste stands in its protocol, and by which gates it came there."""

    force: InForce
    gate: Phase | None
    decided_by: BodyKind | None
    deciders: Sequence[Named]
    ready: Ready | None
    steps: Sequence[Step]


async def course_of(db: AsyncSession, piste: Piste) -> Course:
    """The course of a piste, the newest step first."""
    force = await protocol_of(db, piste.id)
    gate = next_gate(Phase(piste.phase))
    kind = force.protocol.gates[gate] if gate else None
    deciders = [each for each in await bodies(db) if each.kind == kind] if kind else []
    ready = await ready_for(db, piste.id, gate) if gate else None
    steps = [*await _decided(db, piste.id), *await _moved(db, piste.id)]
    return Course(force, gate, kind, deciders, ready, sorted(steps, key=lambda each: each.at, reverse=True))


async def _decided(db: AsyncSession, piste_id: UUID) -> list[Step]:
    query = (
        rows(
            col(Decision.id),
            Decision.recorded_at,
            Decision.decided_on,
            Decision.gate,
            Decision.outcome,
            Decision.year,
            Decision.number,
            Decision.motive,
            Body.name,
        )
        .join(Body, col(Body.id) == col(Decision.body_id))
        .where(col(Decision.piste_id) == piste_id, col(Decision.gate).is_not(None))
    )
    return [
        Step(
            row.recorded_at,
            row.decided_on,
            None,
            Phase(row.gate),
            Outcome(row.outcome),
            row.id,
            code_of(row.year, row.number),
            row.name,
            row.motive,
        )
        for row in await db.execute(query)
    ]


async def _moved(db: AsyncSession, piste_id: UUID) -> list[Step]:
    query = rows(Passage.at, Passage.before, Passage.after, Passage.reason).where(
        col(Passage.piste_id) == piste_id, col(Passage.decision_id).is_(None)
    )
    return [
        Step(row.at, row.at.astimezone(PARIS).date(), Phase(row.before), Phase(row.after), reason=row.reason)
        for row in await db.execute(query)
    ]
