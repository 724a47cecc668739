"""Pistes, as the search of the house reads, guards and shows them."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, Uuid, false, func, literal, true
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from entente.db import rows
from entente.people.who import Who
from entente.search.findable import Doc, Document, Find, Findable
from pistes import rules
from pistes.addresses import HOME, address_of
from pistes.models import Piste
from pistes.stories import REGISTER, Verb
from pistes.words import PHASES

KIND = "pistes/piste"


async def touched(_db: AsyncSession, _verb: str, subject_id: UUID) -> Sequence[UUID]:
    """The piste that it is about."""
    return [subject_id]


async def all_pistes(db: AsyncSession, after: UUID | None, limit: int) -> Sequence[UUID]:
    """The pistes after one, by id."""
    query = rows(col(Piste.id)).order_by(col(Piste.id)).limit(limit)
    if after is not None:
        query = query.where(col(Piste.id) > after)
    return (await db.execute(query)).scalars().all()


async def documents(db: AsyncSession, ids: Sequence[UUID]) -> Sequence[Document]:
    """These pistes: title, code and summary."""
    query = rows(Piste.id, Piste.title, Piste.code, Piste.summary, Piste.created_by, Piste.created_at)
    return [
        Document(
            row.id, REGISTER.id, row.id, row.created_by, row.created_at, row.title, f"{row.code} {row.summary}".strip()
        )
        for row in await db.execute(query.where(col(Piste.id).in_(ids)))
    ]


async def count(db: AsyncSession) -> int:
    """How many there are."""
    return int((await db.execute(rows(func.count()).select_from(Piste))).scalar_one())


def scopes(who: Who) -> Select[Any]:
    """The register, for those to whom it is open."""
    return rows(literal(REGISTER.id, Uuid())).where(true() if rules.may_look(who) else false())


def stands(document: Doc, who: Who) -> ColumnElement[bool]:
    """Whether the piste is there, for a member."""
    found = rows(col(Piste.id)).where(col(Piste.id) == document.subject_id)
    return found.where(true() if rules.may_look(who) else false()).exists()


async def shown(db: AsyncSession, ids: Sequence[UUID]) -> Sequence[Find]:
    """These pistes, as results show them."""
    query = rows(Piste.id, Piste.title, Piste.code, Piste.summary, Piste.phase, Piste.created_at)
    return [
        Find(
            row.id,
            row.title,
            row.summary,
            address_of(row.id),
            row.created_at,
            None,
            HOME,
            f"{row.code} · {PHASES[row.phase]}",
        )
        for row in await db.execute(query.where(col(Piste.id).in_(ids)))
    ]


pistes = Findable(
    KIND,
    label=("piste", "pistes"),
    groups=("piste", "pistes"),
    verbs=frozenset({Verb.PISTE_CREATED, Verb.PISTE_EDITED}),
    touched=touched,
    all=all_pistes,
    documents=documents,
    count=count,
    scopes=scopes,
    stands=stands,
    shown=shown,
)
