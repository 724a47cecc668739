"""A round of evaluation: its pistes, its voices, and the marks that each voice gives."""

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, BaseModel, BeforeValidator
from pydantic import Field as FormField
from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from entente.clock import now
from entente.db import Moment, Word
from entente.ids import new_id
from entente.text import clean_name
from pistes.models import MaybeDay, needed

MOST_TITLE = 120


class VoiceOf(StrEnum):
    """Who has one voice in a round."""

    COMMUNE = "commune"
    PERSON = "person"


class Middle(StrEnum):
    """Which of the two marks in the middle is the median, when they are even in number."""

    LOW = "low"
    HIGH = "high"


class Round(SQLModel, table=True):
    """One blind round; its row lock orders the closing and whoever is still answering."""

    __tablename__ = "piste_round"
    __table_args__ = (CheckConstraint("after_id IS NULL OR after_id <> id", name="piste_round_after"),)

    id: UUID = Field(default_factory=new_id, primary_key=True)
    title: str = Field(max_length=MOST_TITLE)
    body_id: UUID = Field(foreign_key="body.id", index=True)
    """The technical committee that evaluates."""
    criteria_id: UUID = Field(foreign_key="piste_criteria.id")
    voice_of: VoiceOf = Field(sa_type=Word)
    middle: Middle = Field(default=Middle.LOW, sa_type=Word)
    after_id: UUID | None = Field(default=None, foreign_key="piste_round.id", unique=True)
    """The closed round whose spread its voices have seen; two who open a second round at once meet the constraint."""
    due_on: date | None = None
    opened_at: datetime = Field(default_factory=now, sa_type=Moment)
    opened_by: UUID | None = Field(default=None, foreign_key="person.id")
    closed_at: datetime | None = Field(default=None, sa_type=Moment)
    closed_by: UUID | None = Field(default=None, foreign_key="person.id")

    @property
    def is_open(self) -> bool:
        """Whether voices may still answer."""
        return self.closed_at is None


class Entry(SQLModel, table=True):
    """A piste is evaluated in a round, in this order."""

    __tablename__ = "piste_round_entry"

    round_id: UUID = Field(foreign_key="piste_round.id", primary_key=True)
    piste_id: UUID = Field(foreign_key="piste.id", primary_key=True, index=True)
    place: int


class Voice(SQLModel, table=True):
    """Whoever is heard in a round, once: settled on the day it opens, so that later members do not move it."""

    __tablename__ = "piste_round_voice"
    __table_args__ = (
        CheckConstraint("(organisation_id IS NULL) <> (person_id IS NULL)", name="piste_round_voice_one"),
        UniqueConstraint("id", "round_id"),
        Index("piste_round_voice_commune", "round_id", "organisation_id", unique=True),
        Index("piste_round_voice_person", "round_id", "person_id", unique=True),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    round_id: UUID = Field(foreign_key="piste_round.id")
    organisation_id: UUID | None = Field(default=None, foreign_key="organisation.id")
    person_id: UUID | None = Field(default=None, foreign_key="person.id")
    done_at: datetime | None = Field(default=None, sa_type=Moment)
    """When the last of its marks was given; none while one lacks."""
    reminded_at: datetime | None = Field(default=None, sa_type=Moment)


class Given(SQLModel, table=True):
    """What one voice gives one piste for one criterion: the key lets it be said once per round."""

    __tablename__ = "piste_round_mark"
    __table_args__ = (
        ForeignKeyConstraint(["round_id", "piste_id"], ["piste_round_entry.round_id", "piste_round_entry.piste_id"]),
        ForeignKeyConstraint(["voice_id", "round_id"], ["piste_round_voice.id", "piste_round_voice.round_id"]),
    )

    round_id: UUID = Field(primary_key=True)
    piste_id: UUID = Field(primary_key=True)
    criterion: str = Field(max_length=40, primary_key=True)
    voice_id: UUID = Field(primary_key=True, index=True)
    level: int
    at: datetime = Field(default_factory=now, sa_type=Moment)
    person_id: UUID | None = Field(default=None, foreign_key="person.id")
    """Who gave it for the commune."""


def _title(value: str) -> str:
    title = clean_name(value)
    if not title:
        raise ValueError("Donnez un titre à ce tour.")
    return title


def _listed(value: object) -> object:
    # One ticked box comes alone, none does not come at all.
    return value if isinstance(value, list) else [value] if value else []


class NewRound(BaseModel):
    """What opens a round: its pistes by the part of the register they stand in, or ticked one by one."""

    title: Annotated[str, FormField(max_length=MOST_TITLE), AfterValidator(_title)]
    criteria: UUID
    voice_of: VoiceOf = VoiceOf.COMMUNE
    middle: Middle = Middle.LOW
    due_on: MaybeDay = None
    part: Annotated[str, FormField(max_length=40)] = ""
    """The id of an objectif or a declinaison; `missing` for the pistes that lack a mark; empty for all."""
    piste: Annotated[list[UUID], BeforeValidator(_listed)] = []


class RetainedForm(BaseModel):
    """Another level than the computed one, and why."""

    piste: UUID
    criterion: Annotated[str, FormField(max_length=40)]
    level: int
    reason: needed("Dites pourquoi vous retenez une autre note.")  # type: ignore[valid-type]
