"""Whom a post calls, and who reads a forum: the rights predicate, asked of everybody at once."""

from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, exists, or_
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from entente.db import rows
from entente.people.models import (
    Body,
    Function,
    GroupMember,
    Organisation,
    OrganisationKind,
    Person,
    PersonStatus,
    Seat,
)
from entente.people.queries import is_current
from forums.mentions.models import Called, Mention
from forums.models import Forum, Moderator, Post, Reading, Thread


def readers_of(forum: Forum) -> Any:
    """Everybody to whom a forum is open, as one query; `rules.may_read` says the same of one person."""
    return select(Person.id).where(is_reader(forum))


def is_reader(forum: Forum) -> ColumnElement[bool]:
    """Whether a person, of a query over people, reads this forum today."""
    return and_(col(Person.status) == PersonStatus.ACTIVE, or_(*_grounds(forum)))


def _grounds(forum: Forum) -> list[ColumnElement[bool]]:
    keeps = exists().where(col(Moderator.forum_id) == forum.id, col(Moderator.person_id) == col(Person.id))
    grounds = [and_(keeps, _is_member())]
    if forum.reading == Reading.ALL:
        grounds.append(_is_member())
    if forum.body_id is not None:
        grounds.append(sits(col(Seat.body_id) == forum.body_id))
    if forum.function is not None:
        grounds.append(acts(col(Function.kind) == forum.function))
    if forum.group_id is not None:
        guests = (col(GroupMember.group_id) == forum.group_id, col(GroupMember.person_id) == col(Person.id))
        grounds.append(exists().where(*guests))
    return grounds


def _is_member() -> ColumnElement[bool]:
    return or_(acts(), sits())


def acts(*where: ColumnElement[bool]) -> ColumnElement[bool]:
    """Whether a person has a function today, such a one if it is said which."""
    mine = col(Function.person_id) == col(Person.id)
    return exists().where(mine, is_current(Function), *where).correlate(Person)


def sits(*where: ColumnElement[bool]) -> ColumnElement[bool]:
    """Whether a person holds or shares a seat today, such a one if it is said which."""
    mine = or_(col(Seat.holder_id) == col(Person.id), col(Seat.substitute_id) == col(Person.id))
    return exists().where(mine, is_current(Seat), *where).correlate(Person)


async def mentioned_in(db: AsyncSession, post_id: UUID) -> dict[UUID, str]:
    """Whom a post calls, each with how it is said to them, as « votre commune, Brioude »; never its author.

    Only those who may read it today, and nobody once its words are withdrawn or hidden.
    """
    forum = (await db.exec(_STANDING.where(col(Post.id) == post_id))).one_or_none()
    if forum is None:
        return {}
    query = (
        rows(
            Mention.person_id,
            Mention.kind,
            col(Organisation.kind).label("organisation_kind"),
            col(Organisation.name).label("organisation"),
            col(Body.name).label("body"),
        )
        .join(Person, col(Person.id) == col(Mention.person_id))
        .outerjoin(Organisation, col(Organisation.id) == col(Mention.called_id))
        .outerjoin(Body, col(Body.id) == col(Mention.called_id))
        .where(col(Mention.post_id) == post_id, is_reader(forum))
    )
    return {row.person_id: _said(row) for row in await db.execute(query)}


_STANDING = (
    select(Forum)
    .join(Thread, col(Thread.forum_id) == col(Forum.id))
    .join(Post, col(Post.thread_id) == col(Thread.id))
    .where(col(Post.deleted_at).is_(None), col(Post.hidden_at).is_(None), col(Thread.deleted_at).is_(None))
)


def _said(row: Any) -> str:
    match row.kind:
        case Called.ORGANISATION:
            whose = "votre commune" if row.organisation_kind == OrganisationKind.COMMUNE else "votre organisation"
            return f"{whose}, {row.organisation}"
        case Called.BODY:
            return f"l’instance {row.body}"
    return "vous"
