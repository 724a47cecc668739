"""Deferrals, those that last and those that are over."""

from datetime import date, datetime
from uuid import UUID

from pydantic import BaseModel
from sqlalchemy import Index, text
from sqlmodel import Field, SQLModel

from entente.clock import now
from entente.db import Moment
from entente.ids import new_id
from pistes.models import needed


class Deferral(SQLModel, table=True):
    """A piste is put off until a day, with the reason."""

    __tablename__ = "piste_deferral"
    __table_args__ = (
        # Two people who defer at once: the second is told.
        Index(
            "piste_deferral_standing",
            "piste_id",
            unique=True,
            sqlite_where=text("ended_at IS NULL"),
            postgresql_where=text("ended_at IS NULL"),
        ),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    piste_id: UUID = Field(foreign_key="piste.id", index=True)
    reason: str = Field(max_length=500)
    revisit_on: date
    at: datetime = Field(default_factory=now, sa_type=Moment)
    person_id: UUID | None = Field(default=None, foreign_key="person.id")
    ended_at: datetime | None = Field(default=None, sa_type=Moment)
    ended_by: UUID | None = Field(default=None, foreign_key="person.id")
    """None when it came back by itself."""


class DeferForm(BaseModel):
    """Why, and when it is looked at again."""

    reason: needed("Dites pourquoi cette piste est reportée.")  # type: ignore[valid-type]
    revisit_on: date
