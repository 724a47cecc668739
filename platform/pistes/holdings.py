"""How the register answers for its pistes: to whoever asks who sees them, and where they are told elsewhere."""

from collections.abc import Collection, Sequence
from uuid import UUID

from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from entente.db import rows
from entente.people.who import Who
from entente.room import Card, Holding, Told
from pistes import queries, rules
from pistes.addresses import address_of
from pistes.models import Piste
from pistes.words import PHASES


async def card(db: AsyncSession, who: Who, piste_id: UUID) -> Card:
    """A piste's title and address, for a member."""
    found = await queries.piste_for(db, who, piste_id)
    return Card(found.title, address_of(found.id))


async def reasons(_db: AsyncSession, who: Who, _piste_id: UUID) -> Sequence[str]:
    """Every ground on which this person reads a piste."""
    return rules.reasons_to_look(who)


async def all_pistes(db: AsyncSession) -> Sequence[tuple[UUID, str]]:
    """Every piste by its title."""
    found = await db.execute(rows(Piste.id, Piste.title).order_by(Piste.title))
    return [(row.id, row.title) for row in found]


async def tell(db: AsyncSession, who: Who, ids: Collection[UUID]) -> dict[UUID, Told]:
    """These pistes as this person may know them."""
    if not rules.may_look(who):
        return {}
    query = rows(Piste.id, Piste.title, Piste.code, Piste.phase).where(col(Piste.id).in_(ids))
    return {
        row.id: Told(row.title, address_of(row.id), PHASES[row.phase], f"Piste {row.code}")
        for row in await db.execute(query)
    }


holdings = [Holding("pistes/piste", "Piste", card, reasons, all_pistes)]
