"""Why someone sees something, or what would let them: the rooms' own rules answer, on what is and what could be."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple
from uuid import UUID

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from entente.ids import Ref, new_id
from entente.people.models import Body, FunctionKind, Group, Organisation, Person, PersonStatus
from entente.people.queries import who_is
from entente.people.who import Who
from entente.people.words import FUNCTIONS
from entente.room import Holding
from entente.rules import NotFound

SHOWN = 20
OPENERS = 12


_NOT_OPEN = {
    PersonStatus.SUSPENDED: "Rouvrir son compte\u00a0: il est suspendu.",
    PersonStatus.INVITED: "Ouvrir son compte\u00a0: elle n’a pas encore suivi son invitation.",
}


class Thing(NamedTuple):
    """A thing of some room, by its title."""

    ref: Ref
    label: str
    title: str


class Answer(NamedTuple):
    """Why this person sees this thing; when they do not, what would open it."""

    reasons: Sequence[str]
    openers: Sequence[str]


async def things(db: AsyncSession, holdings: Sequence[Holding], words: str) -> tuple[list[Thing], int]:
    """The things whose title holds these words, the first ones, and how many there are in all."""
    sought = words.casefold()
    found = [
        Thing(Ref(holding.kind, id_), holding.label, title)
        for holding in holdings
        for id_, title in await holding.all(db)
        if sought in title.casefold()
    ]
    return found[:SHOWN], len(found)


async def thing(db: AsyncSession, holdings: Sequence[Holding], ref: Ref) -> tuple[Holding, Thing]:
    """One thing, or NotFound."""
    holding = next((each for each in holdings if each.kind == ref.kind), None)
    if holding is None:
        raise NotFound
    for id_, title in await holding.all(db):
        if id_ == ref.id:
            return holding, Thing(ref, holding.label, title)
    raise NotFound


async def address_of(db: AsyncSession, holding: Holding, who: Who, id_: UUID) -> str | None:
    """Where the thing stands, if the one who asks may see it too."""
    try:
        return (await holding.card(db, who, id_)).address
    except NotFound:
        return None


async def answer(db: AsyncSession, holding: Holding, person: Person, id_: UUID) -> Answer:
    """Every ground on which this person sees this thing, or what they lack."""
    if person.status != PersonStatus.ACTIVE:
        return Answer((), (_NOT_OPEN[PersonStatus(person.status)],))
    who = await who_is(db, person.id)
    if who is None:
        raise NotFound
    reasons = await holding.reasons(db, who, id_)
    return Answer(reasons, () if reasons else await _openers(db, holding, who, id_))


async def _openers(db: AsyncSession, holding: Holding, who: Who, id_: UUID) -> list[str]:
    """What would open it: the same rule is asked as if the person had one thing more."""
    # A body that does not exist makes a member of whoever sits there, and nothing else.
    if not who.is_member and await holding.reasons(db, replace(who, bodies=frozenset({new_id()})), id_):
        return ["Une fonction ou un siège en cours\u00a0: c’est ouvert à tous les membres."]
    found: list[str] = []
    enough: set[frozenset[UUID]] = set()
    for words, could_be in await _what_could_be(db, who):
        # Where a plain seat is enough, its secretariat is not worth saying.
        if could_be.bodies not in enough and await holding.reasons(db, could_be, id_):
            found.append(words)
            if could_be.bodies != who.bodies:
                enough.add(could_be.bodies)
        if len(found) == OPENERS:
            break
    return found


async def _what_could_be(db: AsyncSession, who: Who) -> list[tuple[str, Who]]:
    bodies = [(id_, name) for id_, name in await db.exec(select(Body.id, Body.name).order_by(col(Body.name)))]
    groups = [(id_, name) for id_, name in await db.exec(select(Group.id, Group.name).order_by(col(Group.name)))]
    towns = [
        (id_, name)
        for id_, name in await db.exec(select(Organisation.id, Organisation.name).order_by(col(Organisation.name)))
    ]
    return [
        *((f"Un siège dans «\u202f{name}\u202f».", replace(who, bodies=who.bodies | {id_})) for id_, name in bodies),
        *_secretariats(who, bodies),
        *(
            (f"Entrer dans le groupe «\u202f{name}\u202f».", replace(who, groups=who.groups | {id_}))
            for id_, name in groups
        ),
        *_functions(who, towns),
    ]


def _secretariats(who: Who, bodies: Sequence[tuple[UUID, str]]) -> Iterator[tuple[str, Who]]:
    for id_, name in bodies:
        if id_ not in who.secretary_of:
            there = replace(who, bodies=who.bodies | {id_}, secretary_of=who.secretary_of | {id_})
            yield f"Le secrétariat de «\u202f{name}\u202f».", there


def _functions(who: Who, towns: Sequence[tuple[UUID, str]]) -> Iterator[tuple[str, Who]]:
    own = [(id_, name) for id_, name in towns if id_ in who.organisations] or towns[:1]
    for id_, name in own:
        for kind, label in FUNCTIONS.items():
            added = replace(who, functions=who.functions | {(kind, id_)})
            yield f"La fonction «\u202f{label}\u202f» à {name}.", added
    for id_, name in towns:
        if (id_, name) not in own:
            added = replace(who, functions=who.functions | {(FunctionKind.AGENT, id_)})
            yield f"Une fonction à {name}.", added
