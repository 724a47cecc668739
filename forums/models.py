"""Forums, their threads, what was said, and how far each person has read."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, BaseModel
from pydantic import Field as FormField
from sqlalchemy import CheckConstraint, Index, text
from sqlmodel import Field, SQLModel

from entente.clock import now
from entente.db import Moment, Word
from entente.ids import new_id
from entente.people.models import FunctionKind
from entente.text import clean_name


class Reading(StrEnum):
    """To whom a forum is open."""

    ALL = "all"
    BODY = "body"
    FUNCTION = "function"
    INVITED = "invited"


class Forum(SQLModel, table=True):
    """A place to talk, open to all members, to a body, to a function, or to guests."""

    __table_args__ = (
        CheckConstraint(
            "(reading = 'body') = (body_id IS NOT NULL) AND (reading = 'invited') = (group_id IS NOT NULL)",
            name="forum_reading",
        ),
        # Apart from the other: SQLite adds it with its column, without making again a table that others refer to.
        CheckConstraint("(reading = 'function') = (function IS NOT NULL)", name="forum_function"),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    slug: str = Field(max_length=60, unique=True)
    title: str = Field(max_length=120)
    purpose: str = Field(default="", max_length=300)
    reading: Reading = Field(default=Reading.ALL, sa_type=Word)
    body_id: UUID | None = Field(default=None, foreign_key="body.id")
    group_id: UUID | None = Field(default=None, foreign_key="circle.id")
    function: FunctionKind | None = Field(default=None, sa_type=Word)
    hue: int = Field(default=0, ge=0, lt=360)
    place: int = 0
    """Order in the list of forums."""


class Moderator(SQLModel, table=True):
    """Someone keeps the peace in a forum."""

    __tablename__ = "forum_moderator"

    forum_id: UUID = Field(foreign_key="forum.id", primary_key=True)
    person_id: UUID = Field(foreign_key="person.id", primary_key=True)


class Kind(StrEnum):
    """What a conversation is for."""

    DISCUSSION = "discussion"
    QUESTION = "question"
    ANNOUNCEMENT = "announcement"
    PURCHASE = "purchase"


class Thread(SQLModel, table=True):
    """A conversation in a forum."""

    __table_args__ = (
        Index("thread_recent", "forum_id", "last_post_at", "id"),
        # A forum has a handful of pinned threads among a million: the first page finds them without looking at others.
        Index(
            "thread_pinned",
            "forum_id",
            "pinned_until",
            postgresql_where=text("pinned_until IS NOT NULL"),
            sqlite_where=text("pinned_until IS NOT NULL"),
        ),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    forum_id: UUID = Field(foreign_key="forum.id")
    author_id: UUID = Field(foreign_key="person.id")
    title: str = Field(max_length=150)
    kind: Kind = Field(default=Kind.DISCUSSION, sa_type=Word)
    created_at: datetime = Field(default_factory=now, sa_type=Moment)
    closed_at: datetime | None = Field(default=None, sa_type=Moment)
    closed_reason: str | None = Field(default=None, max_length=300)
    pinned_until: datetime | None = Field(default=None, sa_type=Moment)
    """On top of its forum until then, on the server's clock; `FOREVER` for no end."""
    deleted_at: datetime | None = Field(default=None, sa_type=Moment)
    last_post_at: datetime = Field(default_factory=now, sa_type=Moment, index=True)
    last_author_id: UUID = Field(foreign_key="person.id")
    post_count: int = 0
    """The first post, and the answers that stand."""
    last_number: int = 0
    """Number of the newest post; its increment is what orders those who answer at once."""


class Post(SQLModel, table=True):
    """What someone said in a thread; its number never changes, even when others go."""

    __table_args__ = (Index("post_in_thread", "thread_id", "number", unique=True),)

    id: UUID = Field(default_factory=new_id, primary_key=True)
    thread_id: UUID = Field(foreign_key="thread.id")
    number: int
    author_id: UUID = Field(foreign_key="person.id", index=True)
    body: str
    html: str
    """The body made safe, once, when it is written."""
    version: int = 1
    """Grows with every edit: whoever wrote over an older one is told."""
    look: int = 1
    """Grows with every change of what others see of the post (an edit, a reaction): names the rendered bytes."""
    created_at: datetime = Field(default_factory=now, sa_type=Moment)
    edited_at: datetime | None = Field(default=None, sa_type=Moment)
    deleted_at: datetime | None = Field(default=None, sa_type=Moment)
    hidden_at: datetime | None = Field(default=None, sa_type=Moment)
    """Since when a moderator hides its words from everybody; why and by whom: `forums.moderation`."""


class ReadMark(SQLModel, table=True):
    """How far a person has read a thread: the number of the last post seen."""

    __tablename__ = "read_mark"

    person_id: UUID = Field(foreign_key="person.id", primary_key=True)
    thread_id: UUID = Field(foreign_key="thread.id", primary_key=True, index=True)
    number: int
    written_at: datetime | None = Field(default=None, sa_type=Moment)
    """When reading last moved it: it moves every five seconds at most."""
    held_at: datetime | None = Field(default=None, sa_type=Moment)
    """Since when it is held back by its owner: until the thread is opened again, what arrives does not move it."""


def _title(value: str) -> str:
    title = clean_name(value)
    if not title:
        raise ValueError("Donnez un titre à ce fil.")
    return title


def _body(value: str) -> str:
    # PostgreSQL has no room for a zero in a text.
    body = value.replace("\0", "").strip("\n")
    if not body.strip():
        raise ValueError("Écrivez quelque chose avant d’envoyer.")
    return body


MOST = 2**31 - 1
"""The greatest number a column holds."""

Body = Annotated[str, AfterValidator(_body)]
"""What was written; its size is judged by `entente.text`, where it is made safe."""


class NewPost(BaseModel):
    """What the answer form may send."""

    body: Body
    confirmed: Annotated[int, FormField(ge=0, le=MOST)] = 0
    """How many people the writer agreed to notify."""


class NewThread(NewPost):
    """What the form of a new thread may send."""

    title: Annotated[str, FormField(max_length=150), AfterValidator(_title)]
    kind: Kind = Kind.DISCUSSION


class EditedPost(NewPost):
    """What the edit form may send: the text, and the version it was written over."""

    version: Annotated[int, FormField(ge=1, le=MOST)]


class Reached(BaseModel):
    """How far a page has been read."""

    number: Annotated[int, FormField(ge=1, le=MOST)]
