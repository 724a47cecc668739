"""What can be done with shared documents: one function per verb, all inside the caller's transaction."""

from collections.abc import Collection
from datetime import timedelta
from uuid import UUID

from sqlalchemy import delete, func
from sqlmodel import col, select

from entente.clock import now
from entente.db import rows
from entente.files.keeping import Kept, names_of
from entente.ids import Ref
from entente.journal import Verb as AnyVerb
from entente.people.models import Person
from entente.rules import Invalid, require
from entente.settings import Settings
from entente.work import Work
from forums import rules as forums
from forums.attachments import queries as attachments
from forums.attachments import rules as limits
from forums.documents import queries, rules
from forums.documents.models import Document, NewDocument, NewVersion, Version
from forums.models import Forum

PATIENCE = timedelta(days=1)


class Verb(AnyVerb):
    """What can happen to the documents of a forum."""

    DOCUMENT_ADDED = "document.added"
    DOCUMENT_REVISED = "document.revised"
    DOCUMENT_REMOVED = "document.removed"


def stream_of_documents(forum_id: UUID) -> Ref:
    """The story of the documents of a forum."""
    return Ref("forums/documents", forum_id)


async def add(work: Work, settings: Settings, forum: Forum, moderates: bool, new: NewDocument, kept: Kept) -> Document:
    """Share a document with the readers of a forum, as its first version."""
    require(forums.may_open_thread(work.who, forum, moderates))
    document = Document(forum_id=forum.id, author_id=work.who.id, title=new.title or kept.name)
    work.db.add(document)
    await work.db.flush()
    await _version(work, settings, document, 1, new, kept)
    work.record(stream_of_documents(forum.id), Verb.DOCUMENT_ADDED, document.id)
    return document


async def revise(work: Work, settings: Settings, document_id: UUID, new: NewVersion, kept: Kept) -> Document:
    """Bring a new version of a document, without touching the others."""
    # The document's row is locked: two versions that come at once take two numbers.
    document, forum, _ = await queries.document_for(work.db, work.who, document_id, held=True)
    last = rows(func.max(Version.number)).where(col(Version.document_id) == document.id)
    number = (await work.db.execute(last)).scalar_one() + 1
    document.changed_at = now()
    work.db.add(document)
    await _version(work, settings, document, number, new, kept)
    work.record(stream_of_documents(forum.id), Verb.DOCUMENT_REVISED, document.id)
    return document


async def _version(
    work: Work, settings: Settings, document: Document, number: int, new: NewVersion, kept: Kept
) -> None:
    # As for files joined to posts, the row of whoever brings it is locked while their room is counted.
    await work.db.execute(rows(Person.id).where(col(Person.id) == work.who.id).with_for_update())
    used = await attachments.used_by(work.db, work.who)
    if not limits.has_room(used, kept.size, settings):
        raise Invalid({"files": limits.too_much(used, settings)})
    about = {"document_id": document.id, "number": number, "author_id": work.who.id, "changes": new.changes}
    work.db.add(Version.model_validate({**about, **kept.columns()}))


async def remove(work: Work, document: Document, forum: Forum, moderates: bool) -> None:
    """Take a document away with all its versions; its bytes go a day later."""
    require(rules.may_remove(work.who, document, moderates))
    document.removed_at = now()
    work.db.add(document)
    if document.author_id != work.who.id:
        work.audit(Verb.DOCUMENT_REMOVED, Ref("forums/document", document.id), forum=str(forum.id))
    work.record(stream_of_documents(forum.id), Verb.DOCUMENT_REMOVED, document.id)


async def sweep(work: Work) -> list[str]:
    """Forget the documents removed more than a day ago; returns the names of their bytes."""
    gone = select(Document.id).where(col(Document.removed_at) < now() - PATIENCE).limit(100)
    ids = (await work.db.exec(gone)).all()
    versions = (await work.db.exec(select(Version).where(col(Version.document_id).in_(ids)))).all()
    await work.db.execute(delete(Version).where(col(Version.document_id).in_(ids)))
    await work.db.execute(delete(Document).where(col(Document.id).in_(ids)))
    return [name for version in versions for name in names_of(version.kept, version.width)]


async def known(work: Work, names: Collection[str]) -> set[str]:
    """Which of these names in the store belong to a version."""
    stems = {name.removesuffix(".webp") for name in names}
    return set((await work.db.execute(rows(Version.kept).where(col(Version.kept).in_(stems)))).scalars())
