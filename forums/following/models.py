"""How much each person wants to be told of a forum, or of a thread."""

from enum import StrEnum
from uuid import UUID

from pydantic import BaseModel
from sqlmodel import Field, SQLModel

from entente.db import Word


class Level(StrEnum):
    """How much one is told, from nothing to everything."""

    MUTED = "muted"
    MENTIONS = "mentions"
    NORMAL = "normal"
    WATCHING = "watching"


class ForumFollow(SQLModel, table=True):
    """What someone wants of a forum, in general."""

    __tablename__ = "forum_follow"

    person_id: UUID = Field(foreign_key="person.id", primary_key=True)
    forum_id: UUID = Field(foreign_key="forum.id", primary_key=True, index=True)
    level: Level = Field(sa_type=Word)


class ThreadFollow(SQLModel, table=True):
    """What someone wants of one thread, whatever they said of its forum."""

    __tablename__ = "thread_follow"

    person_id: UUID = Field(foreign_key="person.id", primary_key=True)
    thread_id: UUID = Field(foreign_key="thread.id", primary_key=True, index=True)
    level: Level = Field(sa_type=Word)


class Chosen(BaseModel):
    """What the menu may send; an empty choice goes back to what the forum says."""

    level: Level | None = None
