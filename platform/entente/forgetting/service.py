"""Forgetting someone: one verb, in one transaction; whatever stops it halfway, nothing was done."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import Table, delete, or_, update
from sqlmodel import SQLModel, col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from entente import live, rights
from entente.clock import now
from entente.db import rows
from entente.forgetting.fates import Fate, Fates, Forgets, gathered
from entente.forgetting.ground import ground
from entente.forgetting.names import SHORTEST, Names
from entente.forgetting.rewriting import rewrite
from entente.ids import Ref
from entente.journal import Entry
from entente.mail import NOWHERE
from entente.people.models import Function, FunctionKind, Person, PersonStatus, Session
from entente.people.queries import is_current
from entente.rules import Conflict, Invalid
from entente.search import index
from entente.search.compacting import COMPACT
from entente.search.findable import Findable
from entente.text import clean_name, slug
from entente.work import Work

ACT = "person.forgotten"
ALREADY = "Cette personne est déjà anonymisée."
CLOSE_FIRST = "Ce compte est ouvert\u00a0: suspendez-le d’abord. Une anonymisation ne s’annule pas."
LAST_ONE = "C’est le seul administrateur\u00a0: donnez d’abord cette fonction à quelqu’un d’autre."
MOST_ALSO = 20


class Forgetting:
    """What the rooms of a house know of forgetting."""

    def __init__(self, rooms: Iterable[Forgets], findables: Sequence[Findable] = ()) -> None:
        self.rooms = [ground, *rooms]
        self.findables = findables
        self.fates: Fates = gathered(self.rooms)

    async def obstacles(self, db: AsyncSession, person: Person) -> list[str]:
        """Everything that must be settled before this person is forgotten, in French; nothing when nothing must."""
        if person.forgotten_at is not None:
            return [ALREADY]
        found = [CLOSE_FIRST] if person.status == PersonStatus.ACTIVE else []
        found += [LAST_ONE] if await _is_last_keeper(db, person.id) else []
        for room in self.rooms:
            found += await room.obstacles(db, person.id)
        return found

    async def forget(self, work: Work, person_id: UUID, also: Sequence[str] = ()) -> None:
        """Take the names of someone out of everything; raises Conflict with what must be settled first."""
        # Of two who forget the same person at once, the second finds nobody.
        person = await work.db.get_one(Person, person_id, with_for_update=True, populate_existing=True)
        obstacles = await self.obstacles(work.db, person)
        if obstacles:
            raise Conflict(" ".join(obstacles))
        names = await names_of(work.db, person, also)
        new: list[set[UUID]] = []
        for room in self.rooms:
            new.append(set(await room.then(work, person.id, names)))
        for table in reversed(SQLModel.metadata.sorted_tables):
            await self._detach(work.db, table, person.id)
        for table in SQLModel.metadata.sorted_tables:
            changed = await rewrite(work.db, table, self.fates.get(table.name, Fate()).words.split(), names)
            for room, ids in zip(self.rooms, new, strict=True):
                if table.name in room.found:
                    ids |= {row._mapping[room.found[table.name]] for row in changed}
        await self._find_anew(work.db, sorted(set().union(*new)))
        work.later(COMPACT, {})
        await _be_nobody(work, person)

    async def _detach(self, db: AsyncSession, table: Table, person_id: UUID) -> None:
        fate = self.fates.get(table.name, Fate())
        gone = [table.c[name] == person_id for name in fate.gone.split()]
        if gone:
            await db.execute(delete(table).where(or_(*gone)))
        for name in fate.detached.split():
            await db.execute(update(table).where(table.c[name] == person_id).values({name: None}))

    async def _find_anew(self, db: AsyncSession, ids: Sequence[UUID]) -> None:
        """The index says what the words say now; an id that is not of a kind is nothing of that kind."""
        for findable in self.findables:
            for start in range(0, len(ids), index.BATCH):
                await index.renew(db, findable, ids[start : start + index.BATCH])


def added(typed: str) -> list[str]:
    """The words that someone adds by hand, one on each line; raises Invalid when one would reach too far."""
    found = list(dict.fromkeys(filter(None, map(clean_name, typed.splitlines()))))
    short = [each for each in found if len(each) < SHORTEST]
    if short:
        raise Invalid({"also": f"«\u00a0{short[0]}\u00a0» est trop court\u00a0: {SHORTEST} signes au moins."})
    if len(found) > MOST_ALSO:
        raise Invalid({"also": f"{MOST_ALSO} mots au plus, un par ligne."})
    return found


async def names_of(db: AsyncSession, person: Person, also: Sequence[str] = ()) -> Names:
    """How this person is named, and whether anybody else is named alike."""
    alike = await namesakes(db, person)
    return Names(person.given_name, person.family_name, person.email, tuple(also), not alike.whole, not alike.family)


class Namesakes(NamedTuple):
    """Who else bears the names of someone."""

    whole: bool
    """Both, in either order."""
    family: bool


async def namesakes(db: AsyncSession, person: Person) -> Namesakes:
    """Whether anybody else here is named alike: what is written of them is left alone."""
    query = rows(Person.given_name, Person.family_name)
    query = query.where(col(Person.id) != person.id, col(Person.forgotten_at).is_(None))
    others = [(slug(given), slug(family)) for given, family in await db.execute(query)]
    given, family = slug(person.given_name), slug(person.family_name)
    whole = (given, family) in others or (family, given) in others
    return Namesakes(whole, any(each == family for _, each in others))


async def _is_last_keeper(db: AsyncSession, person_id: UUID) -> bool:
    keepers = rows(Function.person_id, Function.until, Person.status).join(
        Person, col(Person.id) == col(Function.person_id)
    )
    found = (
        await db.execute(keepers.where(col(Function.kind) == FunctionKind.ADMINISTRATEUR, is_current(Function)))
    ).all()
    others = [
        row for row in found if row.person_id != person_id and row.until is None and row.status == PersonStatus.ACTIVE
    ]
    return any(row.person_id == person_id for row in found) and not others


async def _be_nobody(work: Work, person: Person) -> None:
    """Only a number is left, and two words for whoever meets it."""
    ended = delete(Session).where(col(Session.person_id) == person.id).returning(col(Session.id))
    for session_id in (await work.db.execute(ended)).scalars().all():
        work.record(rights.stream_of_person(person.id), rights.Verb.SESSION_ENDED, session_id)
    person.given_name, person.family_name = "Personne", "partie"
    person.email = f"{person.id.hex}@{NOWHERE}"
    person.password_hash, person.photo, person.demo_pitch = None, None, None
    person.notifications, person.time_zone = {}, "Europe/Paris"
    person.status, person.forgotten_at = PersonStatus.SUSPENDED, now()
    work.db.add(person)
    await work.db.flush()
    for stream in (await work.db.exec(select(Entry.stream).where(col(Entry.person_id) == person.id).distinct())).all():
        work.record(Ref.parse(stream), live.Verb.FACES_CHANGED, person.id)
    work.audit(ACT, Ref("entente/person", person.id))
    await rights.rights_changed(work, person.id)
