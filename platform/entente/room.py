"""What a room shows the house: its name, doors, feeds, and what it owes elsewhere."""

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession
from starlette.applications import Starlette
from starlette.routing import BaseRoute

from entente.forgetting.fates import Forgets
from entente.house import House
from entente.ical import Event, Key
from entente.journal import Verb
from entente.live import Feed
from entente.people.who import Who
from entente.search.findable import Findable, Known
from entente.talks import Takes, Talks
from entente.telling import Tell, Told
from entente.web.pages import NavItem
from entente.work import Work

__all__ = [
    "Calendar",
    "Card",
    "Errand",
    "Holding",
    "NavItem",
    "Room",
    "Section",
    "TaskHandler",
    "Tell",
    "Today",
    "Told",
]


@dataclass(frozen=True)
class Section:
    """What a room has to say today to one person: a template and what it reads."""

    template: str
    context: dict[str, Any]


@dataclass(frozen=True)
class Card:
    """How a thing of this room is titled and addressed elsewhere in the house."""

    title: str
    address: str


@dataclass(frozen=True)
class Holding:
    """How a room answers for its refs of one kind: who may see them, and why."""

    kind: str
    label: str
    card: Callable[[AsyncSession, Who, UUID], Awaitable[Card]]
    """Raises NotFound unless this person may see the thing."""
    reasons: Callable[[AsyncSession, Who, UUID], Awaitable[Sequence[str]]]
    """Every ground on which this person may see the thing, in French; empty when they may not."""
    all: Callable[[AsyncSession], Awaitable[Sequence[tuple[UUID, str]]]]
    """Every such thing with its title, for the administrator who asks why."""


@dataclass(frozen=True)
class Calendar:
    """A calendar of this room to which one may subscribe, perhaps one for each of its things."""

    kind: str
    """As `booking/mine`."""
    choices: Callable[[AsyncSession, Who], Awaitable[Sequence[tuple[UUID | None, str]]]]
    """The things to whose calendar this person may subscribe, with its title; None is the calendar itself."""
    head: Callable[[AsyncSession, Who, UUID | None], Awaitable[tuple[str, int]]]
    """Title and hue; raises NotFound unless this person may see it."""
    keys: Callable[[AsyncSession, Who, UUID | None], Awaitable[Sequence[Key]]]
    """Its events in order of time, each with what changes when anything it shows does."""
    events: Callable[[AsyncSession, Who, UUID | None, list[str] | None], Awaitable[Sequence[tuple[Key, Event]]]]
    """The events with these uids; None asks for all of them."""


LookUp = Callable[[AsyncSession, Who, Sequence[str]], Awaitable[Sequence[Known]]]
"""Who or what bears these words as a name, for someone who may know of it: a few at most."""
Today = Callable[[AsyncSession, Who], Awaitable[Section | None]]
TaskHandler = Callable[[Work, dict[str, Any]], Awaitable[None]]
Errand = Callable[[House, dict[str, Any]], Awaitable[None]]


@dataclass(frozen=True)
class Room:
    """A room of the house; the roof (`entente.app`) is the only one to know them all."""

    name: str
    routes: Sequence[BaseRoute] = ()
    feeds: Sequence[Feed] = ()
    nav: Sequence[NavItem] = ()
    admin_nav: Sequence[NavItem] = ()
    today: Today | None = None
    holdings: Sequence[Holding] = ()
    calendars: Sequence[Calendar] = ()
    tasks: Mapping[str, TaskHandler] = field(default_factory=dict)
    """Deferred work done inside the transaction that marks it done: exactly once."""
    errands: Mapping[str, Errand] = field(default_factory=dict)
    """Deferred work that reaches outside the house: at least once."""
    follows: Mapping[str, Collection[Verb]] = field(default_factory=dict)
    """Tasks of this room that read the journal: kind of task → verbs, of any room. The payload holds `stream`,
    `verb`, `subject` and `person`; what it names is read again when the task runs, for it may have changed since.
    """
    tells: Mapping[str, Tell] = field(default_factory=dict)
    """How this room's refs are told to someone who has a notice of them, when it is shown or mailed: kind → what
    this person may know of many, in one question.
    """
    talks: Talks | None = None
    """How others open a conversation in it."""
    takes: Takes | None = None
    """How it makes a thing of what was said in a conversation."""
    settings: Sequence[NavItem] = ()
    """Where one chooses what this room tells one."""
    finds: Sequence[Findable] = ()
    """What can be found in it by the search of the house."""
    looks_up: LookUp | None = None
    """Names that the search of the house shows before what was said."""
    forgets: Forgets = field(default_factory=Forgets)
    """What becomes of its tables when someone is forgotten."""
    lifespan: Callable[[Starlette], AbstractAsyncContextManager[None]] | None = None
    """What the room keeps running while a server process lives."""
