"""A ranking as it stood: one row that the database itself refuses to change."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, BaseModel
from pydantic import Field as FormField
from sqlalchemy import Text
from sqlmodel import Field, SQLModel

from entente.clock import now
from entente.db import Moment
from entente.ids import new_id
from entente.text import clean_name

MOST_TITLE = 120


class FrozenRanking(SQLModel, table=True):
    """Dated and signed; a trigger lets nobody change or remove it."""

    __tablename__ = "piste_ranking"

    id: UUID = Field(default_factory=new_id, primary_key=True)
    title: str = Field(max_length=MOST_TITLE)
    at: datetime = Field(default_factory=now, sa_type=Moment, index=True)
    person_id: UUID | None = Field(default=None, foreign_key="person.id")
    criteria_id: UUID = Field(foreign_key="piste_criteria.id")
    """The version of the criteria in force that day; what was varied from it stands in the content."""
    is_varied: bool = False
    """Whether criteria, thresholds or the tie rule were other than those in force."""
    row_count: int
    digest: str = Field(max_length=64)
    """SHA-256 of the content, in hexadecimal."""
    content: str = Field(sa_type=Text)
    """Criteria, tie rule and rows in canonical form: JSON (UTF-8, keys in order, no spaces)."""


def _title(value: str) -> str:
    title = clean_name(value)
    if not title:
        raise ValueError("Donnez un titre à ce classement.")
    return title


class FreezeForm(BaseModel):
    """The title under which a ranking is kept."""

    title: Annotated[str, FormField(max_length=MOST_TITLE), AfterValidator(_title)]
