"""What can be done with an agenda: one function per verb, each under the lock of its meeting."""

from collections.abc import Collection
from datetime import timedelta
from uuid import UUID

from sqlalchemy import delete, func, update
from sqlmodel import col, select

from entente.clock import now
from entente.db import rows
from entente.files.keeping import Kept, names_of
from entente.rules import Invalid, require
from entente.work import Work
from planning import rules, service
from planning.agenda.models import ItemForm, mark_of
from planning.models import Document, Item, Meeting
from planning.service import NOT_YOURS, Outdated
from planning.verbs import Verb

MOST_ITEMS = 100
MOST_DOCUMENTS = 100
PATIENCE = timedelta(days=1)
"""How long the bytes of a document that was taken off remain."""


async def add(work: Work, meeting: Meeting, written: ItemForm) -> Item:
    """Add a point at the foot of the agenda."""
    await _begin(work, meeting)
    last = rows(func.coalesce(func.max(Item.position), 0)).where(col(Item.meeting_id) == meeting.id)
    position = (await work.db.execute(last)).scalar_one() + 1
    if position > MOST_ITEMS:
        raise Invalid({"title": f"Un ordre du jour compte {MOST_ITEMS} points au plus."})
    made = Item(meeting_id=meeting.id, position=position, **written.model_dump())
    work.db.add(made)
    _changed(work, meeting)
    return made


async def edit(work: Work, meeting: Meeting, item: Item, written: ItemForm, known: str) -> None:
    """Write a point again; raises Outdated when it no longer reads as in `known`, the mark of what was shown."""
    await _begin(work, meeting)
    await work.db.refresh(item)
    if mark_of(item) != known:
        raise Outdated
    item.sqlmodel_update(written.model_dump())
    work.db.add(item)
    _changed(work, meeting)


async def shift(work: Work, meeting: Meeting, item: Item, step: int) -> None:
    """Exchange a point with the one above (-1) or below (+1); at the edge nothing changes."""
    await _begin(work, meeting)
    await work.db.refresh(item)
    query = select(Item).where(col(Item.meeting_id) == meeting.id, col(Item.position) == item.position + step)
    other = (await work.db.exec(query)).one_or_none()
    if other is None:
        return
    # Two rows never bear one position, not even between two statements: the first one steps aside.
    here, there = item.position, other.position
    for row, position in ((item, 0), (other, here), (item, there)):
        await _place(work, row, position)
    _changed(work, meeting)


async def remove(work: Work, meeting: Meeting, item: Item) -> None:
    """Take a point off the agenda with its documents, and close the ranks."""
    await _begin(work, meeting)
    await work.db.refresh(item)
    position = item.position
    await work.db.execute(
        update(Document).where(col(Document.item_id) == item.id).values(item_id=None, removed_at=now())
    )
    await work.db.delete(item)
    await work.db.flush()
    after = select(Item).where(col(Item.meeting_id) == meeting.id, col(Item.position) > position)
    for row in (await work.db.exec(after.order_by(col(Item.position)))).all():
        await _place(work, row, row.position - 1)
    _changed(work, meeting)


async def _place(work: Work, item: Item, position: int) -> None:
    item.position = position
    work.db.add(item)
    await work.db.flush()


async def copy(work: Work, source_id: UUID, meeting: Meeting) -> None:
    """Give a new meeting the points of another, without their documents."""
    query = select(Item).where(col(Item.meeting_id) == source_id).order_by(col(Item.position))
    for item in (await work.db.exec(query)).all():
        work.db.add(Item(meeting_id=meeting.id, **item.model_dump(exclude={"id", "meeting_id"})))


async def join(work: Work, meeting: Meeting, item: Item, kept: Kept) -> Document:
    """Join a document to a point."""
    await _begin(work, meeting)
    count = rows(func.count()).where(col(Document.meeting_id) == meeting.id, col(Document.removed_at).is_(None))
    if (await work.db.execute(count)).scalar_one() >= MOST_DOCUMENTS:
        raise Invalid({"files": f"Une réunion garde {MOST_DOCUMENTS} documents au plus."})
    made = Document(meeting_id=meeting.id, item_id=item.id, person_id=work.who.id, **kept.columns())
    work.db.add(made)
    _changed(work, meeting)
    return made


async def take_off(work: Work, meeting: Meeting, document: Document) -> None:
    """Take a document off; its bytes go a day later."""
    await _begin(work, meeting)
    document.removed_at = now()
    work.db.add(document)
    _changed(work, meeting)


async def sweep(work: Work) -> list[str]:
    """Forget the documents taken off more than a day ago; returns the names of their bytes."""
    gone = select(Document).where(col(Document.removed_at) < now() - PATIENCE).limit(500)
    found = (await work.db.exec(gone)).all()
    await work.db.execute(delete(Document).where(col(Document.id).in_([each.id for each in found])))
    return [name for each in found for name in names_of(each.kept, each.width)]


async def known(work: Work, names: Collection[str]) -> set[str]:
    """Which of these names in the store belong to a document."""
    stems = {name.removesuffix(".webp") for name in names}
    return set((await work.db.execute(rows(Document.kept).where(col(Document.kept).in_(stems)))).scalars())


async def _begin(work: Work, meeting: Meeting) -> None:
    require(rules.may_write(work.who, meeting.body_id), NOT_YOURS)
    await service.lock_body(work, meeting.body_id)
    await work.db.refresh(meeting)
    service.require_alive(meeting)


def _changed(work: Work, meeting: Meeting) -> None:
    service.touch(work, meeting)
    service.tell(work, meeting, Verb.AGENDA_CHANGED)
