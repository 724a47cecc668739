"""Ties between things of different rooms, which do not know each other."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import or_
from sqlmodel import Field, SQLModel, col
from sqlmodel.ext.asyncio.session import AsyncSession

from entente.clock import now
from entente.db import Moment, rows
from entente.ids import Ref
from entente.journal import Verb as AnyVerb
from entente.people.who import Who
from entente.prepared import prepared
from entente.telling import Tellers, Told


class Verb(AnyVerb):
    """What is said on the streams of two things that whoever looks at either wants to know of."""

    TIED = "thing.tied"


class Link(SQLModel, table=True):
    """Two things belong together; the lesser name comes first, so a tie exists once."""

    one: str = Field(max_length=120, primary_key=True)
    other: str = Field(max_length=120, primary_key=True, index=True)
    person_id: UUID | None = Field(default=None, foreign_key="person.id")
    at: datetime = Field(default_factory=now, sa_type=Moment)


async def tie(db: AsyncSession, one: Ref, other: Ref, person_id: UUID | None) -> None:
    """Tie two things; tying them again changes nothing."""
    first, second = sorted((str(one), str(other)))
    if await db.get(Link, (first, second)) is None:
        db.add(Link(one=first, other=second, person_id=person_id))


async def untie(db: AsyncSession, one: Ref, other: Ref) -> None:
    """Undo a tie, if there is one."""
    first, second = sorted((str(one), str(other)))
    link = await db.get(Link, (first, second))
    if link is not None:
        await db.delete(link)


async def of(db: AsyncSession, ref: Ref) -> list[Ref]:
    """What this thing is tied to; each room says who may see it."""
    name = str(ref)
    return [Ref.parse(other if one == name else one) for one, other in await db.execute(*_of(name))]


@prepared
def _of(name: str) -> Any:
    return rows(Link.one, Link.other).where(or_(col(Link.one) == name, col(Link.other) == name))


async def told(db: AsyncSession, tellers: Tellers, who: Who, ref: Ref) -> Sequence[Told]:
    """What a thing is tied to, as this person may know it: each room answers for its own, in one question each."""
    by_kind: dict[str, list[UUID]] = {}
    for tied in await of(db, ref):
        by_kind.setdefault(tied.kind, []).append(tied.id)
    found = [await tellers[kind](db, who, ids) for kind, ids in by_kind.items() if kind in tellers]
    return [each for some in found for each in some.values()]
