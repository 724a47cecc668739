"""The tags of a forum, and the threads that bear them."""

from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, BeforeValidator
from sqlalchemy import Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from entente.ids import new_id


class Tag(SQLModel, table=True):
    """A word by which a forum sorts its threads."""

    __tablename__ = "forum_tag"
    # Of two that want the same address in a forum at once, the constraint keeps one.
    __table_args__ = (UniqueConstraint("forum_id", "slug", name="forum_tag_slug"),)

    id: UUID = Field(default_factory=new_id, primary_key=True)
    forum_id: UUID = Field(foreign_key="forum.id")
    slug: str = Field(max_length=40)
    name: str = Field(max_length=40)


class ThreadTag(SQLModel, table=True):
    """A thread bears a tag of its forum."""

    __tablename__ = "thread_tag"
    __table_args__ = (Index("thread_tag_by_tag", "tag_id", "thread_id"),)

    thread_id: UUID = Field(foreign_key="thread.id", primary_key=True)
    tag_id: UUID = Field(foreign_key="forum_tag.id", primary_key=True)


def _ids(value: object) -> object:
    """Ticked boxes come as one value or as many."""
    if isinstance(value, str):
        return [value] if value else []
    return value


class ChosenTags(BaseModel):
    """What the form of a thread may send of its tags."""

    tags: Annotated[list[UUID], BeforeValidator(_ids)] = []


class NamedTag(BaseModel):
    """What the form that keeps a tag may send."""

    name: str
