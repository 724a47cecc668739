"""The drafts of one person: nobody else's are ever asked for."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import func, or_
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from entente.db import rows
from entente.people.who import Who
from entente.prepared import prepared
from forums.drafts.models import About, Desk, Draft, Sheet, sheet_in
from forums.models import Forum, Post, Thread
from forums.queries import is_readable


def _mine(who: Who) -> Any:
    """The drafts that hold something."""
    return (
        col(Draft.person_id) == who.id,
        col(Draft.ended_at).is_(None),
        or_(col(Draft.body) != "", col(Draft.title) != ""),
    )


async def drafts_for(db: AsyncSession, who: Who, about: About, place_id: UUID) -> Sequence[Draft]:
    """What this person has begun to write there, the latest first."""
    return list((await db.execute(*_begun(who, about, place_id))).scalars())


@prepared
def _begun(who: Who, about: About, place_id: UUID) -> Any:
    query = select(Draft).where(*_mine(who), col(Draft.about) == about, col(Draft.place_id) == place_id)
    return query.order_by(col(Draft.saved_at).desc(), col(Draft.id).desc())


async def desk(
    db: AsyncSession, who: Who, about: About, place_id: UUID, asked: str | None = None, body: str = ""
) -> Desk:
    """The desk as it was left: the draft that is asked for, or the latest; `body` if there is none."""
    sheet = Sheet.fresh(about, place_id)
    found = await drafts_for(db, who, about, place_id)
    if not found:
        return Desk(sheet, body=body)
    shown = next((draft for draft in found if str(draft.id) == asked), found[0])
    return Desk(sheet.over(shown), shown.title, shown.body, shown.saved_at, len(found) - 1)


def desk_again(about: About, place_id: UUID, typed: Mapping[str, Any]) -> Desk:
    """The desk as it came back in a form, on the same sheet."""
    sheet = sheet_in(typed.get("draft"))
    if sheet is None or (sheet.about, sheet.place_id) != (about, place_id):
        sheet = Sheet.fresh(about, place_id)
    title, body = typed.get("title", ""), typed.get("body", "")
    return Desk(sheet, title if isinstance(title, str) else "", body if isinstance(body, str) else "")


async def count(db: AsyncSession, who: Who) -> int:
    """How many drafts this person has."""
    return int((await db.execute(rows(func.count()).select_from(Draft).where(*_mine(who)))).scalar_one())


async def others(db: AsyncSession, who: Who, sheet: Sheet) -> int:
    """How many other drafts of the same thing there are."""
    same = col(Draft.about) == sheet.about, col(Draft.place_id) == sheet.place_id, col(Draft.id) != sheet.id
    return int((await db.execute(rows(func.count()).select_from(Draft).where(*_mine(who), *same))).scalar_one())


class Standing(NamedTuple):
    """How far a draft was written, and since when it is over."""

    turn: int
    ended_at: datetime | None


async def find(db: AsyncSession, who: Who, draft_id: UUID) -> Standing | None:
    """Where a draft stands, over or not; nothing if this window never wrote."""
    query = rows(Draft.turn, Draft.ended_at).where(col(Draft.person_id) == who.id, col(Draft.id) == draft_id)
    found = (await db.execute(query)).first()
    return Standing(*found) if found else None


@dataclass(frozen=True)
class Kept:
    """A draft in its owner's list; where it goes is said to those who may still read it."""

    draft: Draft
    title: str = ""
    address: str = ""


async def drafts_of(db: AsyncSession, who: Who) -> list[Kept]:
    """Everything this person has begun to write, the latest first."""
    query = select(Draft).where(*_mine(who)).order_by(col(Draft.saved_at).desc(), col(Draft.id).desc())
    found = (await db.exec(query)).all()
    places = {about: {draft.place_id for draft in found if draft.about == about} for about in About}
    known = {
        **await _threads(db, who, places[About.ANSWER]),
        **await _forums(db, who, places[About.THREAD]),
        **await _posts(db, who, places[About.EDIT]),
    }
    return [_kept(draft, known.get((draft.about, draft.place_id))) for draft in found]


def _kept(draft: Draft, known: tuple[str, str] | None) -> Kept:
    if known is None:
        return Kept(draft)
    title, address = known
    separator = "&" if "?" in address else "?"
    foot = "#composer" if draft.about == About.ANSWER else ""
    return Kept(draft, title, f"{address}{separator}brouillon={draft.id}{foot}")


_Known = dict[tuple[str, UUID], tuple[str, str]]


async def _threads(db: AsyncSession, who: Who, ids: set[UUID]) -> _Known:
    query = rows(col(Thread.id), Thread.title).join(Forum, col(Forum.id) == col(Thread.forum_id))
    found = await db.execute(query.where(col(Thread.id).in_(ids), col(Thread.deleted_at).is_(None), is_readable(who)))
    return {(About.ANSWER, row.id): (row.title, f"/forums/fils/{row.id}?depuis=fin") for row in found}


async def _forums(db: AsyncSession, who: Who, ids: set[UUID]) -> _Known:
    found = await db.execute(
        rows(col(Forum.id), Forum.title, Forum.slug).where(col(Forum.id).in_(ids), is_readable(who))
    )
    return {(About.THREAD, row.id): (row.title, f"/forums/{row.slug}/nouveau") for row in found}


async def _posts(db: AsyncSession, who: Who, ids: set[UUID]) -> _Known:
    query = (
        rows(col(Post.id), Thread.title)
        .join(Thread, col(Thread.id) == col(Post.thread_id))
        .join(Forum, col(Forum.id) == col(Thread.forum_id))
        .where(col(Post.id).in_(ids), col(Post.author_id) == who.id, col(Post.deleted_at).is_(None))
        .where(col(Thread.deleted_at).is_(None), is_readable(who))
    )
    return {(About.EDIT, row.id): (row.title, f"/forums/messages/{row.id}/modifier") for row in await db.execute(query)}
