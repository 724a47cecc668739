"""The secret addresses at which someone follows the forums from outside."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index, text
from sqlmodel import Field, SQLModel

from entente.clock import now
from entente.db import Moment
from entente.ids import new_id


class AtomAddress(SQLModel, table=True):
    """A secret address: one forum, or all that its owner may read; only the hash of the secret is kept."""

    __tablename__ = "atom_address"
    # One living address per person and thing: renewing replaces it, and of two at once one is refused.
    __table_args__ = (
        Index("atom_address_forum", "person_id", "forum_id", unique=True),
        Index(
            "atom_address_all",
            "person_id",
            unique=True,
            postgresql_where=text("forum_id IS NULL"),
            sqlite_where=text("forum_id IS NULL"),
        ),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    hash: str = Field(max_length=64, unique=True)
    person_id: UUID = Field(foreign_key="person.id")
    forum_id: UUID | None = Field(default=None, foreign_key="forum.id")
    """None stands for every forum that this person may read."""
    created_at: datetime = Field(default_factory=now, sa_type=Moment)
