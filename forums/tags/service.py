"""What is done with tags: kept by a forum, given to threads."""

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import delete
from sqlalchemy.exc import IntegrityError
from sqlmodel import col, select

from entente.rules import Invalid, NotFound, require
from entente.work import Work
from forums.models import Forum, Thread
from forums.queries import Place, stream_of, stream_of_forum
from forums.service import Verb
from forums.tags import queries, rules
from forums.tags.models import NamedTag, Tag, ThreadTag

TAKEN = "Ce forum a déjà une étiquette de ce nom."
TOO_MANY = f"C’est trop\u00a0: {rules.MOST_ON_THREAD} étiquettes au plus."
FULL = f"Ce forum a déjà {rules.MOST_IN_FORUM} étiquettes\u00a0: supprimez-en une."
UNKNOWN = "Choisissez des étiquettes de ce forum."


async def add_tag(work: Work, forum: Forum, moderates: bool, new: NamedTag) -> Tag:
    """Give a forum one more tag."""
    require(rules.may_keep(work.who, moderates))
    name, slug = _named(new)
    if len(await queries.tags_of(work.db, forum.id)) >= rules.MOST_IN_FORUM:
        raise Invalid({"name": FULL})
    tag = Tag(forum_id=forum.id, slug=slug, name=name)
    work.db.add(tag)
    await _settle(work)
    work.audit("tag.added", stream_of_forum(forum.id), tag=str(tag.id))
    return tag


async def rename_tag(work: Work, forum: Forum, moderates: bool, tag: Tag, named: NamedTag) -> None:
    """Call a tag otherwise; the threads that bear it bear it still."""
    require(rules.may_keep(work.who, moderates))
    name, slug = _named(named)
    if (name, slug) == (tag.name, tag.slug):
        return
    tag.name, tag.slug = name, slug
    work.db.add(tag)
    await _settle(work)
    work.audit("tag.renamed", stream_of_forum(forum.id), tag=str(tag.id))


async def remove_tag(work: Work, forum: Forum, moderates: bool, tag: Tag) -> None:
    """Take a tag away from its forum and from every thread."""
    require(rules.may_keep(work.who, moderates))
    # The tag's row first: nobody gives it to a thread while it goes.
    await work.db.execute(select(Tag.id).where(col(Tag.id) == tag.id).with_for_update())
    await work.db.execute(delete(ThreadTag).where(col(ThreadTag.tag_id) == tag.id))
    await work.db.execute(delete(Tag).where(col(Tag.id) == tag.id))
    work.audit("tag.removed", stream_of_forum(forum.id), tag=str(tag.id))


async def remove_all(work: Work, forum_id: UUID) -> None:
    """The forum itself goes."""
    await work.db.execute(delete(Tag).where(col(Tag.forum_id) == forum_id))


def _named(new: NamedTag) -> tuple[str, str]:
    try:
        return rules.name_of(new.name)
    except ValueError as error:
        raise Invalid({"name": str(error)}) from None


async def _settle(work: Work) -> None:
    """Save now: of two tags that want the same address at once, the constraint decides."""
    try:
        await work.db.flush()
    except IntegrityError as error:
        raise Invalid({"name": TAKEN}) from error


async def bear(work: Work, thread: Thread, chosen: Collection[UUID]) -> None:
    """Give a thread that is being opened its tags."""
    await _check(work, thread.forum_id, chosen)
    work.db.add_all(ThreadTag(thread_id=thread.id, tag_id=tag_id) for tag_id in set(chosen))
    try:
        await work.db.flush()
    except IntegrityError as error:
        # Taken away from the forum since the form was opened.
        raise Invalid({"tags": UNKNOWN}) from error


async def tag_thread(work: Work, place: Place, chosen: Collection[UUID]) -> None:
    """Say by tags what a thread is about."""
    require(rules.may_tag(work.who, place.thread, place.moderates))
    # The thread's row orders those who sort it at the same time.
    locked = select(Thread.id).where(col(Thread.id) == place.thread.id, col(Thread.forum_id) == place.forum.id)
    if (await work.db.exec(locked.with_for_update())).one_or_none() is None:
        raise NotFound
    before = {tag.id for tag in (await queries.tags_on(work.db, [place.thread.id])).get(place.thread.id, [])}
    if before == set(chosen):
        return
    await work.db.execute(delete(ThreadTag).where(col(ThreadTag.thread_id) == place.thread.id))
    await bear(work, place.thread, chosen)
    if place.thread.author_id != work.who.id:
        work.audit(Verb.THREAD_TAGGED, stream_of(place.thread.id), forum=str(stream_of_forum(place.forum.id)))
    work.record(stream_of(place.thread.id), Verb.THREAD_TAGGED, place.thread.id)
    work.record(stream_of_forum(place.forum.id), Verb.THREAD_TAGGED, place.thread.id)


async def _check(work: Work, forum_id: UUID, chosen: Collection[UUID]) -> None:
    if len(set(chosen)) > rules.MOST_ON_THREAD:
        raise Invalid({"tags": TOO_MANY})
    if set(chosen) - {tag.id for tag in await queries.tags_of(work.db, forum_id)}:
        raise Invalid({"tags": UNKNOWN})


async def carry(work: Work, thread_id: UUID, forum_id: UUID) -> None:
    """The thread has moved: it bears the tags of its new forum that have the same address, and no other."""
    known = {tag.slug: tag.id for tag in await queries.tags_of(work.db, forum_id)}
    borne = (await queries.tags_on(work.db, [thread_id])).get(thread_id, [])
    await work.db.execute(delete(ThreadTag).where(col(ThreadTag.thread_id) == thread_id))
    work.db.add_all(ThreadTag(thread_id=thread_id, tag_id=known[tag.slug]) for tag in borne if tag.slug in known)
    await work.db.flush()
