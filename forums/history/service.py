"""What is kept of a post when its text changes."""

from uuid import UUID

from sqlalchemy import delete, func, insert, literal
from sqlmodel import col

from entente.db import inserting, rows
from entente.work import Work
from forums.history.models import Revision
from forums.models import Post


async def keep(work: Work, post_id: UUID, version: int) -> None:
    """Keep the text that is about to be written over, unless it is kept already."""
    at = func.coalesce(Post.edited_at, Post.created_at)
    present = rows(col(Post.id), Post.version, Post.author_id, Post.body, at)
    present = present.where(col(Post.id) == post_id, col(Post.version) == version)
    keeping = inserting(work.db, Revision)
    kept = keeping.from_select(["post_id", "version", "author_id", "body", "at"], present.where(literal(True)))
    await work.db.execute(kept.on_conflict_do_nothing(index_elements=["post_id", "version"]))


async def add(work: Work, said: Post) -> None:
    """Keep the text that has just been written, under the name of whoever wrote it."""
    new = {"post_id": said.id, "version": said.version, "author_id": work.who.id, "body": said.body}
    await work.db.execute(insert(Revision).values(**new, at=said.edited_at))


async def forget(work: Work, post_id: UUID) -> None:
    """The post is withdrawn: « effacé pour tout le monde » is said of all it ever held."""
    await work.db.execute(delete(Revision).where(col(Revision.post_id) == post_id))
