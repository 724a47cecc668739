"""The sentences that are kept."""

from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from entente.people.who import Who
from entente.rules import NotFound
from pistes import rules
from pistes.texts.models import Claim


async def claim_for(db: AsyncSession, who: Who, claim_id: UUID) -> Claim:
    """A sentence, or NotFound."""
    found = await db.get(Claim, claim_id) if rules.may_look(who) else None
    if found is None:
        raise NotFound
    return found
