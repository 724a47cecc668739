"""How a thing of one room is told to one person elsewhere: asked when it is shown, never kept."""

from collections.abc import Awaitable, Callable, Collection, Mapping
from typing import NamedTuple
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from entente.people.who import Who


class Told(NamedTuple):
    """What someone may know of a thing, now."""

    title: str
    """Of what it is about: the title of the thread, for a message."""
    address: str
    """Where it is read."""
    excerpt: str = ""
    place: str = ""
    """In which forum, for which meeting: the words above the title."""
    more: str = ""
    """What is good to know beside it: « 3 réponses »."""


Tell = Callable[[AsyncSession, Who, Collection[UUID]], Awaitable[Mapping[UUID, Told]]]
"""Tells many things of one kind in one question; what this person may not see, or no longer, is left out."""

Tellers = Mapping[str, Tell]
"""Who tells what: kind of ref → room's own answer."""
