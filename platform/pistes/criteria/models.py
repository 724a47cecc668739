"""A set of criteria: one immutable document per version."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, model_validator
from pydantic import Field as FormField
from sqlalchemy import JSON, UniqueConstraint
from sqlmodel import Field, SQLModel

from entente.clock import now
from entente.db import Moment
from entente.ids import new_id

Slug = Annotated[str, FormField(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
MOST_LEVELS = 12


class Direction(StrEnum):
    """Which end of a scale is the best."""

    LOW = "low"
    """1 is best."""
    HIGH = "high"
    """More is better."""


class Frozen(BaseModel):
    """A value: nothing in it changes."""

    model_config = ConfigDict(frozen=True)


class Level(Frozen):
    """One step of a scale; a level that nobody has named has no label."""

    value: Annotated[int, FormField(ge=0, le=99)]
    label: Annotated[str, FormField(max_length=60)] = ""
    sign: Annotated[str, FormField(max_length=6)] = ""
    """How the figure is printed when it is not the figure itself, as « 4+ »."""
    retained: bool = True

    @property
    def figure(self) -> str:
        """What stands in a table."""
        return self.sign or str(self.value)

    @property
    def words(self) -> str:
        """« Modéré », or « niveau 4 » as long as nobody has named it."""
        return self.label or f"niveau\u00a0{self.figure}"


class Criterion(Frozen):
    """What is judged, on which scale, and which end is the best."""

    key: Slug
    name: Annotated[str, FormField(min_length=1, max_length=80)]
    definition: Annotated[str, FormField(max_length=500)] = ""
    direction: Direction = Direction.LOW
    levels: Annotated[tuple[Level, ...], FormField(min_length=2, max_length=MOST_LEVELS)]

    @model_validator(mode="after")
    def _is_ordered(self) -> "Criterion":
        values = [level.value for level in self.levels]
        if values != sorted(set(values)):
            raise ValueError("Les niveaux d’un critère vont en croissant, sans se répéter.")
        return self

    def level(self, value: int) -> Level | None:
        """The level of that value, if it is on the scale."""
        return next((level for level in self.levels if level.value == value), None)

    def worth(self, value: int) -> int:
        """The less, the better, whatever the direction."""
        return value if self.direction is Direction.LOW else -value

    @property
    def scale(self) -> str:
        """« 1 à 4 »."""
        return f"{self.levels[0].figure} à {self.levels[-1].figure}"


class Forbidden(Frozen):
    """Levels that together set a piste aside, though each alone is retained."""

    levels: dict[Slug, int]


class Criteria(Frozen):
    """A whole set, in the order in which it ranks."""

    title: Annotated[str, FormField(min_length=1, max_length=120)]
    source: Annotated[str, FormField(max_length=300)] = ""
    criteria: Annotated[tuple[Criterion, ...], FormField(min_length=1, max_length=8)]
    forbidden: tuple[Forbidden, ...] = ()

    @model_validator(mode="after")
    def _agrees(self) -> "Criteria":
        keys = [each.key for each in self.criteria]
        if len(set(keys)) != len(keys):
            raise ValueError("Deux critères portent le même nom court.")
        for combination in self.forbidden:
            for key, value in combination.levels.items():
                if key not in keys or self[key].level(value) is None:
                    raise ValueError("Une combinaison exclue nomme un critère ou un niveau qui n’existe pas.")
        return self

    def __getitem__(self, key: str) -> Criterion:
        """The criterion of that key."""
        return next(each for each in self.criteria if each.key == key)

    def get(self, key: str) -> Criterion | None:
        """The criterion of that key, if the set has one."""
        return next((each for each in self.criteria if each.key == key), None)

    @property
    def keys(self) -> tuple[str, ...]:
        """The short names, in the order in which they rank."""
        return tuple(each.key for each in self.criteria)


class CriteriaSet(SQLModel, table=True):
    """One version of a set of criteria: never changed, for marks and rankings refer to it."""

    __tablename__ = "piste_criteria"
    __table_args__ = (UniqueConstraint("family", "version"),)

    id: UUID = Field(default_factory=new_id, primary_key=True)
    family: str = Field(max_length=60)
    """The same for every version of one set."""
    version: int = 1
    document: dict[str, Any] = Field(sa_type=JSON)
    at: datetime = Field(default_factory=now, sa_type=Moment)
    person_id: UUID | None = Field(default=None, foreign_key="person.id")

    @property
    def criteria(self) -> Criteria:
        """The document as a value."""
        return Criteria.model_validate(self.document)
