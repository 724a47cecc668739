"""What a person can see of shared documents: those of the forums that are open to them now."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from entente.db import rows
from entente.people.models import Body
from entente.people.queries import Face, faces
from entente.people.who import Who
from entente.rules import NotFound
from entente.web.uploads import in_words
from forums import queries as forums
from forums.documents.models import Document, Version
from forums.models import Forum

PER_PAGE = 50


class ShownVersion(NamedTuple):
    """A version as the readers of its forum see it."""

    id: UUID
    number: int
    name: str
    label: str
    size: int
    changes: str
    created_at: datetime
    author: Face

    @property
    def weight(self) -> str:
        """How heavy it is, said aloud."""
        return in_words(self.size)


class ShownDocument(NamedTuple):
    """A document with its versions, the last one first."""

    id: UUID
    title: str
    author_id: UUID
    versions: Sequence[ShownVersion]


class Shelf(NamedTuple):
    """A page of documents, the most recently changed first, and whether there are older ones."""

    documents: Sequence[ShownDocument]
    has_older: bool


_VERSION: Any = (
    col(Version.id),
    Version.number,
    Version.name,
    Version.label,
    Version.size,
    Version.changes,
    Version.created_at,
    Version.author_id,
    Version.document_id,
)


async def shelf_of(db: AsyncSession, forum: Forum, page: int = 1) -> Shelf:
    """The documents of a forum with every version of each: as many questions whatever their number."""
    query = (
        rows(col(Document.id), Document.title, Document.author_id)
        .where(col(Document.forum_id) == forum.id, col(Document.removed_at).is_(None))
        .order_by(col(Document.changed_at).desc(), col(Document.id))
        .limit(PER_PAGE + 1)
        .offset((page - 1) * PER_PAGE)
    )
    found = (await db.execute(query)).all()
    shown = found[:PER_PAGE]
    versions = await _versions(db, [row.id for row in shown])
    documents = [ShownDocument(row.id, row.title, row.author_id, versions[row.id]) for row in shown]
    return Shelf(documents, len(found) > PER_PAGE)


async def _versions(db: AsyncSession, ids: list[UUID]) -> dict[UUID, list[ShownVersion]]:
    query = rows(*_VERSION).where(col(Version.document_id).in_(ids)).order_by(col(Version.number).desc())
    found = (await db.execute(query)).all()
    authors = await faces(db, {row.author_id for row in found})
    versions: dict[UUID, list[ShownVersion]] = {id_: [] for id_ in ids}
    for *about, author_id, document_id in found:
        versions[document_id].append(ShownVersion._make([*about, authors[author_id]]))
    return versions


async def document_for(db: AsyncSession, who: Who, id_: UUID, held: bool = False) -> tuple[Document, Forum, bool]:
    """A document of a forum that this person reads, and whether they moderate it; held for whoever changes it."""
    query = (
        select(Document, Forum, forums.is_moderated_by(who))
        .join(Forum, col(Forum.id) == col(Document.forum_id))
        .where(col(Document.id) == id_, col(Document.removed_at).is_(None), forums.is_readable(who))
    )
    found = (await db.exec(query.with_for_update(of=Document) if held else query)).one_or_none()
    if found is None:
        raise NotFound
    return found[0], found[1], bool(found[2])


async def version_for(db: AsyncSession, who: Who, id_: UUID) -> Version:
    """A version of a document that this person may read now, or NotFound."""
    version = await db.get(Version, id_)
    if version is None:
        raise NotFound
    await document_for(db, who, version.document_id)
    return version


async def body_of(db: AsyncSession, forum: Forum) -> str:
    """The name of the body whose space this is; nothing for a forum that is no body's."""
    if forum.body_id is None:
        return ""
    return (await db.execute(rows(Body.name).where(col(Body.id) == forum.body_id))).scalar_one()  # type: ignore[no-any-return]
