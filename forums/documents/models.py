"""Documents of a forum and their versions, and what their forms may send."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, BaseModel
from pydantic import Field as FormField
from sqlalchemy import UniqueConstraint
from sqlmodel import Field, SQLModel

from entente.clock import now
from entente.db import Moment
from entente.ids import new_id
from entente.text import clean_name


class Document(SQLModel, table=True):
    """Something that the readers of a forum keep together, under one title, whatever its version."""

    __tablename__ = "forum_document"

    id: UUID = Field(default_factory=new_id, primary_key=True)
    forum_id: UUID = Field(foreign_key="forum.id", index=True)
    author_id: UUID = Field(foreign_key="person.id")
    title: str = Field(max_length=120)
    changed_at: datetime = Field(default_factory=now, sa_type=Moment)
    """When its last version came."""
    removed_at: datetime | None = Field(default=None, sa_type=Moment)


class Version(SQLModel, table=True):
    """A document as it was one day; its bytes never change."""

    __tablename__ = "forum_document_version"
    # Of two people who bring a version at the same moment, each has a number of their own.
    __table_args__ = (UniqueConstraint("document_id", "number"),)

    id: UUID = Field(default_factory=new_id, primary_key=True)
    document_id: UUID = Field(foreign_key="forum_document.id")
    number: int
    author_id: UUID = Field(foreign_key="person.id", index=True)
    changes: str = Field(default="", max_length=300)
    """What is new in it, in its author's words."""
    name: str = Field(max_length=120)
    label: str = Field(max_length=40)
    media_type: str = Field(max_length=100)
    size: int
    kept: str = Field(max_length=60, unique=True)
    width: int = 0
    height: int = 0
    created_at: datetime = Field(default_factory=now, sa_type=Moment)


class NewVersion(BaseModel):
    """What the form of a version may send beside its file."""

    changes: Annotated[str, AfterValidator(clean_name), FormField(max_length=300)] = ""


class NewDocument(NewVersion):
    """What the form of a document may send beside its file; without title, it bears the name of its file."""

    title: Annotated[str, AfterValidator(clean_name), FormField(max_length=120)] = ""
