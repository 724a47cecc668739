"""An outside agenda that was read meanwhile, shown as it is now on the open page of its owner."""

from sqlmodel.ext.asyncio.session import AsyncSession

from entente.journal import Entry
from entente.live import Fragment
from entente.outside.models import OutsideSource
from entente.outside.service import Verb
from entente.rights import person_feed


def shown(source: OutsideSource) -> Fragment:
    """One outside agenda in the list of its owner."""
    return Fragment("agendas/outside/_source.html", "replace", f"source-{source.id}", {"source": source})


@person_feed.shows(Verb.AGENDA_REFRESHED)
async def refreshed(db: AsyncSession, entry: Entry) -> Fragment | None:
    """The agenda as it is now; nothing, if it has been removed since."""
    source = await db.get(OutsideSource, entry.subject_id)
    return shown(source) if source else None
