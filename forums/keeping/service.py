"""What can be done to a forum itself: one function per verb, all inside the caller's transaction."""

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID
from zlib import crc32

from sqlalchemy import delete
from sqlalchemy.exc import IntegrityError
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from entente.people.models import Body, Group
from entente.rights import Verb
from entente.rules import Conflict, Invalid, require
from entente.work import Work
from forums.atom import service as addresses
from forums.keeping import queries
from forums.keeping.models import BODY_TO_CHOOSE, GROUP_TO_CHOOSE, KeptForum
from forums.models import Forum, Moderator
from forums.queries import stream_of_forum, stream_of_readers
from forums.tags import service as tags

TAKEN = "Un autre forum a déjà cette adresse\u00a0: écrivez-en une autre."
NOT_EMPTY = "Ce forum contient des fils, peut-être retirés\u00a0: il ne peut plus être supprimé."
READERS = frozenset({"reading", "body_id", "group_id", "function", "moderators"})
"""What decides who may read a forum."""


async def create_forum(work: Work, new: KeptForum) -> Forum:
    """Open a new place to talk, at the foot of the list."""
    require(work.who.is_administrator)
    moderators = await _asked_of(work.db, new)
    place = await queries.last_place(work.db)
    forum = Forum(**said_of(new), hue=crc32(new.slug.encode()) % 360, place=place)
    work.db.add(forum)
    await _settle(work.db)
    await _name(work.db, forum.id, moderators)
    work.audit("forum.created", stream_of_forum(forum.id), reading=str(new.reading))
    return forum


async def edit_forum(work: Work, forum: Forum, edited: KeptForum) -> None:
    """Change what is said of a forum; when its readers change, open pages ask again what they may see."""
    require(work.who.is_administrator)
    moderators = await _asked_of(work.db, edited)
    before = set(await queries.moderators_of(work.db, forum.id))
    changed = [name for name, value in said_of(edited).items() if getattr(forum, name) != value]
    for name in changed:
        setattr(forum, name, getattr(edited, name))
    await _settle(work.db)
    if before != set(moderators):
        changed.append("moderators")
        await _nobody_keeps(work.db, forum.id)
        await _name(work.db, forum.id, moderators)
    if changed:
        work.audit("forum.edited", stream_of_forum(forum.id), changed=sorted(changed))
    if READERS & set(changed):
        _readers_changed(work, forum)


async def delete_forum(work: Work, forum: Forum) -> None:
    """Remove a forum in which nothing was ever said."""
    require(work.who.is_administrator)
    if await queries.has_threads(work.db, forum.id):
        raise Conflict(NOT_EMPTY)
    await _nobody_keeps(work.db, forum.id)
    await tags.remove_all(work, forum.id)
    await addresses.forget(work, forum.id)
    await work.db.delete(forum)
    work.audit("forum.deleted", stream_of_forum(forum.id))
    _readers_changed(work, forum)


def _readers_changed(work: Work, forum: Forum) -> None:
    for stream in (stream_of_forum(forum.id), stream_of_readers(forum.id)):
        work.record(stream, Verb.READERS_CHANGED, forum.id)


def said_of(forum: Forum | KeptForum) -> dict[str, Any]:
    """What the form says of a forum, its moderators aside."""
    return {name: getattr(forum, name) for name in KeptForum.model_fields if name != "moderators"}


async def _asked_of(db: AsyncSession, kept: KeptForum) -> list[UUID]:
    """Those who are to keep the peace, once everything that the form names is known to exist."""
    errors: dict[str, str] = {}
    if kept.body_id and await db.get(Body, kept.body_id) is None:
        errors["body_id"] = BODY_TO_CHOOSE
    if kept.group_id and await db.get(Group, kept.group_id) is None:
        errors["group_id"] = GROUP_TO_CHOOSE
    people = await queries.people_at(db, kept.moderators)
    unknown = [address for address in kept.moderators if address not in people]
    if unknown:
        errors["moderators"] = _unknown(unknown)
    if errors:
        raise Invalid(errors)
    return list(people.values())


def _unknown(addresses: Sequence[str]) -> str:
    return f"Personne n’a l’adresse {', '.join(addresses[:3])}\u00a0: invitez d’abord cette personne."


async def _name(db: AsyncSession, forum_id: UUID, people: Iterable[UUID]) -> None:
    db.add_all(Moderator(forum_id=forum_id, person_id=person_id) for person_id in people)
    await db.flush()


async def _nobody_keeps(db: AsyncSession, forum_id: UUID) -> None:
    await db.execute(delete(Moderator).where(col(Moderator.forum_id) == forum_id))


async def _settle(db: AsyncSession) -> None:
    """Save now: of two forums that want the same address at once, the constraint decides."""
    try:
        await db.flush()
    except IntegrityError as error:
        # The first line names the constraint; what follows repeats what was typed.
        if "slug" in str(error.orig).split("\n", 1)[0]:
            raise Invalid({"slug": TAKEN}) from None
        raise
