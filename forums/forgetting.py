"""How the forums forget someone: what they said stays, in the mouth of a person without a name."""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import Table, bindparam, func, or_, update
from sqlmodel import SQLModel, col
from sqlmodel.ext.asyncio.session import AsyncSession

from entente.clock import now
from entente.db import rows
from entente.forgetting.fates import CODE, THING, Fate, Forgets, why
from entente.forgetting.names import GONE, Names
from entente.forgetting.rewriting import holding, rewrite
from entente.live import Verb
from entente.text import TooLong, to_html, uncalled
from entente.work import Work
from forums.attachments.models import Attachment
from forums.faces import drawn_anew
from forums.history.models import Revision
from forums.mentions.models import Call, Called
from forums.mentions.service import links_in
from forums.models import Post, Thread
from forums.purchase.models import Purchase
from forums.queries import stream_of, stream_of_forum
from forums.reactions.models import Reaction

AT_ONCE = 500
SAID = "what was said belongs to the conversation, which would no longer be understood"
DONE = "who did it stays a number, which leads to nobody any more"
FATES = {
    "accepted_answer": Fate(stays=why(DONE, "person_id")),
    "acknowledgement": Fate(stays=why("how many took note of an announcement is proved to its author", "person_id")),
    "atom_address": Fate(gone="person_id", kept=why(CODE, "hash")),
    "attachment": Fate(
        stays=why(SAID, "owner_id"), words="name words", kept=why(CODE, "context label media_type kept")
    ),
    "draft": Fate(gone="person_id", words="title body"),
    "forum": Fate(words="purpose", kept=why(THING, "title") | why(CODE, "slug")),
    "forum_document": Fate(stays=why(SAID, "author_id"), words="title"),
    "forum_document_version": Fate(
        stays=why(SAID, "author_id"), words="changes name", kept=why(CODE, "label media_type kept")
    ),
    "forum_follow": Fate(gone="person_id"),
    "forum_moderator": Fate(gone="person_id"),
    "forum_tag": Fate(kept=why(THING, "name") | why(CODE, "slug")),
    "mention": Fate(gone="person_id", stays=why(DONE, "called_id")),
    "mention_handle": Fate(gone="called_id", own="handle"),
    "post": Fate(stays=why(SAID, "author_id"), own="body html"),
    "post_hiding": Fate(stays=why(DONE, "moderator_id"), words="reason"),
    "post_report": Fate(stays=why(DONE, "person_id"), detached="settled_by", words="words"),
    "post_revision": Fate(stays=why(SAID, "author_id"), own="body"),
    "purchase": Fate(words="need"),
    "purchase_answer": Fate(stays=why("the answer is that of a commune", "person_id")),
    "purchase_lot": Fate(words="name unit"),
    "reaction": Fate(stays=why(SAID, "person_id")),
    "read_mark": Fate(gone="person_id"),
    "thread": Fate(stays=why(SAID, "author_id last_author_id"), own="title closed_reason"),
    "thread_follow": Fate(gone="person_id"),
}


async def then(work: Work, person_id: UUID, names: Names) -> Iterable[UUID]:
    """Posts are written over and made again, threads named anew; every page that shows one starts afresh."""
    shown = await _showing(work.db, person_id)
    titled = await rewrite(work.db, _table(Thread), ["title", "closed_reason"], names)
    posts = [post for post in await _naming(work.db, person_id, names) if await _write_over(work.db, post, names)]
    await drawn_anew(work.db, person_id)
    # What they brought and never posted goes with what nobody took.
    unsent = (col(Attachment.owner_id) == person_id, col(Attachment.post_id).is_(None))
    await work.db.execute(update(Attachment).where(*unsent).values(removed_at=now()))
    shown |= await _places(work.db, [row.id for row in titled] + [post.thread_id for post in posts])
    for thread_id, _ in sorted(shown):
        work.record(stream_of(thread_id), Verb.FACES_CHANGED, person_id)
    for forum_id in sorted({forum_id for _, forum_id in shown}):
        work.record(stream_of_forum(forum_id), Verb.FACES_CHANGED, person_id)
    return {post.id for post in posts} | await _posts_in(work.db, [row.id for row in titled])


class _Naming(NamedTuple):
    """A post that may name someone, and the handles by which it calls them."""

    id: UUID
    thread_id: UUID
    body: str
    html: str
    version: int
    handles: frozenset[str]


def _table(model: type[SQLModel]) -> Table:
    return SQLModel.metadata.tables[str(model.__tablename__)]


