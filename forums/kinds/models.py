"""The answer that settles a question, and who has taken note of an announcement."""

from datetime import datetime
from uuid import UUID

from sqlmodel import Field, SQLModel

from entente.clock import now
from entente.db import Moment


class AcceptedAnswer(SQLModel, table=True):
    """The answer that settles a question: one at a time, for the thread is the key."""

    __tablename__ = "accepted_answer"

    thread_id: UUID = Field(foreign_key="thread.id", primary_key=True)
    post_id: UUID = Field(foreign_key="post.id", unique=True)
    person_id: UUID = Field(foreign_key="person.id")
    """Who accepted it."""
    at: datetime = Field(default_factory=now, sa_type=Moment)


class Announcement(SQLModel, table=True):
    """What a thread asks its readers to take note of."""

    thread_id: UUID = Field(foreign_key="thread.id", primary_key=True)
    is_mandatory: bool = False
    due_at: datetime | None = Field(default=None, sa_type=Moment)
    """By when; those who are missing are reminded before."""


class Acknowledgement(SQLModel, table=True):
    """Someone has taken note of an announcement, once."""

    thread_id: UUID = Field(foreign_key="announcement.thread_id", primary_key=True)
    person_id: UUID = Field(foreign_key="person.id", primary_key=True, index=True)
    at: datetime = Field(default_factory=now, sa_type=Moment)
