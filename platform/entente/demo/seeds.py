"""Fills an empty house with the demonstration, once."""

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

import booking.seeds
import forums.seeds
import pistes.decisions.search
import pistes.search
import pistes.seeds
import planning.seeds
from booking.basket import seeds as gathered
from booking.showing import seeds as shown
from entente.house import House
from entente.outside import seeds as outside
from entente.people import seeds as people
from entente.people.models import AuditEntry
from entente.search import rebuild
from forums.attachments import seeds as joined
from forums.documents import seeds as shared
from forums.search.findable import posts
from planning.finding import meetings

SEEDED = "demo.seeded"


async def seed(house: House) -> bool:
    """Settle everyone and everything; false when that was done before.

    The mark is saved in the same transaction: after a crash in between, the house is empty and filled again.
    """
    async with house.working(None) as work:
        if await is_seeded(work.db):
            return False
        settled = await people.settle(work.db)
        await outside.fill(work.db, settled)
        await forums.seeds.talk(work.db, settled)
        await booking.seeds.lend(work.db, settled)
        await gathered.gather_some(work.db)
        await shown.show_some(work.db, house.files)
        await planning.seeds.meet(work.db, settled)
        await joined.join_some(work.db, house.files)
        await shared.share_some(work.db, house.files)
        await pistes.seeds.found(work, settled)
        await rebuild.fill(work.db, posts)
        await rebuild.fill(work.db, meetings)
        await rebuild.fill(work.db, pistes.search.pistes)
        await rebuild.fill(work.db, pistes.decisions.search.decisions)
        work.audit(SEEDED, "entente/demo")
    return True


async def is_seeded(db: AsyncSession) -> bool:
    """Whether this house holds the demonstration."""
    found = await db.exec(select(AuditEntry.id).where(col(AuditEntry.act) == SEEDED).limit(1))
    return found.first() is not None
