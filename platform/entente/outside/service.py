"""What can be done with an outside agenda: one function per verb; a failed reading never takes anything away."""

from datetime import timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID

from sqlalchemy import delete, func, insert, update
from sqlmodel import col, select

from entente.clock import now
from entente.db import rows
from entente.ids import Ref, new_id
from entente.journal import Verb as AnyVerb
from entente.outside.fetching import Tags
from entente.outside.models import EditedSource, NewAddress, OutsideEvent, OutsideSource
from entente.outside.reading import Occurrence, Reading
from entente.outside.rules import MOST_SOURCES, next_time
from entente.rights import stream_of_person
from entente.rules import Invalid, Refused
from entente.work import Work

FETCH = "outside.fetch"
"""Kind of the task that reads one address now."""
PATIENCE = timedelta(minutes=1)
PIECE = 500


class Verb(AnyVerb):
    """What happens to outside agendas, on the stream of their owner."""

    AGENDA_REFRESHED = "agenda.refreshed"
    """Its state, or the times it fills, are others than they were."""


async def follow(work: Work, new: NewAddress) -> OutsideSource:
    """Follow an outside address; it is read right after. Raises Invalid when there are enough."""
    await _require_room(work, new.address)
    made = OutsideSource(person_id=work.who.id, title=new.title, hue=new.hue, address=new.address)
    work.db.add(made)
    _ask(work, made)
    # Not the address: whoever reads the audit would read the agenda.
    work.audit("agenda.followed", Ref("outside/source", made.id), host=made.host)
    return made


async def take_file(work: Work, new: EditedSource, reading: Reading, content: bytes) -> OutsideSource:
    """Keep what a file held; raises Invalid when there are enough."""
    await _require_room(work, "")
    made = OutsideSource(person_id=work.who.id, title=new.title, hue=new.hue)
    work.db.add(made)
    await work.db.flush()
    await keep(work, made, reading, content, Tags())
    work.audit("agenda.imported", Ref("outside/source", made.id), kept=reading.kept)
    return made


async def _require_room(work: Work, address: str) -> None:
    # Two forms at once could each find room for one: eleven agendas harm nobody.
    mine = select(func.count(col(OutsideSource.id))).where(col(OutsideSource.person_id) == work.who.id)
    if (await work.db.exec(mine)).one() >= MOST_SOURCES:
        raise Invalid({"": f"Vous suivez déjà {MOST_SOURCES} agendas\u00a0: retirez ceux qui ne servent plus."})
    if address and (await work.db.exec(mine.where(col(OutsideSource.address) == address))).one():
        raise Invalid({"address": "Vous suivez déjà cet agenda."})


def edit(work: Work, found: OutsideSource, edited: EditedSource) -> None:
    """Give it another name or another colour."""
    found.title, found.hue = edited.title, edited.hue
    work.db.add(found)
    _tell(work, found)


def refresh(work: Work, found: OutsideSource) -> None:
    """Ask for it now; raises Refused for a file, or when it was asked for a moment ago."""
    if not found.address:
        raise Refused("Un fichier se lit une seule fois\u00a0: envoyez sa nouvelle version, puis retirez l’ancienne.")
    if found.is_awaited or (found.succeeded_at and found.succeeded_at > now() - PATIENCE):
        raise Refused("Cet agenda vient d’être lu\u00a0: réessayez dans une minute.")
    _ask(work, found)
    _tell(work, found)


def _ask(work: Work, found: OutsideSource) -> None:
    found.is_awaited = True
    # The round of the house finds it too, were the task to be lost.
    found.due_at = now()
    work.db.add(found)
    work.later(FETCH, {"source": str(found.id)})


async def remove(work: Work, found: OutsideSource) -> None:
    """Forget it and all it filled."""
    await work.db.execute(delete(OutsideEvent).where(col(OutsideEvent.source_id) == found.id))
    await work.db.execute(delete(OutsideSource).where(col(OutsideSource.id) == found.id))
    work.audit("agenda.removed", Ref("outside/source", found.id))
    work.record(stream_of_person(found.person_id), Verb.AGENDA_REFRESHED, found.id)


async def lease(work: Work, ids: list[UUID], length: timedelta) -> list[OutsideSource]:
    """Those of these agendas that are still due, put off so that no other process asks for them meanwhile."""
    taken = (
        update(OutsideSource)
        .where(col(OutsideSource.id).in_(ids), col(OutsideSource.due_at) <= now())
        .values(due_at=now() + length)
        .returning(OutsideSource)
    )
    return list((await work.db.execute(taken)).scalars())


async def keep(work: Work, found: OutsideSource, reading: Reading, content: bytes, tags: Tags) -> None:
    """Replace what it filled by what it fills now; only what changed is written."""
    is_changed = await _replace(work, found, reading.occurrences)
    found.kept, found.skipped = reading.kept, dict(reading.skipped)
    found.read_at, found.digest = now(), digest_of(content)
    await keep_unchanged(work, found, tags, is_changed)


async def keep_unchanged(work: Work, found: OutsideSource, tags: Tags, is_changed: bool = False) -> None:
    """Its server answered, and nothing changed."""
    is_news = is_changed or found.is_awaited or bool(found.error) or found.succeeded_at is None
    found.succeeded_at, found.failures, found.error, found.is_awaited = now(), 0, "", False
    found.etag, found.modified = tags.etag, tags.modified
    found.due_at = next_time(now(), 0) if found.address else None
    work.db.add(found)
    if is_news:
        _tell(work, found)


def note_failure(work: Work, found: OutsideSource, reason: str, pause: timedelta = timedelta()) -> None:
    """It could not be read: all that it filled stays, and its owner sees why."""
    is_news = found.is_awaited or found.error != reason
    found.failures, found.error, found.is_awaited = found.failures + 1, reason[:300], False
    found.due_at = next_time(now(), found.failures, pause)
    work.db.add(found)
    if is_news:
        _tell(work, found)


def digest_of(content: bytes) -> str:
    """What tells one content from another."""
    return sha256(content).hexdigest()


def _tell(work: Work, found: OutsideSource) -> None:
    work.record(stream_of_person(found.person_id), Verb.AGENDA_REFRESHED, found.id)


async def _replace(work: Work, found: OutsideSource, occurrences: list[Occurrence]) -> bool:
    wanted = {_key(each): each for each in occurrences}
    known = {
        _key(row): row.id
        for row in await work.db.execute(
            rows(OutsideEvent.id, *(getattr(OutsideEvent, name) for name in _PARTS)).where(
                col(OutsideEvent.source_id) == found.id
            )
        )
    }
    gone = [id_ for key, id_ in known.items() if key not in wanted]
    for start in range(0, len(gone), PIECE):
        await work.db.execute(delete(OutsideEvent).where(col(OutsideEvent.id).in_(gone[start : start + PIECE])))
    added = [
        {"id": new_id(), "source_id": found.id, "person_id": found.person_id, **each.model_dump()}
        for key, each in wanted.items()
        if key not in known
    ]
    if added:
        await work.db.execute(insert(OutsideEvent), added)
    return bool(gone or added)


_PARTS = ("uid", "recurrence", "begins", "ends", "all_day", "title", "is_busy")


def _key(each: Any) -> tuple[Any, ...]:
    return tuple(getattr(each, part) for part in _PARTS)
