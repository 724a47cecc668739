"""What someone reported, and how it ended."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, BaseModel
from pydantic import Field as FormField
from sqlalchemy import Index, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from entente.clock import now
from entente.db import Moment, Word
from entente.ids import new_id
from entente.text import clean_name


class Ground(StrEnum):
    """Why a post is reported."""

    OFF_TOPIC = "off_topic"
    RUDE = "rude"
    PERSONAL = "personal"
    ADVERTISING = "advertising"
    WRONG = "wrong"
    OTHER = "other"


class Outcome(StrEnum):
    """How a report ended."""

    SETTLED = "settled"
    DISMISSED = "dismissed"


class Report(SQLModel, table=True):
    """A reader says that a post needs a moderator; once per person and post."""

    __tablename__ = "post_report"
    __table_args__ = (
        # Of two clicks at once, the constraint keeps one.
        UniqueConstraint("post_id", "person_id", name="post_report_once"),
        Index(
            "post_report_open",
            "forum_id",
            postgresql_where=text("settled_at IS NULL"),
            sqlite_where=text("settled_at IS NULL"),
        ),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    post_id: UUID = Field(foreign_key="post.id")
    forum_id: UUID = Field(foreign_key="forum.id")
    """Where the thread stands now: its moderators answer; a move takes it along."""
    person_id: UUID = Field(foreign_key="person.id")
    ground: Ground = Field(sa_type=Word)
    words: str = Field(default="", max_length=500)
    at: datetime = Field(default_factory=now, sa_type=Moment)
    settled_at: datetime | None = Field(default=None, sa_type=Moment)
    settled_by: UUID | None = Field(default=None, foreign_key="person.id")
    outcome: Outcome | None = Field(default=None, sa_type=Word)


class NewReport(BaseModel):
    """What the form that reports a post may send."""

    ground: Ground
    words: Annotated[str, FormField(max_length=500), AfterValidator(clean_name)] = ""
