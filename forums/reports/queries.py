"""What moderators have to answer."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import func
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from entente.db import rows
from entente.people.queries import Face, faces
from entente.people.who import Who
from entente.rules import NotFound
from entente.telling import Told
from entente.text import excerpt
from forums.models import Forum, Post, Thread
from forums.queries import is_moderated_by, is_readable
from forums.reports.models import Ground, Report

MOST = 50
"""Reports on the page, the oldest first: answering them brings the others."""


class OpenReport(NamedTuple):
    """A report that waits for an answer."""

    id: UUID
    post_id: UUID
    number: int
    thread_id: UUID
    thread_title: str
    author: Face
    excerpt: str
    by: Face | None
    """Who reported it; not told to the one whose message it is."""
    ground: Ground
    words: str
    at: datetime


async def count_open(db: AsyncSession, forum_id: UUID) -> int:
    """How many reports wait in a forum."""
    query = rows(func.count()).where(col(Report.forum_id) == forum_id, col(Report.settled_at).is_(None))
    return int((await db.execute(query)).scalar_one())


async def open_reports(db: AsyncSession, who: Who, forum_id: UUID) -> list[OpenReport]:
    """The reports that wait in a forum, the oldest first."""
    query = (
        rows(
            col(Report.id),
            Report.post_id,
            Post.number,
            Post.thread_id,
            Thread.title,
            Post.author_id,
            Post.body,
            Report.person_id,
            Report.ground,
            Report.words,
            Report.at,
        )
        .join(Post, col(Post.id) == col(Report.post_id))
        .join(Thread, col(Thread.id) == col(Post.thread_id))
        .where(col(Report.forum_id) == forum_id, col(Report.settled_at).is_(None))
        .order_by(col(Report.at), col(Report.id))
        .limit(MOST)
    )
    found = (await db.execute(query)).all()
    known = await faces(db, {row.author_id for row in found} | {row.person_id for row in found})
    return [
        OpenReport(
            row.id,
            row.post_id,
            row.number,
            row.thread_id,
            row.title,
            known[row.author_id],
            excerpt(row.body),
            None if row.author_id == who.id else known[row.person_id],
            Ground(row.ground),
            row.words,
            row.at,
        )
        for row in found
    ]


async def report_for(db: AsyncSession, who: Who, report_id: UUID) -> tuple[Report, Forum]:
    """A report in a forum that this person moderates, or NotFound."""
    query = (
        select(Report, Forum)
        .join(Forum, col(Forum.id) == col(Report.forum_id))
        .where(col(Report.id) == report_id, is_readable(who), is_moderated_by(who))
    )
    found = (await db.exec(query)).one_or_none()
    if found is None:
        raise NotFound
    return found[0], found[1]


async def is_reported_by(db: AsyncSession, who: Who, post_id: UUID) -> bool:
    """Whether this person has reported this post."""
    query = rows(col(Report.id)).where(col(Report.post_id) == post_id, col(Report.person_id) == who.id)
    return (await db.execute(query)).first() is not None


async def tell_reports(db: AsyncSession, who: Who, ids: Collection[UUID]) -> Mapping[UUID, Told]:
    """Reports that wait, to the moderators of their forum; neither the words of the post nor who reported it."""
    query = (
        select(Report.id, Thread.title, Forum.title, Forum.slug)
        .join(Forum, col(Forum.id) == col(Report.forum_id))
        .join(Post, col(Post.id) == col(Report.post_id))
        .join(Thread, col(Thread.id) == col(Post.thread_id))
        .where(col(Report.id).in_(ids), col(Report.settled_at).is_(None), is_readable(who), is_moderated_by(who))
    )
    return {
        id_: Told(title, f"/forums/{slug}/signalements", "Un message est signalé.", forum)
        for id_, title, forum, slug in await db.exec(query)
    }
