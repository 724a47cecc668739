"""What one's other devices show of one's own choices: made for one person, on their own stream."""

from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from entente.ids import Ref
from entente.journal import Entry
from entente.live import Fragment
from entente.rights import person_feed
from forums.following import queries, words
from forums.following.models import Level
from forums.following.queries import Wish
from forums.following.service import Verb
from forums.models import Forum, Thread

MENU = "forums/_follow.html"


def thread_menu(thread_id: UUID, wish: Wish) -> Fragment:
    """How much one is told of a thread, and what else one may choose."""
    return _menu(
        thread_id,
        f"/forums/fils/{thread_id}/suivi",
        "ce fil",
        wish.effective.level,
        words.why(wish.effective),
        words.choices_for_thread(wish.chosen is not None),
    )


def forum_menu(forum: Forum, level: Level) -> Fragment:
    """How much one is told of a forum in general."""
    return _menu(forum.id, f"/forums/{forum.slug}/suivi", "ce forum", level, "", words.choices_for_forum())


def _menu(id_: UUID, address: str, what: str, level: Level, why: str, choices: list[words.Choice]) -> Fragment:
    context = {
        "id": id_,
        "address": address,
        "what": what,
        "level": level,
        "title": words.TITLES[level],
        "symbol": words.SYMBOLS[level],
        "why": why,
        "choices": choices,
    }
    return Fragment(MENU, "replace", f"follow-{id_}", context)


@person_feed.shows(Verb.THREAD_FOLLOWED)
async def thread_followed(db: AsyncSession, entry: Entry) -> Fragment | None:
    """The menu of the thread as its reader last chose."""
    thread = await db.get(Thread, entry.subject_id)
    if thread is None:
        return None
    return thread_menu(thread.id, await queries.wish_for_thread(db, Ref.parse(entry.stream).id, thread))


@person_feed.shows(Verb.FORUM_FOLLOWED)
async def forum_followed(db: AsyncSession, entry: Entry) -> Fragment | None:
    """The menu of the forum as its reader last chose."""
    forum = await db.get(Forum, entry.subject_id)
    if forum is None:
        return None
    return forum_menu(forum, await queries.level_for_forum(db, Ref.parse(entry.stream).id, forum.id))
