"""Who must agree, to whom each request was put, and who answers for someone who is away."""

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, text
from sqlmodel import Field, SQLModel

from entente.clock import now
from entente.db import Moment, Word
from entente.ids import new_id
from entente.people.models import FunctionKind

MOST_LEVELS = 2


class Said(StrEnum):
    """What became of a request that was put to someone."""

    APPROVED = "approved"
    REFUSED = "refused"
    LATE = "late"
    """Nobody answered before it was due."""
    DROPPED = "dropped"
    """The request changed meanwhile, and was put anew."""


class Level(SQLModel, table=True):
    """An agreement that a type asks for: of whoever holds a function in the owner's house, or of one person."""

    __tablename__ = "approval_level"
    __table_args__ = (
        CheckConstraint(f"number BETWEEN 1 AND {MOST_LEVELS}", name="approval_level_number"),
        CheckConstraint("(function IS NULL) <> (person_id IS NULL)", name="approval_level_whom"),
        CheckConstraint("minutes >= 60", name="approval_level_minutes"),
    )

    type_id: UUID = Field(foreign_key="resource_type.id", primary_key=True)
    number: int = Field(primary_key=True)
    function: FunctionKind | None = Field(default=None, sa_type=Word)
    person_id: UUID | None = Field(default=None, foreign_key="person.id")
    minutes: int
    """How long there is to answer."""
    late_id: UUID | None = Field(default=None, foreign_key="person.id")
    """Who is asked when it is late; without anybody, the next level is."""


class Step(SQLModel, table=True):
    """A request was put to someone, who has answered or not: written once, answered once."""

    __tablename__ = "approval_step"
    __table_args__ = (
        # Of one request, one question is open at a time.
        Index(
            "approval_open",
            "reservation_id",
            unique=True,
            sqlite_where=text("said IS NULL"),
            postgresql_where=text("said IS NULL"),
        ),
    )

    reservation_id: UUID = Field(foreign_key="reservation.id", primary_key=True)
    number: int = Field(primary_key=True)
    """Its place in the story of the reservation, from 1."""
    round: int
    """A request that changed begins another one."""
    level: int
    function: FunctionKind | None = Field(default=None, sa_type=Word)
    person_id: UUID | None = Field(default=None, foreign_key="person.id", index=True)
    asked_at: datetime = Field(default_factory=now, sa_type=Moment)
    due_at: datetime = Field(sa_type=Moment)
    said: Said | None = Field(default=None, sa_type=Word)
    answered_at: datetime | None = Field(default=None, sa_type=Moment)
    answered_by: UUID | None = Field(default=None, foreign_key="person.id", index=True)
    instead_of: UUID | None = Field(default=None, foreign_key="person.id")
    """Who was away."""


class Absence(SQLModel, table=True):
    """Someone is away, and another person answers meanwhile; `until` is the first day back."""

    __tablename__ = "approval_absence"
    __table_args__ = (
        CheckConstraint("until > since", name="approval_absence_dates"),
        CheckConstraint("person_id <> stand_in_id", name="approval_absence_people"),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    person_id: UUID = Field(foreign_key="person.id", index=True)
    stand_in_id: UUID = Field(foreign_key="person.id", index=True)
    since: date
    until: date
    created_at: datetime = Field(default_factory=now, sa_type=Moment)
    ended_at: datetime | None = Field(default=None, sa_type=Moment)
    """Taken back."""
