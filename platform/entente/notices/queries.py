"""What someone is told, and how many notices they have not read."""

from collections.abc import Collection, Sequence
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Uuid, bindparam, func, text
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from entente.db import rows
from entente.ids import Ref
from entente.journal import UNBORN, Cursor
from entente.notices.models import Notice
from entente.people.who import Who
from entente.prepared import prepared
from entente.rights import stream_of_person
from entente.telling import Tellers, Told

MANY = 100
"""Beyond, a bell does not count."""


class Bell(NamedTuple):
    """How many notices wait for someone, as of this place in their own stream."""

    unread: int
    cursor: Cursor


async def bell_of(db: AsyncSession, person_id: UUID) -> Bell:
    """What the bell of a page shows, and from where that page follows it: one question, one moment."""
    stream = stream_of_person(person_id)
    row = (await db.execute(_BELL, {"person": person_id, "stream": str(stream), "many": MANY})).one()
    return Bell(row.unread, Cursor(stream, row.epoch or UNBORN, row.position or 0))


_BELL = text(
    "SELECT (SELECT count(*) FROM (SELECT 1 FROM notice WHERE person_id = :person AND read_at IS NULL LIMIT :many) "
    "AS few) AS unread, (SELECT position FROM stream WHERE name = :stream) AS position, "
    "(SELECT epoch FROM stream WHERE name = :stream) AS epoch"
).bindparams(bindparam("person", type_=Uuid()))


async def unread(db: AsyncSession, person_id: UUID) -> int:
    """How many notices wait for someone; no more than a bell counts."""
    few = rows(col(Notice.id)).where(col(Notice.person_id) == person_id, col(Notice.read_at).is_(None)).limit(MANY)
    return int((await db.execute(rows(func.count()).select_from(few.subquery()))).scalar_one())


async def unread_about(db: AsyncSession, person_id: UUID, about: Ref) -> list[Ref]:
    """What someone was told about a thing and has not read."""
    return [Ref.parse(subject) for subject in (await db.execute(*_unread_about(person_id, str(about)))).scalars()]


@prepared
def _unread_about(person_id: UUID, about: str) -> Any:
    mine = (col(Notice.about) == about, col(Notice.person_id) == person_id, col(Notice.read_at).is_(None))
    return rows(Notice.subject).where(*mine)


async def tell(
    db: AsyncSession, tellers: Tellers, who: Who, notices: Sequence[Notice]
) -> tuple[dict[UUID, Told], list[UUID]]:
    """What each notice says to this person now, and those that say nothing any more: one question per kind."""
    told = await tell_refs(db, tellers, who, [Ref.parse(notice.subject) for notice in notices])
    seen = {notice.id: told[notice.subject] for notice in notices if notice.subject in told}
    return seen, [notice.id for notice in notices if notice.id not in seen]


async def tell_refs(db: AsyncSession, tellers: Tellers, who: Who, refs: Sequence[Ref]) -> dict[str, Told]:
    """What this person may know of each of these things; a kind that no room tells says nothing."""
    told: dict[str, Told] = {}
    for kind in sorted({ref.kind for ref in refs} & set(tellers)):
        answers = await tellers[kind](db, who, {ref.id for ref in refs if ref.kind == kind})
        told |= {str(Ref(kind, id_)): each for id_, each in answers.items()}
    return told


async def told_about(db: AsyncSession, kind: str, ids: Collection[UUID]) -> list[UUID]:
    """Everyone who was told of something about one of these things."""
    # Read from the notices' side: a forum holds more threads than anyone was told about.
    query = rows(Notice.about, Notice.person_id).where(col(Notice.about).like(f"{kind}/%")).distinct()
    return sorted({row.person_id for row in await db.execute(query) if Ref.parse(row.about).id in ids})
