"""Who is told of what, and why: refs alone, for what they name is asked again when it is shown."""

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import Index, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from entente.clock import now
from entente.db import Moment
from entente.ids import Ref, new_id

REASON_LENGTH = 200


class Notice(SQLModel, table=True):
    """Someone is told of something, once."""

    __table_args__ = (
        # One thing concerns someone once, whatever the number of reasons: the first stays.
        UniqueConstraint("person_id", "subject", name="notice_once"),
        Index("notice_of_person", "person_id", "at", "id"),
        Index("notice_subject", "subject"),
        Index("notice_about", "about", "person_id"),
        Index(
            "notice_unread", "person_id", sqlite_where=text("read_at IS NULL"), postgresql_where=text("read_at IS NULL")
        ),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    person_id: UUID = Field(foreign_key="person.id")
    verb: str = Field(max_length=40)
    subject: str = Field(max_length=120)
    about: str = Field(max_length=120)
    """What gathers notices on the page and in mails: the thread, for a message."""
    by_id: UUID | None = Field(default=None, foreign_key="person.id")
    reason: str = Field(max_length=REASON_LENGTH)
    """Why this person is told, in French."""
    at: datetime = Field(default_factory=now, sa_type=Moment)
    read_at: datetime | None = Field(default=None, sa_type=Moment)
    mailed_at: datetime | None = Field(default=None, sa_type=Moment)


class Postbag(SQLModel, table=True):
    """When someone was last written to, and the key that signs the links of their mails."""

    person_id: UUID = Field(foreign_key="person.id", primary_key=True)
    key: str = Field(max_length=64)
    mailed_at: datetime | None = Field(default=None, sa_type=Moment)
    digest_at: datetime | None = Field(default=None, sa_type=Moment)


class Silence(SQLModel, table=True):
    """Someone wants no more mail about something; they still read it here."""

    person_id: UUID = Field(foreign_key="person.id", primary_key=True)
    about: str = Field(max_length=120, primary_key=True)
    at: datetime = Field(default_factory=now, sa_type=Moment)


class News(NamedTuple):
    """Something that some people are to be told of."""

    verb: str
    subject: Ref
    """What happened: a message. One is told of it once."""
    about: Ref
    """In what: the thread."""
    by: UUID | None
    """Whoever did it, who knows already."""
