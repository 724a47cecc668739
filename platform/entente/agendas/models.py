"""Subscriptions to calendars, and what the form about them may send."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, BaseModel
from pydantic import Field as FormField
from sqlmodel import Field, SQLModel

from entente.clock import now
from entente.db import Moment, Word
from entente.ids import new_id
from entente.text import clean_name


class Detail(StrEnum):
    """How much of each event an address gives away."""

    FULL = "full"
    TITLE = "title"
    BUSY = "busy"


class Subscription(SQLModel, table=True):
    """A secret address for one person and one device; only its hash is kept."""

    id: UUID = Field(default_factory=new_id, primary_key=True)
    hash: str = Field(max_length=64, unique=True)
    person_id: UUID = Field(foreign_key="person.id", index=True)
    kind: str = Field(max_length=40)
    """Of which calendar, as its room calls it."""
    subject_id: UUID | None = None
    """Of which thing, when there is one calendar for each."""
    detail: Detail = Field(default=Detail.FULL, sa_type=Word)
    label: str = Field(max_length=80)
    created_at: datetime = Field(default_factory=now, sa_type=Moment)
    fetched_at: datetime | None = Field(default=None, sa_type=Moment)
    client: str = Field(default="", max_length=80)
    revoked_at: datetime | None = Field(default=None, sa_type=Moment)


def _label(value: str) -> str:
    label = clean_name(value)
    if not label:
        raise ValueError("Dites pour quel appareil\u00a0: vous saurez lequel révoquer.")
    return label


class NewSubscription(BaseModel):
    """What the form may send: `calendar` is a kind, and the id of a thing when it has one (`kind:id`)."""

    calendar: Annotated[str, FormField(max_length=120)]
    detail: Detail = Detail.FULL
    label: Annotated[str, FormField(max_length=80), AfterValidator(_label)]

    @property
    def kind(self) -> str:
        """Which calendar."""
        return self.calendar.partition(":")[0]

    @property
    def subject_id(self) -> UUID | None:
        """Of which thing; what is not an id is nothing."""
        try:
            return UUID(self.calendar.partition(":")[2])
        except ValueError:
            return None
