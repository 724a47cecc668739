"""Everybody and everything that a message may call, by their handles."""

from collections.abc import Collection, Iterator
from typing import Any
from uuid import UUID

from sqlalchemy import and_, func, or_
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from entente.db import rows
from entente.people.models import Body, BodyKind, Function, Organisation, Person, PersonStatus, Seat
from entente.people.queries import is_current
from forums.mentions.models import Called
from forums.mentions.queries import acts, is_reader, sits
from forums.mentions.rules import INSTANCE, Handles, Named, handles_of
from forums.models import Forum

UNIQUE = {
    *(BodyKind.COPIL, BodyKind.COTECH, BodyKind.CONFERENCE_DES_MAIRES, BodyKind.BUREAU),
    *(BodyKind.CONSEIL_COMMUNAUTAIRE, BodyKind.REUNION_DES_DGS),
}
"""Bodies of which an intercommunality has one: their kind is name enough."""


async def handles(db: AsyncSession, kinds: Collection[Called] = tuple(Called)) -> Handles:
    """The handles of all who take part today, as the directory knows them, and of organisations and bodies."""
    named: list[Named] = []
    if Called.PERSON in kinds:
        named += [_person(row) for row in await db.execute(_people())]
    if Called.ORGANISATION in kinds:
        query = rows(Organisation.id, Organisation.kind, Organisation.name)
        named += [
            Named(Called.ORGANISATION, row.id, row.name, prefix=f"{row.kind}:") for row in await db.execute(query)
        ]
    if Called.BODY in kinds:
        named += [
            Named(Called.BODY, row.id, row.name, prefix=f"{INSTANCE}:", alias=row.kind if row.kind in UNIQUE else "")
            for row in await db.execute(rows(Body.id, Body.kind, Body.name))
        ]
    return handles_of(named)


async def called(db: AsyncSession, targets: Collection[tuple[Called, UUID]]) -> dict[tuple[Called, UUID], Named]:
    """These people, organisations and bodies, whatever became of them."""
    people = rows(col(Person.id), (col(Person.given_name) + " " + col(Person.family_name)).label("name"))
    asked: dict[Called, tuple[Any, Any]] = {
        Called.PERSON: (people, Person),
        Called.ORGANISATION: (rows(col(Organisation.id), Organisation.name), Organisation),
        Called.BODY: (rows(col(Body.id), Body.name), Body),
    }
    found: dict[tuple[Called, UUID], Named] = {}
    for kind, (query, model) in asked.items():
        ids = [id_ for each, id_ in targets if each == kind]
        if ids:
            for row in await db.execute(query.where(col(model.id).in_(ids))):
                found[(kind, row.id)] = Named(kind, row.id, row.name)
    return found


def _people() -> Any:
    return (
        rows(Person.id, Person.given_name, Person.family_name, func.min(Organisation.short_name).label("place"))
        .outerjoin(Function, and_(col(Function.person_id) == col(Person.id), is_current(Function)))
        .outerjoin(Organisation, col(Organisation.id) == col(Function.organisation_id))
        .where(col(Person.status) != PersonStatus.SUSPENDED, or_(acts(), sits()))
        .group_by(col(Person.id))
    )


def _person(row: Any) -> Named:
    return Named(Called.PERSON, row.id, f"{row.given_name} {row.family_name}", row.place or "")


Group = tuple[Called, UUID]
"""An organisation or a body."""


async def readers_in(
    db: AsyncSession, forum: Forum, kind: Called, ids: Collection[UUID] | None = None
) -> dict[Group, set[UUID]]:
    """Those who read a forum, by the organisations for which they act or the bodies in which they sit."""
    found: dict[Group, set[UUID]] = {}
    query = _acting(ids) if kind == Called.ORGANISATION else _sitting(ids)
    for group_id, person_id in await db.execute(query.where(is_reader(forum))):
        found.setdefault((kind, group_id), set()).add(person_id)
    return found


def _acting(ids: Collection[UUID] | None) -> Any:
    query = rows(Function.organisation_id, col(Person.id)).join(Person, col(Person.id) == col(Function.person_id))
    query = query.where(is_current(Function))
    return query if ids is None else query.where(col(Function.organisation_id).in_(ids))


def _sitting(ids: Collection[UUID] | None) -> Any:
    mine = or_(col(Person.id) == col(Seat.holder_id), col(Person.id) == col(Seat.substitute_id))
    query = rows(Seat.body_id, col(Person.id)).join(Person, mine).where(is_current(Seat))
    return query if ids is None else query.where(col(Seat.body_id).in_(ids))


async def readers_among(db: AsyncSession, forum: Forum, ids: Collection[UUID]) -> set[UUID]:
    """Those of these people who read a forum."""
    if not ids:
        return set()
    return {row.id for row in await db.execute(rows(col(Person.id)).where(col(Person.id).in_(ids), is_reader(forum)))}


def kinds_of(handles_: Collection[str]) -> Iterator[Called]:
    """What these handles may name, by their shape alone."""
    if any(":" not in handle for handle in handles_):
        yield Called.PERSON
    prefixes = {handle.partition(":")[0] for handle in handles_ if ":" in handle}
    if INSTANCE in prefixes:
        yield Called.BODY
    if prefixes - {INSTANCE}:
        yield Called.ORGANISATION
