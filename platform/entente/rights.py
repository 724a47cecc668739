"""When someone's rights change, their own stream says so, and open pages ask again what they may see."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from sqlalchemy import update
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from entente.db import rows
from entente.ids import Ref
from entente.journal import Entry
from entente.journal import Verb as AnyVerb
from entente.live import Feed, Fragment
from entente.people.models import Person, PersonStatus, Session
from entente.people.who import Who
from entente.prepared import prepared
from entente.rules import NotFound
from entente.work import Work


class Verb(AnyVerb):
    """What can happen to the rights of a person, or to the readers of a thing."""

    RIGHTS_CHANGED = "rights.changed"
    SESSION_ENDED = "session.ended"
    READERS_CHANGED = "readers.changed"
    """Said on the thing's own stream: whoever follows it is asked again."""
    FACE_CHANGED = "face.changed"
    """Said on the person's own stream, for the rooms that keep how someone is called in what they made."""
    BODY_RENAMED = "body.renamed"
    """Said on the body's own stream, for the rooms that show its name where no page asks again: calendars."""


def stream_of_person(person_id: UUID) -> Ref:
    """What concerns one person alone; every page of theirs follows it."""
    return Ref("entente/person", person_id)


async def _is_oneself(_db: AsyncSession, who: Who, person_id: UUID) -> object:
    if who.id != person_id:
        raise NotFound
    return who


person_feed = Feed("entente/person", watch=_is_oneself)


@person_feed.shows(Verb.RIGHTS_CHANGED, Verb.SESSION_ENDED, Verb.FACE_CHANGED)
async def _nothing_to_see(_db: AsyncSession, _entry: Entry) -> Fragment | None:
    """Nothing shows: the hub itself acts on these."""
    return None


async def rights_changed(work: Work, person_id: UUID) -> None:
    """Say that what this person may see has changed: open pages close within 5 s, cookies turn over."""
    await work.db.execute(update(Person).where(col(Person.id) == person_id).values(version=Person.version + 1))
    await work.db.execute(update(Session).where(col(Session.person_id) == person_id).values(is_stale=True))
    work.record(stream_of_person(person_id), Verb.RIGHTS_CHANGED, person_id)


def ask_again(work: Work, people: Iterable[UUID]) -> None:
    """Let the open pages of these people find out what their settings are now."""
    for person_id in people:
        work.record(stream_of_person(person_id), Verb.RIGHTS_CHANGED, person_id)


async def faces_changed(work: Work, person_id: UUID) -> None:
    """Say that others see this person differently: fragments that show them are made again."""
    await work.db.execute(update(Person).where(col(Person.id) == person_id).values(version=Person.version + 1))
    work.record(stream_of_person(person_id), Verb.FACE_CHANGED, person_id)


async def still_hold(db: AsyncSession, who: Who) -> bool:
    """Whether nothing has changed since this person knocked: same rights, same device, active account."""
    if who.session_id is None:
        return False
    return bool((await db.execute(*_version(who.session_id, who.id))).scalar_one_or_none() == who.version)


@prepared
def _version(session_id: UUID, person_id: UUID) -> Any:
    return (
        rows(Person.version)
        .join(Session, col(Session.person_id) == col(Person.id))
        .where(
            col(Session.id) == session_id,
            col(Person.id) == person_id,
            col(Person.status) == PersonStatus.ACTIVE,
        )
    )
