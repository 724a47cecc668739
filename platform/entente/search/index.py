"""Writing the index: a thing is read again where it lives, and its document follows."""

from collections.abc import Sequence
from itertools import islice
from typing import Any
from uuid import UUID

from sqlalchemy import Uuid, bindparam, delete, text
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from entente.db import Moment, is_embedded
from entente.search import french
from entente.search.findable import Document, Findable
from entente.search.models import SearchDocument
from entente.work import Work

INDEX = "search.index"
BATCH = 200
MOST_TERMS = 6_000
"""Of one document: more than 32 KiB of words can hold."""
_TURN = 0x5EA7C4

_PUT = text(
    "INSERT INTO search_document (subject_id, subject_kind, scope_id, group_id, author_id, at, is_head, title_terms, "
    "terms, size) VALUES (:subject_id, :subject_kind, :scope_id, :group_id, :author_id, :at, :is_head, :title_terms, "
    ":terms, :size) ON CONFLICT (subject_id, subject_kind) DO UPDATE SET scope_id = excluded.scope_id, "
    "group_id = excluded.group_id, author_id = excluded.author_id, at = excluded.at, is_head = excluded.is_head, "
    "title_terms = excluded.title_terms, terms = excluded.terms, size = excluded.size"
).bindparams(
    *(bindparam(name, type_=Uuid()) for name in ("subject_id", "scope_id", "group_id", "author_id")),
    bindparam("at", type_=Moment()),
)


async def follow(work: Work, findables: Sequence[Findable], payload: dict[str, Any]) -> None:
    """Something happened: whatever it concerns is read again."""
    for findable in findables:
        if payload["verb"] in findable.verbs:
            ids = iter(await findable.touched(work.db, payload["verb"], UUID(payload["subject"])))
            while batch := list(islice(ids, BATCH)):
                await renew(work.db, findable, batch)


async def renew(db: AsyncSession, findable: Findable, ids: Sequence[UUID]) -> None:
    """Make the documents of these things say what the things say now, or go with them."""
    await take_turn(db)
    documents = await findable.documents(db, ids)
    await put(db, findable.kind, documents)
    gone = set(ids) - {document.subject_id for document in documents}
    if gone:
        await db.execute(
            delete(SearchDocument).where(
                col(SearchDocument.subject_kind) == findable.kind, col(SearchDocument.subject_id).in_(gone)
            )
        )


async def take_turn(db: AsyncSession) -> None:
    """Wait until nobody else writes the index, before reading what will be written in it.

    Otherwise a worker that has read a post before its correction could write after the one that read it since.
    SQLite has one writer already.
    """
    if not is_embedded(db):
        await db.execute(text("SELECT pg_advisory_xact_lock(:turn)"), {"turn": _TURN})


async def put(db: AsyncSession, kind: str, documents: Sequence[Document]) -> None:
    """Write documents, new or known."""
    if documents:
        await db.execute(_PUT, [row_of(kind, document) for document in documents])


def row_of(kind: str, document: Document) -> dict[str, Any]:
    """A document as it is stored."""
    title, words = french.terms(document.title), french.terms(document.text)[:MOST_TERMS]
    return {
        "subject_id": document.subject_id,
        "subject_kind": kind,
        "scope_id": document.scope_id,
        "group_id": document.group_id,
        "author_id": document.author_id,
        "at": document.at,
        "is_head": document.is_head,
        "title_terms": " ".join(title),
        "terms": " ".join(words),
        "size": len(words),
    }
