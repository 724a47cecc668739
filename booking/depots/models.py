"""School holidays, as the ministry publishes them, zone by zone."""

from datetime import date
from enum import StrEnum

from sqlalchemy import CheckConstraint
from sqlmodel import Field, SQLModel

from entente.db import Word


class Zone(StrEnum):
    """Académies that have their school holidays together."""

    A = "A"
    B = "B"
    C = "C"


class SchoolHoliday(SQLModel, table=True):
    """Days without school in a zone; `until` is the first day of school again."""

    __tablename__ = "school_holiday"
    __table_args__ = (CheckConstraint("until > since", name="school_holiday_dates"),)

    zone: Zone = Field(sa_type=Word, primary_key=True)
    since: date = Field(primary_key=True)
    name: str = Field(primary_key=True, max_length=120)
    """« Vacances de Noël »."""
    until: date
