"""What was done: looked for by person, act, subject and days."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Select, literal, union_all
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from entente.administration.lists import Page, like, page_of
from entente.db import rows
from entente.ids import Ref
from entente.people.models import AuditEntry, Body, Group, Organisation, Person
from entente.web.words import PARIS

KEYS: Any = (AuditEntry.id,)
"""Ids are born in order: the newest is the greatest."""


@dataclass(frozen=True)
class Sought:
    """Which entries a list is about; the days are those of Paris, both included."""

    person: UUID | None = None
    act: str = ""
    subject: str = ""
    since: date | None = None
    until: date | None = None


def entries_sought(sought: Sought) -> Select[Any]:
    """The entries of a list, with the name of whoever acted."""
    query = rows(
        AuditEntry.id,
        AuditEntry.at,
        AuditEntry.act,
        AuditEntry.subject,
        AuditEntry.detail,
        AuditEntry.person_id,
        (col(Person.given_name) + " " + col(Person.family_name)).label("name"),
    ).outerjoin(Person, col(Person.id) == col(AuditEntry.person_id))
    if sought.person:
        query = query.where(col(AuditEntry.person_id) == sought.person)
    if sought.act:
        query = query.where(col(AuditEntry.act) == sought.act)
    if sought.subject:
        query = query.where(like(sought.subject, AuditEntry.subject))
    if sought.since:
        query = query.where(col(AuditEntry.at) >= _midnight(sought.since))
    if sought.until:
        query = query.where(col(AuditEntry.at) < _midnight(sought.until + timedelta(days=1)))
    return query


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), PARIS)


async def entries(db: AsyncSession, sought: Sought, after: UUID | None) -> Page:
    """A page of entries, the newest first."""
    return await page_of(db, entries_sought(sought), KEYS, after, newest_first=True)


async def acts(db: AsyncSession) -> list[str]:
    """Every act that was ever done."""
    return list((await db.exec(select(AuditEntry.act).distinct().order_by(AuditEntry.act))).all())


async def titles(db: AsyncSession, entries: Iterable[Any]) -> dict[str, str]:
    """How the people, organisations, bodies and groups in these entries are called, by reference and by id."""
    ids = {id_ for entry in entries for id_ in _ids(entry)}
    if not ids:
        return {}
    people = rows(
        literal("entente/person").label("kind"),
        col(Person.id).label("id"),
        (col(Person.given_name) + " " + col(Person.family_name)).label("title"),
    )
    named = [
        rows(literal(kind), col(model.id), col(model.name)).where(col(model.id).in_(ids))
        for kind, model in (("entente/organisation", Organisation), ("entente/body", Body), ("entente/group", Group))
    ]
    found = (await db.execute(union_all(people.where(col(Person.id).in_(ids)), *named))).all()
    return {name: row.title for row in found for name in (str(Ref(row.kind, row.id)), str(row.id))}


def _ids(entry: Any) -> Iterator[UUID]:
    """The ids that an entry names: in its subject, and in its detail."""
    for value in (entry.subject, *(entry.detail or {}).values()):
        try:
            yield Ref.parse(value).id if ":" in value else UUID(value)
        except (ValueError, TypeError, AttributeError):
            continue
