"""What was answered to posts, sign by sign, as everybody sees it."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from entente.db import rows
from entente.people.models import Person
from forums.reactions.models import Reaction, Sign
from forums.reactions.rules import LOOKS, NAMED

TAIL = 12
"""How many letters of an id tell people apart here: the last ones are drawn at random."""


@dataclass(frozen=True)
class Made:
    """One sign under a post, whether or not anybody made it."""

    sign: Sign
    people: Sequence[tuple[UUID, str]] = ()
    """Those who made it, the first one first."""

    @property
    def look(self) -> str:
        """The drawing."""
        return LOOKS[self.sign][0]

    @property
    def word(self) -> str:
        """What it says."""
        return LOOKS[self.sign][1]

    @property
    def count(self) -> int:
        """How many made it."""
        return len(self.people)

    @property
    def names(self) -> str:
        """Who made it: the first names, and how many more."""
        named = ", ".join(name for _, name in self.people[:NAMED])
        more = self.count - NAMED
        return named if more <= 0 else f"{named} et {more} autre{'s' if more > 1 else ''}"

    @property
    def by(self) -> str:
        """Those who made it, for the page to find its reader among them."""
        return " ".join(tail_of(person) for person, _ in self.people)


def tail_of(person_id: UUID) -> str:
    """A person, as fragments name whoever made a sign."""
    return person_id.hex[-TAIL:]


NOTHING_MADE = tuple(Made(sign) for sign in Sign)


async def made_on(db: AsyncSession, ids: Collection[UUID]) -> Mapping[UUID, Sequence[Made]]:
    """Every sign under each of these posts, in the order of the list of signs."""
    query = (
        rows(Reaction.post_id, Reaction.sign, Reaction.person_id, Person.given_name, Person.family_name)
        .join(Person, col(Person.id) == col(Reaction.person_id))
        .where(col(Reaction.post_id).in_(ids))
        .order_by(col(Reaction.at), col(Reaction.person_id))
    )
    found: defaultdict[UUID, defaultdict[Sign, list[tuple[UUID, str]]]] = defaultdict(lambda: defaultdict(list))
    for row in await db.execute(query):
        found[row.post_id][Sign(row.sign)].append((row.person_id, f"{row.given_name} {row.family_name}"))
    return {id_: [Made(sign, people[sign]) for sign in Sign] for id_, people in found.items()}
