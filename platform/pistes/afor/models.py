"""An AFOR grid: four lists about a piste as a whole, or about one of its activities."""

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
from entente.web.papers import printable

MOST_ACTIVITY = 120
MOST_LIST = 1_500
QUARTERS = {
    "strengths": "Avantages",
    "weaknesses": "Faiblesses",
    "opportunities": "Opportunités",
    "risks": "Risques",
}
WHOLE = "La piste dans son ensemble"


class Grid(SQLModel, table=True):
    """One grid; an activity has one, and so has the piste as a whole."""

    __tablename__ = "piste_afor"
    # Two who write the grid of one activity at once: the second is told.
    __table_args__ = (UniqueConstraint("piste_id", "key", name="piste_afor_once"),)

    id: UUID = Field(default_factory=new_id, primary_key=True)
    piste_id: UUID = Field(foreign_key="piste.id")
    activity: str = Field(default="", max_length=MOST_ACTIVITY)
    """Empty for the piste as a whole."""
    key: str = Field(default="", max_length=MOST_ACTIVITY)
    strengths: str = Field(default="", max_length=MOST_LIST)
    weaknesses: str = Field(default="", max_length=MOST_LIST)
    opportunities: str = Field(default="", max_length=MOST_LIST)
    risks: str = Field(default="", max_length=MOST_LIST)
    version: int = 1
    at: datetime = Field(default_factory=now, sa_type=Moment)
    person_id: UUID | None = Field(default=None, foreign_key="person.id")

    @property
    def about(self) -> str:
        """The activity, or the whole."""
        return self.activity or WHOLE

    @property
    def quarters(self) -> list[tuple[str, list[str]]]:
        """Each heading with what stands under it, one point a line."""
        return [(heading, points(getattr(self, name))) for name, heading in QUARTERS.items()]


def points(words: str) -> list[str]:
    """The lines that say something, without the dash they may begin with."""
    return [line.strip().removeprefix("- ") for line in words.splitlines() if line.strip()]


def _text(value: str) -> str:
    return printable(value).strip()


Points = Annotated[str, FormField(max_length=MOST_LIST), AfterValidator(_text)]


class GridForm(BaseModel):
    """A grid as its form sends it, with the version it was written over; 0 when there was none."""

    activity: Annotated[str, FormField(max_length=MOST_ACTIVITY), AfterValidator(clean_name)] = ""
    strengths: Points = ""
    weaknesses: Points = ""
    opportunities: Points = ""
    risks: Points = ""
    version: Annotated[int, FormField(ge=0, le=2**31 - 1)] = 0