async def _showing(db: AsyncSession, person_id: UUID) -> set[tuple[UUID, UUID]]:
    """The threads that show this person, each with its forum."""
    signed = rows(Reaction.post_id).where(col(Reaction.person_id) == person_id)
    said = rows(Post.thread_id).where(or_(col(Post.author_id) == person_id, col(Post.id).in_(signed)))
    query = rows(col(Thread.id), Thread.forum_id)
    found = await db.execute(query.where(or_(col(Thread.author_id) == person_id, col(Thread.id).in_(said))))
    return {(row.id, row.forum_id) for row in found}


async def _places(db: AsyncSession, threads: Sequence[UUID]) -> set[tuple[UUID, UUID]]:
    query = rows(col(Thread.id), Thread.forum_id).where(col(Thread.id).in_(bindparam("some", expanding=True)))
    found: set[tuple[UUID, UUID]] = set()
    for some in _handfuls(sorted(set(threads))):
        found |= {(row.id, row.forum_id) for row in await db.execute(query, {"some": some})}
    return found


async def _posts_in(db: AsyncSession, threads: Sequence[UUID]) -> set[UUID]:
    """The posts of threads whose title has changed: they are found by it."""
    query = rows(col(Post.id)).where(col(Post.thread_id).in_(bindparam("some", expanding=True)))
    found: set[UUID] = set()
    for some in _handfuls(threads):
        found |= set((await db.execute(query, {"some": some})).scalars())
    return found


def _handfuls(ids: Sequence[UUID]) -> Iterator[Sequence[UUID]]:
    return (ids[start : start + AT_ONCE] for start in range(0, len(ids), AT_ONCE))


async def _naming(db: AsyncSession, person_id: UUID, names: Names) -> list[_Naming]:
    calls = (col(Call.kind) == Called.PERSON, col(Call.called_id) == person_id)
    handles: dict[UUID, set[str]] = {}
    for post_id, handle in await db.execute(rows(Call.post_id, Call.handle).where(*calls)):
        handles.setdefault(post_id, set()).add(handle)
    earlier = rows(Revision.post_id).where(holding([_table(Revision).c.body], names))
    calling = rows(Call.post_id).where(*calls)
    holds = holding([_table(Post).c.body], names)
    query = rows(col(Post.id), Post.thread_id, Post.body, Post.html, Post.version)
    which = or_(holds, col(Post.id).in_(earlier), col(Post.id).in_(calling))
    # Held: what someone corrects meanwhile is not written over.
    found = await db.execute(query.where(which).order_by(col(Post.id)).with_for_update())
    return [
        _Naming(row.id, row.thread_id, row.body, row.html, row.version, frozenset(handles.get(row.id, ())))
        for row in found
    ]


async def _write_over(db: AsyncSession, post: _Naming, names: Names) -> bool:
    """Write over the names in a post and in what it said before; returns whether anything changed."""
    body = _without(post.body, post.handles, names)
    is_written = await _write_over_earlier(db, post, names)
    if body == post.body and not post.handles:
        return is_written
    links = await links_in(db, post.id, but=post.handles)
    try:
        html = to_html(body, links)
    except TooLong:
        # Written when a post could hold more.
        html = names.without(post.html)
    # A correction that someone has before their eyes is refused: it would bring the name back.
    changed = update(Post).where(col(Post.id) == post.id)
    await db.execute(changed.values(body=body, html=html, version=Post.version + 1, look=Post.look + 1))
    present = (col(Revision.post_id) == post.id, col(Revision.version) == post.version)
    await db.execute(update(Revision).where(*present).values(version=post.version + 1))
    return True


async def _write_over_earlier(db: AsyncSession, post: _Naming, names: Names) -> bool:
    query = rows(Revision.version, Revision.body).where(col(Revision.post_id) == post.id)
    is_written = False
    for version, said in (await db.execute(query)).all():
        body = _without(said, post.handles, names)
        if body != said:
            is_it = (col(Revision.post_id) == post.id, col(Revision.version) == version)
            await db.execute(update(Revision).where(*is_it).values(body=body))
            is_written = True
    return is_written


def _without(body: str, handles: frozenset[str], names: Names) -> str:
    return names.without(uncalled(body, handles, GONE))


async def obstacles(db: AsyncSession, person_id: UUID) -> Sequence[str]:
    """The group purchases that still run, counted: their titles are not for everybody."""
    mine = (col(Thread.author_id) == person_id, col(Thread.deleted_at).is_(None))
    running = (col(Purchase.closed_at).is_(None), col(Purchase.deadline) > now())
    query = rows(func.count()).select_from(Thread).join(Purchase, col(Purchase.thread_id) == col(Thread.id))
    count = (await db.execute(query.where(*mine, *running))).scalar_one()
    if not count:
        return []
    what = "Un achat groupé ouvert par elle court" if count == 1 else f"{count} achats groupés ouverts par elle courent"
    return [f"{what} encore\u00a0: attendez sa fin, ou faites-le clore par qui modère le forum."]


forgets = Forgets(FATES, obstacles, then)
