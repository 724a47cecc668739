"""How other rooms open a conversation here about one of their things, or make a thing of what is said here."""

from collections.abc import Sequence
from uuid import UUID

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from entente.ids import Ref
from entente.people.who import Who
from entente.rules import NotFound
from entente.talks import Said, Talks
from entente.text import excerpt
from entente.work import Work
from forums import queries, service
from forums.models import Forum, NewThread

MOST_QUOTED = 3_000


async def places(db: AsyncSession, who: Who) -> Sequence[tuple[str, str]]:
    """The forums where this person may open a thread, in their order."""
    query = select(Forum).where(queries.is_readable(who)).order_by(col(Forum.place), col(Forum.title))
    return [(str(forum.id), forum.title) for forum in await db.exec(query)]


async def open_thread(work: Work, place: UUID, title: str, body: str) -> Ref:
    """Start a thread in a forum that this person reads."""
    query = select(Forum, queries.is_moderated_by(work.who)).where(
        queries.is_readable(work.who), col(Forum.id) == place
    )
    found = (await work.db.exec(query)).one_or_none()
    if found is None:
        raise NotFound
    forum, moderates = found
    thread = await service.open_thread(work, forum, moderates, NewThread(title=title, body=body))
    return queries.stream_of(thread.id)


async def said(db: AsyncSession, who: Who, post_id: UUID) -> Said:
    """The words of a message that this person reads."""
    post, place = await queries.post_for(db, who, post_id)
    shown = await queries.shown_post(db, post.id)
    return Said(
        queries.stream_of(place.thread.id),
        place.thread.title,
        excerpt(post.body, MOST_QUOTED),
        shown.author.name if shown else "",
    )


talks = Talks(places, open_thread, said)
