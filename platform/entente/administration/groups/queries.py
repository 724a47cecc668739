"""Groups and who is in them."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Select, func, select
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from entente.administration.lists import Page, like, page_of
from entente.db import rows
from entente.people.models import Group, GroupMember, Person
from entente.rules import NotFound

KEYS: Any = (Group.name, Group.id)


def groups_sought(words: str) -> Select[Any]:
    """The groups of a list, as plain rows."""
    members = (
        select(func.count(col(GroupMember.person_id)))
        .where(col(GroupMember.group_id) == col(Group.id))
        .correlate(Group)
        .scalar_subquery()
    )
    query = rows(Group.id, Group.name, members.label("members"))
    return query.where(like(words, Group.name)) if words else query


async def groups(db: AsyncSession, words: str, after: UUID | None) -> Page:
    """A page of groups, by name."""
    return await page_of(db, groups_sought(words), KEYS, after)


def members_sought() -> Select[Any]:
    """Who is in which group."""
    return (
        rows(
            Person.id,
            Person.given_name,
            Person.family_name,
            Person.email,
            Person.status,
            col(Group.name).label("group_name"),
        )
        .join(GroupMember, col(GroupMember.person_id) == col(Person.id))
        .join(Group, col(Group.id) == col(GroupMember.group_id))
        .order_by(col(Group.name), Person.family_name, Person.given_name, col(Person.id))
    )


async def group_with_members(db: AsyncSession, group_id: UUID) -> tuple[Group, Sequence[Any]]:
    """A group and its people, or NotFound."""
    group = await db.get(Group, group_id)
    if group is None:
        raise NotFound
    return group, (await db.execute(members_sought().where(col(GroupMember.group_id) == group_id))).all()
