"""How a round is told to those who have a notice of it."""

from collections.abc import Collection, Sequence
from uuid import UUID

from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from entente.db import rows
from entente.people.who import Who
from entente.room import Card, Holding, Told
from pistes import rules
from pistes.rounds import queries
from pistes.rounds.models import Round

PAGE = "/pistes/evaluation"


def address_of(round_id: UUID | str) -> str:
    """The page of a round."""
    return f"{PAGE}/{round_id}"


async def tell(db: AsyncSession, who: Who, ids: Collection[UUID]) -> dict[UUID, Told]:
    """These rounds as this person may know them."""
    if not rules.may_look(who):
        return {}
    query = rows(Round.id, Round.title, Round.closed_at).where(col(Round.id).in_(ids))
    return {
        row.id: Told(row.title, address_of(row.id), "Clos" if row.closed_at else "Ouvert", "Évaluation des pistes")
        for row in await db.execute(query)
    }


async def card(db: AsyncSession, who: Who, round_id: UUID) -> Card:
    """A round's title and address, for a member."""
    found = await queries.round_for(db, who, round_id)
    return Card(found.title, address_of(found.id))


async def reasons(_db: AsyncSession, who: Who, _round_id: UUID) -> Sequence[str]:
    """Every ground on which this person knows of a round."""
    return rules.reasons_to_look(who)


async def all_rounds(db: AsyncSession) -> Sequence[tuple[UUID, str]]:
    """Every round by its title."""
    return [(row.id, row.title) for row in await db.execute(rows(Round.id, Round.title).order_by(Round.title))]


holdings = [Holding("pistes/round", "Tour d’évaluation", card, reasons, all_rounds)]
tells = {"pistes/round": tell, "pistes/round-reminder": tell}
