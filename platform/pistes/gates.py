"""The one gate of the room: who keeps the register."""

from sqlmodel.ext.asyncio.session import AsyncSession

from entente.people.who import Who
from entente.rules import require
from entente.work import Work
from pistes import queries, rules


async def require_keeper(work: Work) -> None:
    """Go on if this person keeps the register; raise Refused otherwise."""
    await require_to_keep(work.db, work.who)


async def require_to_keep(db: AsyncSession, who: Who) -> None:
    """The same for a page that only looks."""
    allowed = rules.may_keep(who, await queries.cotechs(db))
    require(allowed, "Le registre est tenu par le comité technique et les administrateurs.")
