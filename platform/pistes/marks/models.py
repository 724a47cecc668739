"""The marks of pistes: the base one and the override stand side by side, and nothing is rubbed out."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel
from pydantic import Field as FormField
from sqlalchemy import CheckConstraint, Index, text
from sqlmodel import Field, SQLModel

from entente.clock import now
from entente.db import Moment, Word
from entente.ids import new_id


class Origin(StrEnum):
    """Where a mark comes from."""

    IMPORTED = "imported"
    COMPUTED = "computed"
    OVERRIDDEN = "overridden"


class Mark(SQLModel, table=True):
    """What a piste is worth for one criterion, until another mark takes its place.

    At most two stand at once per criterion: a base (imported or computed) and an override, which is then retained.
    """

    __tablename__ = "piste_mark"
    __table_args__ = (
        CheckConstraint("is_override = (origin = 'overridden')", name="piste_mark_origin"),
        CheckConstraint("NOT is_override OR reason <> ''", name="piste_mark_reason"),
        # Whoever marks at the same moment as another meets this, and is told.
        Index(
            "piste_mark_standing",
            "piste_id",
            "family",
            "criterion",
            "is_override",
            unique=True,
            sqlite_where=text("replaced_at IS NULL"),
            postgresql_where=text("replaced_at IS NULL"),
        ),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    piste_id: UUID = Field(foreign_key="piste.id", index=True)
    family: str = Field(max_length=60)
    """The set of criteria; the mark stays when the set gets a new version."""
    criterion: str = Field(max_length=40)
    level: int
    origin: Origin = Field(sa_type=Word)
    is_override: bool = False
    reason: str = Field(default="", max_length=500)
    criteria_id: UUID = Field(foreign_key="piste_criteria.id")
    """The version under which it was given."""
    at: datetime = Field(default_factory=now, sa_type=Moment)
    person_id: UUID | None = Field(default=None, foreign_key="person.id")
    replaced_at: datetime | None = Field(default=None, sa_type=Moment)


class MarkForm(BaseModel):
    """The override of one criterion: a level and why, or nothing to let the base mark stand again."""

    criterion: Annotated[str, FormField(max_length=40)]
    level: Annotated[str, FormField(max_length=4)] = ""
    reason: Annotated[str, FormField(max_length=500)] = ""
