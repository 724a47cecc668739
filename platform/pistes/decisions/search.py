"""Decisions, as the search of the house reads, guards and shows them."""

from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, Uuid, false, func, literal, true
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from entente.db import rows
from entente.people.models import Body
from entente.people.who import Who
from entente.room import Card, Holding, Told
from entente.rules import NotFound
from entente.search.findable import Doc, Document, Find, Findable
from pistes import rules
from pistes.decisions.models import Decision, code_of
from pistes.decisions.queries import PAGE, lines_of
from pistes.decisions.stories import DECISIONS, Verb

TITLE = "Décisions"


async def touched(_db: AsyncSession, _verb: str, subject_id: UUID) -> Sequence[UUID]:
    """The decision that it is about."""
    return [subject_id]


async def all_decisions(db: AsyncSession, after: UUID | None, limit: int) -> Sequence[UUID]:
    """The decisions after one, by id."""
    query = rows(col(Decision.id)).order_by(col(Decision.id)).limit(limit)
    return (await db.execute(query.where(col(Decision.id) > after) if after else query)).scalars().all()


async def documents(db: AsyncSession, ids: Sequence[UUID]) -> Sequence[Document]:
    """These decisions: title, number, body and motive."""
    query = rows(
        col(Decision.id),
        Decision.year,
        Decision.number,
        Decision.title,
        Decision.motive,
        Decision.recorded_by,
        Decision.recorded_at,
        Body.name,
    ).join(Body, col(Body.id) == col(Decision.body_id))
    return [
        Document(
            row.id,
            DECISIONS.id,
            row.id,
            row.recorded_by,
            row.recorded_at,
            row.title,
            f"{code_of(row.year, row.number)} {row.name} {row.motive}",
        )
        for row in await db.execute(query.where(col(Decision.id).in_(ids)))
    ]


async def count(db: AsyncSession) -> int:
    """How many there are."""
    return int((await db.execute(rows(func.count()).select_from(Decision))).scalar_one())


def scopes(who: Who) -> Select[Any]:
    """The register of decisions, for those to whom it is open."""
    return rows(literal(DECISIONS.id, Uuid())).where(true() if rules.may_look(who) else false())


def stands(document: Doc, who: Who) -> ColumnElement[bool]:
    """Whether the decision is there, for a member."""
    found = rows(col(Decision.id)).where(col(Decision.id) == document.subject_id)
    return found.where(true() if rules.may_look(who) else false()).exists()


async def shown(db: AsyncSession, ids: Sequence[UUID]) -> Sequence[Find]:
    """These decisions, as results show them."""
    return [
        Find(
            each.id,
            each.title,
            each.motive,
            f"{PAGE}/{each.id}",
            each.recorded_at,
            None,
            (TITLE, PAGE),
            f"{each.code} · {each.body}",
        )
        for each in await lines_of(db, ids)
    ]


decisions = Findable(
    "pistes/decision",
    label=("décision", "décisions"),
    groups=("décision", "décisions"),
    verbs=frozenset({Verb.DECISION_RECORDED}),
    touched=touched,
    all=all_decisions,
    documents=documents,
    count=count,
    scopes=scopes,
    stands=stands,
    shown=shown,
)


async def tell(db: AsyncSession, who: Who, ids: Collection[UUID]) -> dict[UUID, Told]:
    """These decisions as this person may know them."""
    if not rules.may_look(who):
        return {}
    return {
        each.id: Told(each.title, f"{PAGE}/{each.id}", each.motive[:200], f"Décision {each.code}, {each.body}")
        for each in await lines_of(db, ids)
    }


async def _card(db: AsyncSession, who: Who, decision_id: UUID) -> Card:
    found = (await tell(db, who, [decision_id])).get(decision_id)
    if found is None:
        raise NotFound
    return Card(found.title, found.address)


async def _reasons(_db: AsyncSession, who: Who, _decision_id: UUID) -> Sequence[str]:
    return ["Le registre des décisions est ouvert à tous les membres."] if rules.may_look(who) else []


async def _all(db: AsyncSession) -> Sequence[tuple[UUID, str]]:
    query = rows(col(Decision.id), Decision.year, Decision.number, Decision.title).order_by(
        col(Decision.year), col(Decision.number)
    )
    return [(row.id, f"{code_of(row.year, row.number)} {row.title}") for row in await db.execute(query)]


holding = Holding("pistes/decision", "Décision", _card, _reasons, _all)
