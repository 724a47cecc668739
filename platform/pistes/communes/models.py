"""Dated positions of communes, and the carriers that the source does not name to the end."""

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from pydantic import BaseModel
from sqlalchemy import Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from entente.clock import now
from entente.db import Moment, Word
from entente.ids import new_id


class Stance(StrEnum):
    """How a commune stands on a piste."""

    PROPOSES = "proposes"
    INTERESTED = "interested"
    TAKES_PART = "takes_part"
    WITHDRAWN = "withdrawn"


class Position(SQLModel, table=True):
    """From when a commune stands how on a piste; the latest one on a day is what holds that day."""

    __tablename__ = "piste_position"
    __table_args__ = (Index("piste_position_of", "piste_id", "organisation_id", "since"),)

    id: UUID = Field(default_factory=new_id, primary_key=True)
    piste_id: UUID = Field(foreign_key="piste.id")
    organisation_id: UUID = Field(foreign_key="organisation.id", index=True)
    stance: Stance = Field(sa_type=Word)
    since: date
    at: datetime = Field(default_factory=now, sa_type=Moment)
    person_id: UUID | None = Field(default=None, foreign_key="person.id")


class Unresolved(SQLModel, table=True):
    """A carrier that the source cuts short (« S... »): somebody says who it is, nobody guesses."""

    __tablename__ = "piste_unresolved"
    __table_args__ = (UniqueConstraint("piste_id", "words"),)

    id: UUID = Field(default_factory=new_id, primary_key=True)
    piste_id: UUID = Field(foreign_key="piste.id")
    words: str = Field(max_length=120)
    note: str = Field(default="", max_length=500)
    at: datetime = Field(default_factory=now, sa_type=Moment)
    resolved_at: datetime | None = Field(default=None, sa_type=Moment)
    resolved_by: UUID | None = Field(default=None, foreign_key="person.id")
    organisation_id: UUID | None = Field(default=None, foreign_key="organisation.id")
    """Who it was; none when it was nobody."""


class PositionForm(BaseModel):
    """Where a commune stands from now on."""

    commune: UUID
    stance: Stance
