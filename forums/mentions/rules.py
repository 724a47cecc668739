"""By which handle each is called, and how many people a message may call."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from uuid import UUID

from entente import text
from forums.mentions.models import Called

INSTANCE = "instance"
ASKED_ABOVE = 20
"""Beyond so many people, whoever writes is told how many and says yes."""
MOST_PEOPLE = 200
"""Beyond so many, only those who keep the peace may call them all."""
MOST_HANDLES = 50

slug = lru_cache(20_000)(text.slug)
"""Thousands of names are compared at each word: their letters are looked at once."""


@dataclass(frozen=True)
class Named:
    """A person, an organisation or a body, and the handles it would like to have, the shortest first."""

    kind: Called
    id: UUID
    name: str
    place: str = ""
    """What tells namesakes apart: the commune of a person."""
    prefix: str = ""
    alias: str = ""
    """A shorter name, for whoever is alone to have it."""

    @property
    def wishes(self) -> Sequence[str]:
        """Its own names, then with its place, then with letters that nobody else has."""
        own = slug(self.name)
        longer = [f"{own}-{slug(self.place)}"] if self.place else []
        words = [*([slug(self.alias)] if self.alias else []), own, *longer, f"{own}-{self.id.hex[-6:]}"]
        return [f"{self.prefix}{word}" for word in words]

    @property
    def words(self) -> str:
        """How it is read in a message."""
        return f"@{self.name}"

    @property
    def address(self) -> str:
        """Where the directory shows it."""
        where = {Called.PERSON: "/annuaire/", Called.ORGANISATION: "/annuaire?organisation=", Called.BODY: _BODIES}
        return f"{where[self.kind]}{self.id}"


_BODIES = "/annuaire/instances/"


@dataclass(frozen=True)
class Handles:
    """Who has which handle, and which handles several would have, so that nobody has them."""

    named: Mapping[str, Named]
    shared: Mapping[str, Sequence[str]]
    """For each of those, the handles that tell them apart."""

    @property
    def of(self) -> dict[UUID, str]:
        """The shortest handle of each."""
        return {each.id: handle for handle, each in reversed(list(self.named.items()))}


def handles_of(named: Iterable[Named]) -> Handles:
    """Give each a handle of its own: the first of its wishes that nobody else has."""
    everyone = list(named)
    wanted = Counter(wish for each in everyone for wish in set(each.wishes))
    found: dict[str, Named] = {}
    shared: dict[str, list[str]] = {}
    for each in everyone:
        alone = [wish for wish in each.wishes if wanted[wish] == 1]
        found |= dict.fromkeys(alone, each)
        for wish in each.wishes:
            if wanted[wish] > 1 and alone:
                shared.setdefault(wish, []).append(alone[0])
    return Handles(found, shared)
