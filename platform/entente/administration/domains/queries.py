"""Declared domains."""

from typing import Any

from sqlalchemy import Select, func
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from entente.administration.lists import PER_PAGE, Page, like
from entente.db import rows
from entente.people.models import EmailDomain, Organisation


def domains_sought(words: str) -> Select[Any]:
    """The domains of a list, as plain rows."""
    query = rows(
        EmailDomain.domain,
        Organisation.id,
        col(Organisation.name).label("organisation"),
        Organisation.short_name,
        Organisation.hue,
    ).join(Organisation, col(Organisation.id) == col(EmailDomain.organisation_id))
    return query.where(like(words, EmailDomain.domain, Organisation.name)) if words else query


async def domains(db: AsyncSession, words: str, after: str) -> tuple[Page, str]:
    """A page of domains in alphabetical order, and the domain after which the next page begins."""
    query = domains_sought(words)
    count = (await db.execute(rows(func.count()).select_from(query.subquery()))).scalar_one()
    following = query.where(col(EmailDomain.domain) > after).order_by(col(EmailDomain.domain)).limit(PER_PAGE + 1)
    found = (await db.execute(following)).all()
    last = found[PER_PAGE - 1].domain if len(found) > PER_PAGE else ""
    return Page(found[:PER_PAGE], count, None), last
