"""What keeps notices true to the rights of those who hold them."""

from typing import Any
from uuid import UUID

from sqlmodel import col, select

from entente.house import House
from entente.ids import Ref
from entente.notices import service
from entente.notices.models import Notice
from entente.notices.queries import tell
from entente.people.queries import who_is

HANDFUL = 100
"""Notices looked at in one transaction: the house goes on meanwhile."""


async def review(house: House, payload: dict[str, Any]) -> None:
    """Forget what someone was told and may not see any more; run again, it finds nothing."""
    person_id = Ref.parse(payload["stream"]).id
    async with house.database.reading() as db:
        who = await who_is(db, person_id)
        if who is None:
            return
        ids = (await db.exec(select(Notice.id).where(col(Notice.person_id) == person_id))).all()
    for start in range(0, len(ids), HANDFUL):
        async with house.working(None) as work:
            some = select(Notice).where(col(Notice.id).in_(ids[start : start + HANDFUL]))
            _, hidden = await tell(work.db, house.tellers, who, (await work.db.exec(some)).all())
            if hidden:
                await service.forget(work, person_id, hidden)


async def forget_hidden(house: House, person_id: UUID, hidden: list[UUID]) -> None:
    """Forget what the centre has just left out."""
    async with house.working(None) as work:
        await service.forget(work, person_id, hidden)
