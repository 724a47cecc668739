"""What a room declares so that its things can be found."""

from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, Select
from sqlmodel.ext.asyncio.session import AsyncSession

from entente.journal import Verb
from entente.people.queries import Face
from entente.people.who import Who


class Document(NamedTuple):
    """A thing as it is indexed."""

    subject_id: UUID
    scope_id: UUID
    group_id: UUID
    author_id: UUID | None
    at: datetime
    title: str
    text: str
    is_head: bool = True


class Find(NamedTuple):
    """A thing as it is shown among results, read from where it lives."""

    subject_id: UUID
    title: str
    text: str
    address: str
    at: datetime
    author: Face | None
    place: tuple[str, str] | None
    """Title and address of what holds it."""
    note: str = ""


class Known(NamedTuple):
    """Someone or something found by its name."""

    name: str
    address: str
    detail: str = ""
    face: Face | None = None


Choices = Callable[[AsyncSession, Who], Awaitable[Sequence[tuple[str, str]]]]
Doc = Any
"""The document in a query, perhaps under another name: `type[SearchDocument]`."""


@dataclass(frozen=True)
class Filter:
    """One way to look at fewer results: a field of the form, and what it asks of live tables."""

    name: str
    label: str
    shape: Literal["choice", "words", "date", "tick"]
    where: Callable[[Doc, str, Who], ColumnElement[bool]]
    """Raises ValueError with a French sentence for a value that cannot be."""
    choices: Choices | None = None
    blank: str = "Tous"


@dataclass(frozen=True)
class Findable:
    """One kind of thing that can be found, and everything that the house must ask about it."""

    kind: str
    """As in `forums/post`."""
    label: tuple[str, str]
    """What is counted: one, many."""
    groups: tuple[str, str]
    """What it is shown with: one, many."""
    verbs: Collection[Verb]
    """What makes it worth reading again."""
    touched: Callable[[AsyncSession, str, UUID], Awaitable[Sequence[UUID]]]
    """Which things a verb of the journal concerns."""
    all: Callable[[AsyncSession, UUID | None, int], Awaitable[Sequence[UUID]]]
    """The ids after one, by id, so many at once; those that may not be found may be among them."""
    documents: Callable[[AsyncSession, Sequence[UUID]], Awaitable[Sequence[Document]]]
    """Those of these things that may be found by someone."""
    count: Callable[[AsyncSession], Awaitable[int]]
    """How many things may be found by someone."""
    scopes: Callable[[Who], Select[Any]]
    """The scopes open to this person: what keeps the search quick."""
    stands: Callable[[Doc, Who], ColumnElement[bool]]
    """Whether this person may read the thing as it is now: what keeps the search right, however late the index."""
    shown: Callable[[AsyncSession, Sequence[UUID]], Awaitable[Sequence[Find]]]
    filters: Sequence[Filter] = ()
