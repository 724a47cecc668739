"""How the forums answer for what they hold, when an administrator asks who sees it and why."""

from collections.abc import Sequence
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from entente.people.who import Who
from entente.room import Card, Holding
from entente.rules import NotFound
from forums import queries, rules


async def card(db: AsyncSession, who: Who, forum_id: UUID) -> Card:
    """A forum's title and address, for those to whom it is open."""
    forum, moderates = await queries.forum_held(db, who, forum_id)
    if not rules.may_read(who, forum, moderates):
        raise NotFound
    return Card(forum.title, f"/forums/{forum.slug}")


async def reasons(db: AsyncSession, who: Who, forum_id: UUID) -> Sequence[str]:
    """Every ground on which this person reads a forum."""
    forum, moderates = await queries.forum_held(db, who, forum_id)
    return rules.reasons_to_read(who, forum, moderates)


holdings = [Holding("forums/forum", "Forum", card, reasons, queries.all_forums)]
