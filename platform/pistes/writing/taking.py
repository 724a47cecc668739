"""A piste made of what somebody said in a conversation."""

from collections.abc import Mapping
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from entente.house import House
from entente.people.who import Who
from entente.rules import NotFound
from entente.talks import Said, Takes
from pistes import queries


def address(message_id: UUID) -> str:
    """The form of a piste made of this message."""
    return f"/pistes/nouvelle?message={message_id}"


async def said(db: AsyncSession, house: House, who: Who, given: Mapping[str, str]) -> Said | None:
    """The message that a form or an address names; none when it names none, NotFound when it is not theirs to read."""
    asked = given.get("message", "")
    if not asked:
        return None
    try:
        message_id = UUID(asked)
    except ValueError:
        raise NotFound from None
    if house.talks is None:
        raise NotFound
    return await house.talks.said(db, who, message_id)


def drafted(words: Said | None) -> dict[str, str]:
    """What the form begins with."""
    if words is None:
        return {}
    quote = f"«\u00a0{words.words}\u00a0»\n{words.author}, dans le fil «\u00a0{words.title}\u00a0»"
    return {"title": words.title, "summary": quote}


takes = Takes(queries.keeps, address)
