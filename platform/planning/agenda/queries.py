"""What a meeting is about, for whoever may read it."""

from collections.abc import Sequence
from typing import NamedTuple
from uuid import UUID

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from entente.db import rows
from entente.people.who import Who
from entente.rules import NotFound
from entente.web.uploads import in_words
from planning import queries
from planning.models import Document, Item, Meeting


class Joined(NamedTuple):
    """A document joined to a point."""

    id: UUID
    name: str
    label: str
    size: int

    @property
    def weight(self) -> str:
        """How heavy it is, said aloud."""
        return in_words(self.size)


class Point(NamedTuple):
    """A point of the agenda with its documents."""

    id: UUID
    position: int
    title: str
    note: str
    rapporteur: str
    minutes: int | None
    is_deliberation: bool
    documents: Sequence[Joined]


class Agenda(NamedTuple):
    """The points of a meeting, in order."""

    meeting_id: UUID
    points: Sequence[Point]

    @property
    def minutes(self) -> int:
        """How long the points take together, of those whose length is known."""
        return sum(each.minutes or 0 for each in self.points)


async def agenda_of(db: AsyncSession, meeting_id: UUID) -> Agenda:
    """The agenda: two questions, whatever the number of points."""
    joined: dict[UUID, list[Joined]] = {}
    documents = (
        rows(Document.id, Document.name, Document.label, Document.size, Document.item_id)
        .where(col(Document.meeting_id) == meeting_id, col(Document.removed_at).is_(None))
        .order_by(col(Document.created_at), col(Document.id))
    )
    for row in await db.execute(documents):
        joined.setdefault(row.item_id, []).append(Joined(row.id, row.name, row.label, row.size))
    query = rows(
        Item.id, Item.position, Item.title, Item.note, Item.rapporteur, Item.minutes, Item.is_deliberation
    ).where(col(Item.meeting_id) == meeting_id)
    points = [
        Point._make([*row, joined.get(row.id, [])]) for row in await db.execute(query.order_by(col(Item.position)))
    ]
    return Agenda(meeting_id, points)


async def item_for(db: AsyncSession, who: Who, item_id: UUID) -> tuple[Item, Meeting]:
    """A point of a meeting that this person may read, or NotFound."""
    item = await db.get(Item, item_id)
    if item is None:
        raise NotFound
    return item, await queries.meeting_for(db, who, item.meeting_id)


async def document_for(db: AsyncSession, who: Who, document_id: UUID) -> tuple[Document, Meeting]:
    """A document of a meeting that this person may read now, or NotFound: asked again each time it is fetched."""
    query = select(Document).where(col(Document.id) == document_id, col(Document.removed_at).is_(None))
    found = (await db.exec(query)).one_or_none()
    if found is None:
        raise NotFound
    return found, await queries.meeting_for(db, who, found.meeting_id)
