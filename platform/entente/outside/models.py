"""Outside agendas of a person, and the times they fill."""

from datetime import datetime
from typing import Annotated, Any
from urllib.parse import urlsplit
from uuid import UUID

from pydantic import AfterValidator, BaseModel, BeforeValidator
from pydantic import Field as FormField
from sqlalchemy import JSON, Index
from sqlmodel import Field, SQLModel

from entente.clock import now
from entente.db import Moment
from entente.ids import new_id
from entente.outside.rules import whole_address
from entente.text import clean_name

HUES = ((210, "Bleu"), (160, "Vert"), (45, "Orange"), (330, "Rose"), (290, "Violet"), (15, "Rouge"))
"""Colours to choose from, each with its name: it never speaks alone."""


class OutsideSource(SQLModel, table=True):
    """An agenda that a person keeps elsewhere: an address that is asked again and again, or a file read once."""

    __tablename__ = "outside_source"

    id: UUID = Field(default_factory=new_id, primary_key=True)
    person_id: UUID = Field(foreign_key="person.id", index=True)
    title: str = Field(max_length=80)
    hue: int = Field(default=210, ge=0, lt=360)
    address: str = Field(default="", max_length=2_000)
    """As it is asked for, secret included; nothing for a file."""
    created_at: datetime = Field(default_factory=now, sa_type=Moment)
    due_at: datetime | None = Field(default=None, sa_type=Moment, index=True)
    """When it is asked for again; none for a file."""
    is_awaited: bool = False
    """Whether someone looks forward to the next reading."""
    succeeded_at: datetime | None = Field(default=None, sa_type=Moment)
    """When its server last answered well, changed or not."""
    read_at: datetime | None = Field(default=None, sa_type=Moment)
    """When its content was last read."""
    etag: str = Field(default="", max_length=200)
    modified: str = Field(default="", max_length=200)
    digest: str = Field(default="", max_length=64)
    """Of the content that was last read."""
    failures: int = 0
    error: str = Field(default="", max_length=300)
    kept: int = 0
    skipped: dict[str, Any] = Field(default_factory=dict, sa_type=JSON)
    """How many events could not be used, for each reason."""

    @property
    def host(self) -> str:
        """Where it is asked for: all of its address that may be shown, for the rest is a secret."""
        return urlsplit(self.address).hostname or ""

    @property
    def skipped_count(self) -> int:
        """How many events could not be used."""
        return sum(self.skipped.values())


class OutsideEvent(SQLModel, table=True):
    """A time that an outside agenda fills; `ends` is the first moment after it."""

    __tablename__ = "outside_event"
    __table_args__ = (Index("outside_event_when", "person_id", "begins"),)

    id: UUID = Field(default_factory=new_id, primary_key=True)
    source_id: UUID = Field(foreign_key="outside_source.id", index=True, ondelete="CASCADE")
    person_id: UUID = Field(foreign_key="person.id")
    """Whose it is, so that a question about forty people asks one table."""
    uid: str = Field(max_length=255)
    recurrence: str = Field(max_length=20)
    begins: datetime = Field(sa_type=Moment)
    ends: datetime = Field(sa_type=Moment)
    all_day: bool = False
    """Whether it is whole days, from midnight to midnight in Paris."""
    title: str = Field(max_length=200)
    is_busy: bool = True


def _title(value: str) -> str:
    title = clean_name(value)
    if not title:
        raise ValueError("Donnez un nom à cet agenda, par exemple «\u00a0Travail\u00a0».")
    return title


def _hue(value: Any) -> Any:
    if str(value) not in {str(hue) for hue, _ in HUES}:
        raise ValueError("Choisissez une couleur dans la liste.")
    return value


Title = Annotated[str, FormField(max_length=80), AfterValidator(_title)]
Hue = Annotated[int, BeforeValidator(_hue)]


class EditedSource(BaseModel):
    """What the form about an outside agenda may change."""

    title: Title
    hue: Hue = 210


class NewAddress(BaseModel):
    """What the form that follows an address may send; its errors come in the order of its fields."""

    address: Annotated[str, AfterValidator(whole_address)]
    title: Title
    hue: Hue = 210
