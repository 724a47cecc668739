"""Protocols, one immutable version after the other, and the phases through which each piste came."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict
from pydantic import Field as FormField
from sqlalchemy import JSON, Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from entente.clock import now
from entente.db import Moment, Word
from entente.ids import new_id
from entente.people.models import BodyKind
from entente.text import clean_name
from pistes.models import Phase

GENERAL = "generale"
PHASES = (Phase.INITIALISATION, Phase.ETUDE, Phase.PROJET, Phase.MISE_EN_OEUVRE)
GATES = PHASES[1:]
"""The phases that one enters through a gate."""
LOCAL = "bloc_local"
ACTORS = (
    LOCAL,
    str(BodyKind.COTECH),
    str(BodyKind.COPIL),
    str(BodyKind.CONFERENCE_DES_MAIRES),
    str(BodyKind.CONSEIL_COMMUNAUTAIRE),
)
"""Who takes part, as the source's annex 3 names them."""
MOST_CELL = 600


class Protocol(BaseModel):
    """What each actor does in each phase, and who decides at each gate."""

    model_config = ConfigDict(frozen=True)

    title: Annotated[str, FormField(min_length=1, max_length=80)]
    cells: dict[str, dict[str, Annotated[str, FormField(max_length=MOST_CELL)]]] = {}
    """Phase → actor → words; what nobody wrote is not there."""
    gates: dict[Phase, BodyKind] = dict.fromkeys(GATES, BodyKind.COPIL)

    def cell(self, phase: str, actor: str) -> str:
        """What an actor does in a phase; nothing when nobody has written it."""
        return self.cells.get(phase, {}).get(actor, "")

    @property
    def is_empty(self) -> bool:
        """Whether nobody has written any cell."""
        return not any(words for actors in self.cells.values() for words in actors.values())


BUILT_IN = Protocol(title="Base générale")
"""The diagram of the source is lost: its cells are empty until somebody writes them."""


class ProtocolVersion(SQLModel, table=True):
    """One version of the protocol of one kind of piste: never changed, for passages refer to it."""

    __tablename__ = "piste_protocol"
    # Two who edit the same version at once: the second is told.
    __table_args__ = (UniqueConstraint("kind", "version", name="piste_protocol_version"),)

    id: UUID = Field(default_factory=new_id, primary_key=True)
    kind: str = Field(max_length=40)
    version: int = 1
    document: dict[str, Any] = Field(sa_type=JSON)
    at: datetime = Field(default_factory=now, sa_type=Moment)
    person_id: UUID | None = Field(default=None, foreign_key="person.id")

    @property
    def protocol(self) -> Protocol:
        """The document as a value."""
        return Protocol.model_validate(self.document)


class PisteKind(SQLModel, table=True):
    """Of which kind a piste is; those that are not here follow the general protocol."""

    __tablename__ = "piste_kind"

    piste_id: UUID = Field(foreign_key="piste.id", primary_key=True)
    kind: str = Field(max_length=40)


class Passage(SQLModel, table=True):
    """A piste came from one phase to another: through a gate with its decision, or otherwise with a reason."""

    __tablename__ = "piste_passage"
    __table_args__ = (Index("piste_passage_of", "piste_id", "at"),)

    id: UUID = Field(default_factory=new_id, primary_key=True)
    piste_id: UUID = Field(foreign_key="piste.id")
    before: Phase = Field(sa_type=Word)
    after: Phase = Field(sa_type=Word)
    decision_id: UUID | None = Field(default=None, foreign_key="piste_decision.id", unique=True)
    """Unique: a decision opens one gate, once."""
    protocol_id: UUID | None = Field(default=None, foreign_key="piste_protocol.id")
    """The version in force; none when it was the one that comes with the house."""
    reason: str = Field(default="", max_length=500)
    at: datetime = Field(default_factory=now, sa_type=Moment)
    person_id: UUID | None = Field(default=None, foreign_key="person.id")


def _name(value: str) -> str:
    name = clean_name(value)
    if not name:
        raise ValueError("Donnez un nom à cette nature de piste.")
    return name


class KindForm(BaseModel):
    """A kind of piste that has no protocol yet."""

    title: Annotated[str, FormField(max_length=80), AfterValidator(_name)]


class ChosenKind(BaseModel):
    """The kind of one piste."""

    kind: Annotated[str, FormField(max_length=40)]
