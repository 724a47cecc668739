"""What is stored of a piste, and what its forms may send."""

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated, Any
from uuid import UUID

from pydantic import AfterValidator, BaseModel, BeforeValidator
from pydantic import Field as FormField
from sqlalchemy import JSON, Index
from sqlmodel import Field, SQLModel

from entente.clock import now
from entente.db import Moment, Word
from entente.ids import new_id
from entente.text import clean_name

MOST_TITLE = 200
MOST_SUMMARY = 4_000


class Phase(StrEnum):
    """How far a piste has come in the protocol of §3.2.2."""

    EXPRIMEE = "exprimee"
    INITIALISATION = "initialisation"
    ETUDE = "etude"
    PROJET = "projet"
    MISE_EN_OEUVRE = "mise_en_oeuvre"
    ARRETEE = "arretee"


class TieRule(StrEnum):
    """What decides between pistes of the same level."""

    TREE = "tree"
    DATE = "date"
    MANUAL = "manual"


class Register(SQLModel, table=True):
    """The one row that says by what the register is ranked; its lock orders those who change the tree."""

    __tablename__ = "piste_register"

    id: int = Field(default=1, primary_key=True)
    criteria_id: UUID = Field(foreign_key="piste_criteria.id")
    """The version of the set of criteria in force."""
    tie_rule: TieRule = Field(default=TieRule.TREE, sa_type=Word)
    tie_reason: str = Field(default="", max_length=300)
    """Why the order is by hand; empty for the other rules."""


class Piste(SQLModel, table=True):
    """An idea of pooling, whatever the number of places where it stands in the tree."""

    __tablename__ = "piste"

    id: UUID = Field(default_factory=new_id, primary_key=True)
    code: str = Field(max_length=12, unique=True)
    title: str = Field(max_length=MOST_TITLE)
    key: str = Field(max_length=MOST_TITLE, unique=True)
    """The title as `words.key_of` folds it: two spellings of one title are one piste, whoever races."""
    summary: str = Field(default="", max_length=MOST_SUMMARY)
    phase: Phase = Field(default=Phase.EXPRIMEE, sa_type=Word)
    expressed_on: date | None = None
    created_at: datetime = Field(default_factory=now, sa_type=Moment)
    created_by: UUID | None = Field(default=None, foreign_key="person.id")
    version: int = 1
    """Grows with every edit of its words: whoever wrote over an older one is told."""


class Change(SQLModel, table=True):
    """One line of the story of a piste, kept for ever."""

    __tablename__ = "piste_change"
    __table_args__ = (Index("piste_change_of", "piste_id", "at"),)

    id: UUID = Field(default_factory=new_id, primary_key=True)
    piste_id: UUID = Field(foreign_key="piste.id")
    verb: str = Field(max_length=40)
    at: datetime = Field(default_factory=now, sa_type=Moment)
    person_id: UUID | None = Field(default=None, foreign_key="person.id")
    detail: dict[str, Any] = Field(default_factory=dict, sa_type=JSON)


def _title(value: str) -> str:
    title = clean_name(value)
    if not title:
        raise ValueError("Donnez un intitulé à cette piste.")
    return title


def _text(value: str) -> str:
    return value.replace("\0", "").strip()


def _maybe(value: object) -> object:
    return value or None


Title = Annotated[str, FormField(max_length=MOST_TITLE), AfterValidator(_title)]
Text = Annotated[str, FormField(max_length=MOST_SUMMARY), AfterValidator(_text)]
MaybeDay = Annotated[date | None, BeforeValidator(_maybe)]
MaybeId = Annotated[UUID | None, BeforeValidator(_maybe)]


def needed(sentence: str, most: int = 500) -> Any:
    """A text that must be written, with what to say when it is not."""

    def given(value: str) -> str:
        text = _text(value)
        if not text:
            raise ValueError(sentence)
        return text

    return Annotated[str, FormField(max_length=most), AfterValidator(given)]


class PisteForm(BaseModel):
    """The words of a piste, as its form sends them."""

    title: Title
    summary: Text = ""
    expressed_on: MaybeDay = None


class EditedPiste(PisteForm):
    """The same, with the version they were written over."""

    version: Annotated[int, FormField(ge=1, le=2**31 - 1)]


class NewPiste(PisteForm):
    """A piste that is not there yet, with where it stands and who proposes it."""

    declinaison: UUID
    commune: MaybeId = None


class MovedPhase(BaseModel):
    """The phase a piste comes to, and why."""

    phase: Phase
    reason: Annotated[str, FormField(max_length=500), AfterValidator(_text)] = ""
    seen: Annotated[Phase | None, BeforeValidator(_maybe)] = None
    """The phase it was in on the page from which this comes: whoever is late is told."""


class TieForm(BaseModel):
    """What decides between equals, and why when it is an order by hand."""

    rule: TieRule
    reason: Annotated[str, FormField(max_length=300), AfterValidator(_text)] = ""
