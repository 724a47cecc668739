"""Photos, documents and accessories of units."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint
from sqlmodel import Field, SQLModel

from entente.clock import now
from entente.db import Moment
from entente.ids import new_id

LONGEST_WORDS = 300


class UnitFile(SQLModel, table=True):
    """A photo or a document of a unit; its bytes never change."""

    __tablename__ = "unit_file"
    # A photo that says nothing to whoever does not see it is not kept.
    __table_args__ = (CheckConstraint("width = 0 OR words <> ''", name="unit_file_words"),)

    id: UUID = Field(default_factory=new_id, primary_key=True)
    unit_id: UUID = Field(foreign_key="unit.id", index=True)
    author_id: UUID = Field(foreign_key="person.id", index=True)
    name: str = Field(max_length=120)
    label: str = Field(max_length=40)
    """What it is, in French: told from its bytes."""
    media_type: str = Field(max_length=100)
    size: int
    kept: str = Field(max_length=60, unique=True)
    """The name of its bytes in the store; a photo's thumbnail lies beside it."""
    width: int = 0
    height: int = 0
    """Of a photo; a document has none."""
    words: str = Field(default="", max_length=LONGEST_WORDS)
    """What a photo shows, for whoever does not see it; what a document is, where its name does not say."""
    place: int = 0
    """Order on the page; the first photo stands for the unit elsewhere."""
    created_at: datetime = Field(default_factory=now, sa_type=Moment)
    removed_at: datetime | None = Field(default=None, sa_type=Moment)
    """Since when it shows nowhere; its bytes go a day later."""


class Accessory(SQLModel, table=True):
    """Something small that goes out with a unit and comes back with it: a harness, a key, a cable."""

    __table_args__ = (CheckConstraint("quantity >= 1", name="accessory_quantity"),)

    unit_id: UUID = Field(foreign_key="unit.id", primary_key=True)
    place: int = Field(primary_key=True)
    name: str = Field(max_length=120)
    quantity: int = 1
