"""The fiche-action of annex 4: the words that the evaluation does not give."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, BaseModel
from pydantic import Field as FormField
from sqlmodel import Field, SQLModel

from entente.clock import now
from entente.db import Moment
from entente.web.papers import printable
from pistes.models import Title

# Bounded so that a fiche holds on one page of paper.
MOST_LINE = 300
MOST_TEXT = 1_200
MOST_BLOCK = 500


class Fiche(SQLModel, table=True):
    """What is written of a piste that becomes an action; its contribution is read from the evaluation."""

    __tablename__ = "piste_fiche"

    piste_id: UUID = Field(foreign_key="piste.id", primary_key=True)
    """The key is the piste: of two who write its first fiche, the second is told."""
    title: str = Field(max_length=200)
    objective: str = Field(default="", max_length=MOST_LINE)
    description: str = Field(default="", max_length=MOST_TEXT)
    results: str = Field(default="", max_length=MOST_TEXT)
    """How the action is carried out and what is expected of it."""
    envelope: str = Field(default="", max_length=MOST_BLOCK)
    """The legal form that is thought of."""
    brakes: str = Field(default="", max_length=MOST_BLOCK)
    gains: str = Field(default="", max_length=MOST_BLOCK)
    keys: str = Field(default="", max_length=MOST_BLOCK)
    """What its success hangs on."""
    version: int = 1
    at: datetime = Field(default_factory=now, sa_type=Moment)
    person_id: UUID | None = Field(default=None, foreign_key="person.id")


def _text(value: str) -> str:
    return printable(value).strip()


Line = Annotated[str, FormField(max_length=MOST_LINE), AfterValidator(_text)]
Text = Annotated[str, FormField(max_length=MOST_TEXT), AfterValidator(_text)]
Block = Annotated[str, FormField(max_length=MOST_BLOCK), AfterValidator(_text)]


class FicheForm(BaseModel):
    """The words of a fiche, with the version they were written over; 0 when there was none."""

    title: Title
    objective: Line = ""
    description: Text = ""
    results: Text = ""
    envelope: Block = ""
    brakes: Block = ""
    gains: Block = ""
    keys: Block = ""
    version: Annotated[int, FormField(ge=0, le=2**31 - 1)] = 0
