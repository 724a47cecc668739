"""What a unit must pass from time to time, what its hour meter says, and each inspection that was done."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint
from sqlmodel import Field, SQLModel

from entente.clock import now
from entente.db import Moment
from entente.ids import new_id


class Inspection(SQLModel, table=True):
    """Something that falls due again and again: past its date, or past its hours, the unit is not lent."""

    __tablename__ = "unit_inspection"
    __table_args__ = (
        CheckConstraint("due_on IS NOT NULL OR due_hours IS NOT NULL", name="unit_inspection_due"),
        CheckConstraint("every_months IS NULL OR every_months >= 1", name="unit_inspection_months"),
        CheckConstraint("every_hours IS NULL OR every_hours >= 1", name="unit_inspection_hours"),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    unit_id: UUID = Field(foreign_key="unit.id", index=True)
    name: str = Field(max_length=120)
    """« Vérification générale périodique »."""
    every_months: int | None = None
    every_hours: int | None = None
    """In tenths of an hour, as everything read on a meter."""
    due_on: date | None = Field(default=None, index=True)
    """The last day on which it is still in time."""
    due_hours: int | None = None
    ended_at: datetime | None = Field(default=None, sa_type=Moment)


class Passed(SQLModel, table=True):
    """An inspection that was done: written once, never changed."""

    __tablename__ = "unit_inspection_passed"

    id: UUID = Field(default_factory=new_id, primary_key=True)
    inspection_id: UUID = Field(foreign_key="unit_inspection.id", index=True)
    done_on: date
    hours: int | None = None
    next_on: date | None = None
    next_hours: int | None = None
    reference: str = Field(default="", max_length=120)
    """Of the report: its number, or where it is kept."""
    person_id: UUID | None = Field(default=None, foreign_key="person.id")
    at: datetime = Field(default_factory=now, sa_type=Moment)


class MeterReading(SQLModel, table=True):
    """What the hour meter of a unit said on a day: it never goes back."""

    __tablename__ = "meter_reading"
    __table_args__ = (CheckConstraint("hours >= 0", name="meter_reading_hours"),)

    id: UUID = Field(default_factory=new_id, primary_key=True)
    unit_id: UUID = Field(foreign_key="unit.id", index=True)
    read_on: date
    hours: int
    """In tenths of an hour."""
    person_id: UUID | None = Field(default=None, foreign_key="person.id")
    at: datetime = Field(default_factory=now, sa_type=Moment)
