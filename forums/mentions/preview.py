"""What a writer is shown before posting: whom the text calls, and how many people would be told."""

from sqlmodel.ext.asyncio.session import AsyncSession

from entente.people.who import Who
from entente.rules import NotFound
from forums import queries
from forums.drafts.models import About, Sheet
from forums.mentions import service
from forums.mentions.rules import ASKED_ABOVE
from forums.mentions.service import NONE, Calls
from forums.models import Forum


async def called_in(db: AsyncSession, who: Who, sheet: Sheet | None, body: str) -> Calls:
    """Whom these words would call where they are written; nobody when it is not said where, or not open."""
    if sheet is None:
        return NONE
    try:
        forum = await _forum_of(db, who, sheet)
    except NotFound:
        return NONE
    return await service.read(db, who, forum, body, sheet.place_id if sheet.about == About.EDIT else None)


async def _forum_of(db: AsyncSession, who: Who, sheet: Sheet) -> Forum:
    if sheet.about == About.ANSWER:
        return (await queries.thread_for(db, who, sheet.place_id)).forum
    if sheet.about == About.EDIT:
        return (await queries.post_for(db, who, sheet.place_id))[1].forum
    await queries.watch_forum(db, who, sheet.place_id)
    return await db.get_one(Forum, sheet.place_id)


def said_of(calls: Calls) -> list[str]:
    """What there is to know before posting: how many when they are many, and who is called in vain."""
    count = len(calls.people)
    many = [f"{count} personnes seront prévenues."] if count > ASKED_ABOVE else []
    return [*many, *calls.unheard]
