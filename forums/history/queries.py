"""What a post said, version after version."""

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from entente.db import rows
from entente.people.queries import Face, faces
from entente.people.who import Who
from entente.rules import NotFound
from forums import queries
from forums.history import rules
from forums.history.differences import Piece, differences
from forums.history.models import Revision
from forums.models import Post
from forums.queries import Place

REVISIONS_PER_PAGE = 20


class Change(NamedTuple):
    """A version of a post, and what it changed."""

    version: int
    author: Face
    at: datetime
    pieces: list[Piece]
    is_first: bool


class History(NamedTuple):
    """A page of the versions of a post, the newest first, and where older ones begin."""

    changes: list[Change]
    older: int | None


async def post_with_history(db: AsyncSession, who: Who, post_id: UUID) -> tuple[Post, Place]:
    """A post whose history this person may read, or NotFound."""
    post, place = await queries.post_for(db, who, post_id, even_hidden=True)
    if not rules.may_read_history(post, place.moderates):
        raise NotFound
    return post, place


async def history_of(db: AsyncSession, post_id: UUID, before: int | None = None) -> History:
    """The versions of a post, the newest first."""
    query = rows(Revision.version, Revision.author_id, Revision.body, Revision.at)
    query = query.where(col(Revision.post_id) == post_id).order_by(col(Revision.version).desc())
    if before is not None:
        query = query.where(col(Revision.version) < before)
    # One more than is shown: each is compared with the one before it.
    found = (await db.execute(query.limit(REVISIONS_PER_PAGE + 1))).all()
    authors = await faces(db, {row.author_id for row in found})
    shown = found[:REVISIONS_PER_PAGE]
    earlier = [*found[1:], None]
    changes = [
        Change(
            row.version,
            authors[row.author_id],
            row.at,
            differences(old.body if old else row.body, row.body),
            old is None,
        )
        for row, old in zip(shown, earlier, strict=False)
    ]
    return History(changes, shown[-1].version if len(found) > len(shown) else None)


async def revision_of(db: AsyncSession, post_id: UUID, version: int) -> Revision:
    """A version of a post, or NotFound."""
    found = await db.get(Revision, (post_id, version))
    if found is None:
        raise NotFound
    return found
