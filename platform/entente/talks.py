"""How a conversation is opened about a thing of any room, and how a thing is made of what was said in one."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from entente.ids import Ref
from entente.people.who import Who
from entente.work import Work


@dataclass(frozen=True)
class Said:
    """Words of a conversation, for the room that makes something of them."""

    thread: Ref
    """What is tied to whatever is made."""
    title: str
    words: str
    """Without formatting."""
    author: str


@dataclass(frozen=True)
class Talks:
    """What a room that holds conversations offers the others."""

    places: Callable[[AsyncSession, Who], Awaitable[Sequence[tuple[str, str]]]]
    """Where this person may open one: id and title of each."""
    open: Callable[[Work, UUID, str, str], Awaitable[Ref]]
    """Open one at a place, with a title and its first words; raises NotFound where this person may not."""
    said: Callable[[AsyncSession, Who, UUID], Awaitable[Said]]
    """The words of one message; raises NotFound unless this person reads them."""


@dataclass(frozen=True)
class Takes:
    """What a room that makes things of words offers the conversations."""

    may: Callable[[AsyncSession, Who], Awaitable[bool]]
    """Whether this person may make one."""
    address: Callable[[UUID], str]
    """Where one is made of a message."""
