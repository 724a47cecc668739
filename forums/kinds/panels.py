"""What the kind of a thread shows at its head: living fragments for all, and what one person may do."""

from markupsafe import Markup
from sqlmodel.ext.asyncio.session import AsyncSession

from entente.people.who import Who
from entente.web.templates import render, root
from forums.kinds import feed, queries, rules
from forums.models import Kind
from forums.purchase import screens
from forums.queries import Place


async def panel(db: AsyncSession, who: Who, place: Place) -> Markup:
    """The head of a thread of this kind, for this person; nothing for a discussion."""
    thread = place.thread
    match thread.kind:
        case Kind.QUESTION:
            return root(feed.resolution(thread.id, await queries.settled_by(db, thread.id)))
        case Kind.ANNOUNCEMENT:
            return await _announcement(db, who, place)
        case Kind.PURCHASE:
            return await screens.panel(db, who, place)
        case _:
            return Markup()


async def _announcement(db: AsyncSession, who: Who, place: Place) -> Markup:
    found = await queries.announcement(db, place.thread.id)
    if found is None:
        return Markup()
    return root(feed.counter(found)) + await mine(db, who, place)


async def mine(db: AsyncSession, who: Who, place: Place) -> Markup:
    """What this person has said of an announcement, or the button that says it."""
    known = {
        "thread_id": place.thread.id,
        "at": await queries.taken_note(db, who, place.thread.id),
        "is_author": place.thread.author_id == who.id,
        "follows": rules.may_follow_acknowledgements(who, place.thread, place.moderates),
    }
    return render("forums/kinds/_mine.html", known)
