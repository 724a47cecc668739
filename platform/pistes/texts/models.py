"""Sentences of a report, with the share that each one claims."""

from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint
from sqlmodel import Field, SQLModel

from entente.db import Word
from entente.ids import new_id


class Comparison(StrEnum):
    """What a sentence says of a share."""

    MORE = "more"
    LESS = "less"


class Claim(SQLModel, table=True):
    """« Plus d’un tiers des pistes est de 1re priorité »: a criterion, a level, and a bound."""

    __tablename__ = "piste_claim"
    __table_args__ = (CheckConstraint("denominator > 0", name="piste_claim_bound"),)

    id: UUID = Field(default_factory=new_id, primary_key=True)
    words: str = Field(max_length=300)
    source: str = Field(default="", max_length=200)
    criterion: str = Field(max_length=40)
    level: int
    comparison: Comparison = Field(sa_type=Word)
    numerator: int
    denominator: int
    place: int = 0
