"""A règlement, its versions, and who accepted which."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, text
from sqlmodel import Field, SQLModel

from entente.clock import now
from entente.db import Moment
from entente.ids import new_id

MOST_NEWS = 300


class Regulation(SQLModel, table=True):
    """What an owner asks of whoever borrows its units of a type, or one of them: that of the unit goes first."""

    __table_args__ = (
        Index(
            "regulation_of_type",
            "owner_id",
            "type_id",
            unique=True,
            sqlite_where=text("unit_id IS NULL"),
            postgresql_where=text("unit_id IS NULL"),
        ),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    owner_id: UUID = Field(foreign_key="organisation.id")
    type_id: UUID = Field(foreign_key="resource_type.id", index=True)
    unit_id: UUID | None = Field(default=None, foreign_key="unit.id", unique=True)
    current: int = 0
    """The number of its latest version: whoever publishes takes this row first."""


class Wording(SQLModel, table=True):
    """A version of a règlement, as it was published: never changed; an empty one says that nothing is asked."""

    __tablename__ = "regulation_wording"
    __table_args__ = (CheckConstraint("number >= 1", name="regulation_wording_number"),)

    regulation_id: UUID = Field(foreign_key="regulation.id", primary_key=True)
    number: int = Field(primary_key=True)
    body: str
    """Markdown."""
    news: str = Field(default="", max_length=MOST_NEWS)
    """What this version changes, in a sentence."""
    author_id: UUID = Field(foreign_key="person.id")
    at: datetime = Field(default_factory=now, sa_type=Moment)


class Acceptance(SQLModel, table=True):
    """Someone has accepted a version: written once, never changed."""

    __tablename__ = "regulation_acceptance"
    __table_args__ = (
        ForeignKeyConstraint(
            ["regulation_id", "number"],
            ["regulation_wording.regulation_id", "regulation_wording.number"],
            name="acceptance_wording",
        ),
    )

    person_id: UUID = Field(foreign_key="person.id", primary_key=True)
    regulation_id: UUID = Field(primary_key=True, index=True)
    number: int = Field(primary_key=True)
    at: datetime = Field(default_factory=now, sa_type=Moment)
