"""What a person can see of files: what the post they belong to is now, asked each time."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, func, or_
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from entente.db import rows
from entente.ids import Ref
from entente.people.who import Who
from entente.prepared import prepared
from entente.rules import NotFound
from forums import queries as forums
from forums import rules
from forums.attachments.models import Attachment
from forums.attachments.shown import SHOWN, ShownFile
from forums.documents.models import Document, Version
from forums.models import Forum, Post, Thread


async def waiting(db: AsyncSession, who: Who, context: Ref) -> Sequence[ShownFile]:
    """The files that this person brought here and that no post has taken yet."""
    return [ShownFile(*row) for row in await db.execute(*_waiting(who, str(context)))]


@prepared
def _waiting(who: Who, context: str) -> Any:
    return rows(*SHOWN).where(_waits(who), col(Attachment.context) == context).order_by(col(Attachment.id))


def _waits(who: Who) -> ColumnElement[bool]:
    return and_(
        col(Attachment.owner_id) == who.id, col(Attachment.post_id).is_(None), col(Attachment.removed_at).is_(None)
    )


async def file_for(db: AsyncSession, who: Who, id_: UUID) -> Attachment:
    """A file whose post this person may read now, or one of theirs that waits; NotFound for anything else."""
    stands = and_(
        col(Post.deleted_at).is_(None),
        or_(col(Post.hidden_at).is_(None), col(Post.author_id) == who.id, forums.is_moderated_by(who)),
        col(Thread.deleted_at).is_(None),
        forums.is_readable(who),
    )
    query = (
        select(Attachment)
        .outerjoin(Post, col(Post.id) == col(Attachment.post_id))
        .outerjoin(Thread, col(Thread.id) == col(Post.thread_id))
        .outerjoin(Forum, col(Forum.id) == col(Thread.forum_id))
        .where(col(Attachment.id) == id_, col(Attachment.removed_at).is_(None))
        .where(or_(and_(col(Attachment.post_id).is_not(None), stands), _waits(who)))
    )
    found = (await db.exec(query)).one_or_none()
    if found is None:
        raise NotFound
    return found


async def waiting_for(db: AsyncSession, who: Who, id_: UUID) -> Attachment:
    """One of one's own files that waits, or NotFound."""
    found = (await db.exec(select(Attachment).where(col(Attachment.id) == id_, _waits(who)))).one_or_none()
    if found is None:
        raise NotFound
    return found


async def used_by(db: AsyncSession, who: Who) -> int:
    """How many bytes this person keeps here, joined to posts or among the documents of forums."""
    joined = rows(Attachment.size).where(col(Attachment.owner_id) == who.id, col(Attachment.removed_at).is_(None))
    shared = (
        rows(Version.size)
        .join(Document, col(Document.id) == col(Version.document_id))
        .where(col(Version.author_id) == who.id, col(Document.removed_at).is_(None))
    )
    both = joined.union_all(shared).subquery()
    return int((await db.execute(rows(func.coalesce(func.sum(both.c.size), 0)))).scalar_one())


async def allow(db: AsyncSession, who: Who, context: Ref) -> bool:
    """Whether this person may bring files here now: where they may post, open a thread, or correct their own words.

    Raises NotFound where they may not even read.
    """
    match context.kind:
        case "forums/thread":
            return rules.may_post((await forums.thread_for(db, who, context.id)).thread)
        case "forums/forum":
            await forums.watch_forum(db, who, context.id)
            return True
        case "forums/post":
            post, place = await forums.post_for(db, who, context.id)
            return rules.may_edit(who, post, place.thread)
    raise NotFound
