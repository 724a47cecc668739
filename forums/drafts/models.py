"""Drafts, the sheets on which they are written, and the desk that shows one."""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Annotated, NamedTuple, Self
from uuid import UUID, uuid5

from markupsafe import Markup
from pydantic import AfterValidator, BaseModel, BeforeValidator
from sqlalchemy import Index
from sqlmodel import Field, SQLModel

from entente.clock import now
from entente.db import Moment, Word
from entente.ids import new_id

MOST_BYTES = 100_000
"""Of one draft: more than a post may hold, so that a text too long to be posted is not lost."""
MOST_TURNS = 2**31 - 2


class About(StrEnum):
    """What is being written."""

    ANSWER = "answer"
    THREAD = "thread"
    EDIT = "edit"


class Draft(SQLModel, table=True):
    """A text one has begun, written by one window; once posted or discarded, only its name remains.

    The name that remains is what keeps a save that comes late, or twice, from bringing the text back.
    """

    __table_args__ = (Index("draft_place", "person_id", "about", "place_id"),)

    # The id is chosen by the window that writes: with the person in the key, nobody can meet another's.
    person_id: UUID = Field(foreign_key="person.id", primary_key=True)
    id: UUID = Field(primary_key=True)
    about: About = Field(sa_type=Word)
    place_id: UUID
    """The thread that is answered, the forum where one is opened, or the post that is corrected."""
    turn: int
    """The last word of its window: turns only grow, and an older one says nothing new."""
    title: str = ""
    body: str = ""
    saved_at: datetime = Field(default_factory=now, sa_type=Moment, index=True)
    ended_at: datetime | None = Field(default=None, sa_type=Moment)


class Sheet(NamedTuple):
    """On what a window writes: a draft of its own, and the one it goes on from, as it stood then.

    Written `about.place.id.turn.over.over_turn` in the form that holds the text.
    """

    about: About
    place_id: UUID
    id: UUID
    turn: int = 0
    over_id: UUID | None = None
    over_turn: int = 0

    def __str__(self) -> str:
        return ".".join(str("" if part is None else part) for part in self)

    @classmethod
    def fresh(cls, about: About, place_id: UUID) -> Self:
        """A sheet on which nothing is written yet."""
        return cls(about, place_id, new_id())

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a sheet; raises ValueError for anything else."""
        about, place, id_, turn, over, over_turn = text.split(".")
        return cls(About(about), UUID(place), UUID(id_), _turn(turn), UUID(over) if over else None, _turn(over_turn))

    def after(self) -> Self:
        """The sheet that follows, once this draft has ended: always the same one, however often it is asked for."""
        return self._replace(id=uuid5(self.id, "after"))

    def over(self, draft: Draft) -> Self:
        """The same sheet, going on from a draft."""
        return self._replace(over_id=draft.id, over_turn=draft.turn)


def _turn(text: str) -> int:
    if not (text.isascii() and text.isdigit()) or int(text[:12]) > MOST_TURNS:
        raise ValueError("not a turn")
    return int(text[:12])


def sheet_in(text: object) -> Sheet | None:
    """The sheet that a form names; nothing if it names none."""
    try:
        return Sheet.parse(text) if isinstance(text, str) else None
    except ValueError:
        return None


@dataclass(frozen=True)
class Desk:
    """What an editor shows: the words, the sheet that keeps them, and what was asked about them."""

    sheet: Sheet
    title: str = ""
    body: str = ""
    saved_at: datetime | None = None
    """When the draft that is shown was saved; nothing when none is."""
    others: int = 0
    """How many more drafts there are of the same thing."""
    preview: Markup | None = None
    note: str = ""

    def adding(self, quote: str) -> "Desk":
        """The same desk with a quote under what is written."""
        before = self.body.rstrip() + "\n\n" if quote and self.body.strip() else self.body if not quote else ""
        return replace(self, body=before + quote)


def _known(value: object) -> object:
    if sheet_in(value) is None:
        raise ValueError("Ce brouillon ne dit pas où il va\u00a0: rouvrez la page.")
    return sheet_in(value)


def _short(value: str) -> str:
    if len(value.encode("utf-8", "replace")) > MOST_BYTES:
        raise ValueError(
            "Ce texte dépasse 100\u00a0ko\u00a0: il n’est plus enregistré comme brouillon. Copiez-le ailleurs."
        )
    return value


class Saved(BaseModel):
    """What a window sends of the text it holds."""

    draft: Annotated[Sheet, BeforeValidator(_known)]
    title: Annotated[str, AfterValidator(_short)] = ""
    body: Annotated[str, AfterValidator(_short)] = ""
