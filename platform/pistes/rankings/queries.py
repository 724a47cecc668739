"""Frozen rankings, and the present one under a variation."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from entente.db import rows
from entente.people.models import Body, BodyKind
from entente.people.who import Who
from entente.rules import NotFound
from pistes import rules
from pistes.criteria.rules import sieve
from pistes.ranking.queries import Board, board, entrants
from pistes.ranking.rules import ranked
from pistes.rankings.models import FrozenRanking
from pistes.rankings.rules import Variation


class Kept(NamedTuple):
    """A frozen ranking in a list: its content stays where it is."""

    id: UUID
    title: str
    at: datetime
    row_count: int
    digest: str
    is_varied: bool


async def kept(db: AsyncSession) -> Sequence[Kept]:
    """Every frozen ranking, the newest first."""
    which = FrozenRanking
    query = rows(which.id, which.title, which.at, which.row_count, which.digest, which.is_varied)
    return [Kept(*row) for row in await db.execute(query.order_by(col(which.at).desc(), col(which.id).desc()))]


async def ranking_for(db: AsyncSession, who: Who, ranking_id: UUID) -> FrozenRanking:
    """The frozen ranking, or NotFound for whoever takes no part."""
    found = await db.get(FrozenRanking, ranking_id) if rules.may_look(who) else None
    if found is None:
        raise NotFound
    return found


async def committees(db: AsyncSession) -> frozenset[UUID]:
    """The bodies whose secretary keeps rankings."""
    query = rows(col(Body.id)).where(col(Body.kind).in_((BodyKind.COTECH, BodyKind.COPIL)))
    return frozenset((await db.execute(query)).scalars())


async def varied(db: AsyncSession, variation: Variation) -> tuple[Board, Board]:
    """The present ranking, and the same rows under a variation: the register is asked once."""
    now = await board(db)
    return now, vary(now, variation)


def vary(now: Board, variation: Variation) -> Board:
    """The rows of a board ranked and sieved otherwise."""
    criteria, tie = variation.of(now.standing.criteria), variation.tie or now.standing.tie_rule
    by_node = {line.branch.node.id: line for line in now.lines}
    lines = [
        replace(by_node[each.name], placed=placed, sieved=sieve(each.marks, criteria))
        for each, placed in ranked(entrants(now.lines), criteria, tie)
    ]
    is_same_tie = tie == now.standing.tie_rule
    standing = replace(
        now.standing, criteria=criteria, tie_rule=tie, tie_reason=now.standing.tie_reason if is_same_tie else ""
    )
    return replace(now, standing=standing, lines=lines)
