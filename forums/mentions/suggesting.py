"""What « @ » may become as one types: people who read the forum, then communes and bodies with some of them."""

import asyncio
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from uuid import UUID

from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from entente.db import rows
from entente.people.queries import Face, faces
from entente.people.who import Who
from forums.mentions import names
from forums.mentions.models import Called
from forums.mentions.rules import Handles, Named, slug
from forums.models import Forum, Post

MOST = 8
RECENT_POSTS = 100
"""Whoever spoke last in the thread comes first."""
TIMES, SECONDS = 100, 20.0
"""How often one person may ask: nobody types faster."""


@dataclass(frozen=True)
class Suggestion:
    """One who, or which, may be called."""

    kind: Called
    name: str
    handle: str
    count: int
    """How many people would be told."""
    face: Face | None = None


class Pace:
    """Counts, in this process, how often each person asks."""

    def __init__(self) -> None:
        self._asked: dict[UUID, deque[float]] = {}

    def is_over(self, person_id: UUID) -> bool:
        """Whether this person asks faster than anybody types."""
        at = asyncio.get_running_loop().time()
        self._asked = {who: asked for who, asked in self._asked.items() if at - asked[-1] < SECONDS}
        mine = self._asked.setdefault(person_id, deque(maxlen=TIMES))
        is_over = len(mine) == TIMES and at - mine[0] < SECONDS
        if not is_over:
            mine.append(at)
        return is_over


async def suggestions(
    db: AsyncSession, who: Who, forum: Forum, typed: str, thread_id: UUID | None = None
) -> list[Suggestion]:
    """The few that these letters may begin; with no letter yet, whoever speaks in the thread."""
    known = await names.handles(db)
    handle_of = known.of
    recent = await _recent(db, thread_id) if thread_id else []
    found = sorted(_matching(known, typed, set(recent)), key=lambda each: _rank(each, recent))
    people = [each for each in found if each.kind == Called.PERSON and each.id != who.id]
    readers = await names.readers_among(db, forum, {each.id for each in people})
    people = [each for each in people if each.id in readers][:MOST]
    shown = await faces(db, {each.id for each in people})
    groups = await _groups(db, forum, [each for each in found if each.kind != Called.PERSON])
    # People first, but never alone when a commune or a body would do: each has half of the places at least.
    few = people[: max(MOST - len(groups), MOST // 2)]
    told = [Suggestion(Called.PERSON, each.name, handle_of[each.id], 1, shown[each.id]) for each in few]
    told += [Suggestion(each.kind, each.name, handle_of[each.id], count) for each, count in groups]
    return told[:MOST]


def _matching(known: Handles, typed: str, recent: set[UUID]) -> Iterator[Named]:
    """Those whose name, or one word of it, begins with these letters."""
    prefix, colon, rest = typed.rpartition(":")
    letters = slug(rest)
    for each in {(each.kind, each.id): each for each in known.named.values()}.values():
        if colon and not each.prefix.startswith(slug(prefix)):
            continue
        if letters or colon:
            handle = f"-{slug(each.name)}-{slug(each.alias)}-{each.prefix.rstrip(':')}"
            if f"-{letters}" in handle:
                yield each
        elif each.id in recent:
            yield each


def _rank(each: Named, recent: list[UUID]) -> tuple[int, str]:
    return (recent.index(each.id) if each.id in recent else len(recent), slug(each.name))


async def _recent(db: AsyncSession, thread_id: UUID) -> list[UUID]:
    query = rows(Post.author_id).where(col(Post.thread_id) == thread_id).order_by(col(Post.number).desc())
    return list(dict.fromkeys(row.author_id for row in await db.execute(query.limit(RECENT_POSTS))))


async def _groups(db: AsyncSession, forum: Forum, found: list[Named]) -> list[tuple[Named, int]]:
    counted: dict[tuple[Called, UUID], set[UUID]] = {}
    for kind in (Called.ORGANISATION, Called.BODY):
        ids = [each.id for each in found if each.kind == kind]
        counted |= await names.readers_in(db, forum, kind, ids) if ids else {}
    return [(each, len(counted[each.kind, each.id])) for each in found if (each.kind, each.id) in counted][:MOST]
