"""A form that comes twice says its words once: the answer to the first was lost, or the button was pressed again."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import and_
from sqlalchemy.orm import aliased
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from entente.db import rows
from entente.work import Work
from forums.drafts import service as drafting
from forums.models import Post, Thread

AROUND = timedelta(minutes=1)
"""How long before the end of its draft a text was written at most: both are saved together."""


class Known(NamedTuple):
    """A post that stands, and where."""

    id: UUID
    thread_id: UUID
    number: int


class SaidBefore(Exception):
    """This very form has come before, and what it says was posted then."""

    def __init__(self, post: Known) -> None:
        super().__init__()
        self.post = post


async def once(work: Work, typed: Mapping[str, str], said: Post) -> None:
    """End the draft of what was just said; raise SaidBefore, which undoes it all, when its form has come before."""
    ended_before = await drafting.posted(work, typed)
    before = await _twin(work.db, said, ended_before) if ended_before else None
    if before is not None:
        raise SaidBefore(before)


async def _twin(db: AsyncSession, said: Post, moment: datetime) -> Known | None:
    """The same words of the same person, in the same thread or opening one alike, said at that moment."""
    mine, other = aliased(Thread), aliased(Thread)
    opens_alike = and_(
        col(Post.number) == 1, col(other.forum_id) == col(mine.forum_id), col(other.title) == col(mine.title)
    )
    query = (
        rows(col(Post.id), Post.thread_id, Post.number)
        .join(other, col(other.id) == col(Post.thread_id))
        .join(mine, col(mine.id) == said.thread_id)
        .where(
            col(Post.id) != said.id,
            col(Post.author_id) == said.author_id,
            col(Post.body) == said.body,
            col(Post.created_at).between(moment - AROUND, moment),
            opens_alike if said.number == 1 else col(Post.thread_id) == said.thread_id,
        )
        .order_by(col(Post.created_at).desc())
    )
    found = (await db.execute(query)).first()
    return Known(*found) if found else None
