"""Decisions as they are kept, and what their form may send."""

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, BaseModel, BeforeValidator
from pydantic import Field as FormField
from sqlalchemy import CheckConstraint, UniqueConstraint
from sqlmodel import Field, SQLModel

from entente.clock import now
from entente.db import Moment, Word
from entente.ids import new_id
from entente.text import clean_name
from pistes.models import MaybeDay, MaybeId, Phase, needed

MOST_MOTIVE = 4_000
MOST_FILES = 6


class Outcome(StrEnum):
    """What a body says at a gate."""

    GO = "go"
    NO_GO = "no_go"
    HOLD = "hold"
    REWORK = "rework"


class DecisionYear(SQLModel, table=True):
    """The last number given in a year; its row lock is what keeps numbers without gap or double."""

    __tablename__ = "piste_decision_year"

    year: int = Field(primary_key=True)
    last: int = 0


class Decision(SQLModel, table=True):
    """What a body decided on a day: the database itself refuses that it be changed."""

    __tablename__ = "piste_decision"
    __table_args__ = (
        UniqueConstraint("year", "number", name="piste_decision_number"),
        CheckConstraint("(gate IS NULL) = (outcome IS NULL)", name="piste_decision_gate"),
        CheckConstraint("gate IS NULL OR piste_id IS NOT NULL", name="piste_decision_about"),
        CheckConstraint("review_on IS NULL OR review_on > decided_on", name="piste_decision_review"),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    year: int
    """That of the day on which it was decided."""
    number: int
    body_id: UUID = Field(foreign_key="body.id", index=True)
    decided_on: date
    title: str = Field(max_length=200)
    motive: str = Field(max_length=MOST_MOTIVE)
    piste_id: UUID | None = Field(default=None, foreign_key="piste.id", index=True)
    gate: Phase | None = Field(default=None, sa_type=Word)
    """The phase to which the gate leads; none when the decision is about something else."""
    outcome: Outcome | None = Field(default=None, sa_type=Word)
    review_on: date | None = None
    supersedes_id: UUID | None = Field(default=None, foreign_key="piste_decision.id", unique=True)
    """Unique: of two that replace the same one at once, the second is told."""
    seats: int
    """How many seats the body had on that day."""
    recorded_at: datetime = Field(default_factory=now, sa_type=Moment)
    recorded_by: UUID | None = Field(default=None, foreign_key="person.id")

    @property
    def code(self) -> str:
        """« D-2016-004 »."""
        return code_of(self.year, self.number)


def code_of(year: int, number: int) -> str:
    """How a decision is quoted."""
    return f"D-{year}-{number:03}"


class Attendance(SQLModel, table=True):
    """Who sat, for whom, with which mandate: as it was on that day, whatever becomes of the seat."""

    __tablename__ = "piste_attendance"
    __table_args__ = (UniqueConstraint("decision_id", "seat_id", name="piste_attendance_once"),)

    id: UUID = Field(default_factory=new_id, primary_key=True)
    decision_id: UUID = Field(foreign_key="piste_decision.id")
    seat_id: UUID = Field(foreign_key="seat.id")
    organisation_id: UUID = Field(foreign_key="organisation.id")
    person_id: UUID = Field(foreign_key="person.id")
    as_substitute: bool = False
    mandate: bool = False


class Sitter(SQLModel, table=True):
    """The name under which someone sat when decisions were taken, once they are forgotten everywhere else.

    Whoever takes part in a public decision signs it: the law keeps that name (RGPD, art. 17, §3, b and d).
    """

    __tablename__ = "piste_sitter"

    person_id: UUID = Field(foreign_key="person.id", primary_key=True)
    name: str = Field(max_length=161)


class DecisionFile(SQLModel, table=True):
    """A document that was before the body when it decided."""

    __tablename__ = "piste_decision_file"

    id: UUID = Field(default_factory=new_id, primary_key=True)
    decision_id: UUID = Field(foreign_key="piste_decision.id", index=True)
    name: str = Field(max_length=200)
    label: str = Field(max_length=60)
    media_type: str = Field(max_length=100)
    size: int
    kept: str = Field(max_length=80, unique=True)
    width: int = 0
    height: int = 0


def _title(value: str) -> str:
    title = clean_name(value)
    if not title:
        raise ValueError("Dites en une phrase ce qui est décidé.")
    return title


class DecisionForm(BaseModel):
    """A decision as its form sends it; who sat comes beside it, seat by seat."""

    body: UUID
    decided_on: date
    title: Annotated[str, FormField(max_length=200), AfterValidator(_title)]
    motive: needed("Écrivez le motif de la décision.", MOST_MOTIVE)  # type: ignore[valid-type]
    piste: MaybeId = None
    gate: Annotated[Phase | None, BeforeValidator(lambda value: value or None)] = None
    outcome: Annotated[Outcome | None, BeforeValidator(lambda value: value or None)] = None
    waits: bool = False
    """Whether a « go » is only recorded: the piste changes phase later."""
    review_on: MaybeDay = None
    supersedes: MaybeId = None
