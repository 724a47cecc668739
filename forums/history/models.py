"""What a post said, at each of its versions."""

from datetime import datetime
from uuid import UUID

from sqlmodel import Field, SQLModel

from entente.db import Moment


class Revision(SQLModel, table=True):
    """A post as someone wrote it; kept from its first correction on, the present text included."""

    __tablename__ = "post_revision"

    post_id: UUID = Field(foreign_key="post.id", primary_key=True)
    version: int = Field(primary_key=True)
    author_id: UUID = Field(foreign_key="person.id")
    """Who wrote it: the author, or the moderator who restored it."""
    body: str
    at: datetime = Field(sa_type=Moment)
