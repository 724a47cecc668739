"""Organisations, since when they belong, and who acts for them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Select, func, select
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from entente.administration.lists import Page, like, page_of
from entente.db import rows
from entente.people.models import EmailDomain, Function, Membership, Organisation, OrganisationKind, Service
from entente.people.queries import is_current
from entente.rules import NotFound

KEYS: Any = (Organisation.name, Organisation.id)


def _belongs() -> Any:
    return (
        rows(Membership.id)
        .where(col(Membership.organisation_id) == col(Organisation.id), is_current(Membership))
        .correlate(Organisation)
        .exists()
    )


def organisations_sought(words: str, kind: OrganisationKind | None) -> Select[Any]:
    """The organisations of a list, as plain rows."""
    people = (
        select(func.count(func.distinct(col(Function.person_id))))
        .where(col(Function.organisation_id) == col(Organisation.id), is_current(Function))
        .correlate(Organisation)
        .scalar_subquery()
    )
    query = rows(
        Organisation.id,
        Organisation.kind,
        Organisation.name,
        Organisation.short_name,
        Organisation.code_insee,
        Organisation.siren,
        Organisation.postcodes,
        Organisation.population,
        Organisation.hue,
        people.label("people"),
        _belongs().label("belongs"),
    )
    if words:
        query = query.where(like(words, Organisation.name, Organisation.short_name, Organisation.code_insee))
    return query.where(col(Organisation.kind) == kind) if kind else query


async def organisations(db: AsyncSession, words: str, kind: OrganisationKind | None, after: UUID | None) -> Page:
    """A page of organisations, by name."""
    return await page_of(db, organisations_sought(words, kind), KEYS, after)


@dataclass(frozen=True)
class Sheet:
    """An organisation with its periods, services and domains."""

    organisation: Organisation
    memberships: Sequence[Any]
    services: Sequence[Any]
    domains: Sequence[str]
    people: int


async def sheet_of(db: AsyncSession, organisation_id: UUID) -> Sheet:
    """An organisation with all that hangs on it, or NotFound."""
    organisation = await db.get(Organisation, organisation_id)
    if organisation is None:
        raise NotFound
    memberships = await db.execute(
        rows(Membership.id, Membership.since, Membership.until)
        .where(col(Membership.organisation_id) == organisation_id)
        .order_by(col(Membership.since))
    )
    members = (
        select(func.count())
        .where(col(Function.service_id) == col(Service.id), is_current(Function))
        .correlate(Service)
        .scalar_subquery()
    )
    services = await db.execute(
        rows(Service.id, Service.name, members.label("people"))
        .where(col(Service.organisation_id) == organisation_id)
        .order_by(col(Service.name))
    )
    domains = await db.execute(
        rows(EmailDomain.domain)
        .where(col(EmailDomain.organisation_id) == organisation_id)
        .order_by(col(EmailDomain.domain))
    )
    people = select(func.count(func.distinct(col(Function.person_id)))).where(
        col(Function.organisation_id) == organisation_id, is_current(Function)
    )
    return Sheet(
        organisation,
        memberships.all(),
        services.all(),
        [row.domain for row in domains],
        (await db.execute(people)).scalar_one(),
    )
