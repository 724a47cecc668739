"""Sets of criteria as they are kept; those that come with the house as long as none is."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from itertools import groupby
from typing import NamedTuple
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from entente.rules import NotFound
from pistes import queries
from pistes.criteria.changes import Changes, between
from pistes.criteria.models import Criteria
from pistes.criteria.sets import BUILT_IN, built_in
from pistes.queries import Standing
from pistes.ranking.queries import board


class Kept(NamedTuple):
    """One version of a set."""

    family: str
    version: int
    criteria: Criteria
    id: UUID | None = None
    at: datetime | None = None
    person_id: UUID | None = None


async def families(db: AsyncSession) -> list[list[Kept]]:
    """Every set, each with its versions, the newest first."""
    found = [
        Kept(each.family, each.version, each.criteria, each.id, each.at, each.person_id)
        for each in await queries.criteria_sets(db)
    ] or [Kept(family, 1, built_in(family)) for family in BUILT_IN]
    return [list(group) for _, group in groupby(found, key=lambda each: each.family)]


async def versions(db: AsyncSession, family: str) -> Sequence[Kept]:
    """The versions of a set, the newest first; NotFound when there is no such set."""
    found = next((each for each in await families(db) if each[0].family == family), None)
    if found is None:
        raise NotFound
    return found


async def changes(db: AsyncSession, standing: Standing, kept: Kept, criteria: Criteria) -> Changes:
    """What these criteria would change: to the ranking in force, or to their own set when it is not in force."""
    before = standing if standing.family == kept.family else _under(standing, kept, kept.criteria)
    return between(await board(db, chosen=before), await board(db, chosen=_under(standing, kept, criteria)))


async def changes_in_force(db: AsyncSession, standing: Standing, kept: Kept) -> Changes:
    """What putting a version in force would change."""
    return between(await board(db, chosen=standing), await board(db, chosen=_under(standing, kept, kept.criteria)))


def _under(standing: Standing, kept: Kept, criteria: Criteria) -> Standing:
    return replace(standing, criteria=criteria, family=kept.family, version=kept.version, criteria_id=kept.id)
