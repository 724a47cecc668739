"""What can be done with a draft: kept, ended, forgotten; all inside the caller's transaction.

Each window writes a draft of its own, in turns that only grow, so two windows never write over each other and a
save that comes late or twice says nothing new. Whoever goes on from another window's draft takes it over with
the first save, unless it has moved since: then both stay.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import delete, update
from sqlmodel import col

from entente.clock import now
from entente.db import inserting
from entente.rules import Conflict, NotFound
from entente.work import Work
from forums.drafts import queries
from forums.drafts.models import Draft, Saved, Sheet, sheet_in

KEPT_DAYS = 90
MOST_DRAFTS = 200
TOO_MANY = (
    "Vous avez déjà 200\u00a0brouillons\u00a0: supprimez-en dans «\u00a0Mes brouillons\u00a0» pour en garder un autre."
)


class Outcome(NamedTuple):
    """What became of a save: on what to go on writing, and when the text was posted or discarded, if it was before."""

    sheet: Sheet
    ended_at: datetime | None = None

    @property
    def is_over(self) -> bool:
        """Whether the text was posted or discarded already."""
        return self.ended_at is not None


async def save(work: Work, saved: Saved) -> Outcome:
    """Keep the text as it stands; never over a text from another window."""
    sheet = saved.draft
    is_new = await queries.find(work.db, work.who, sheet.id) is None
    if is_new and await queries.count(work.db, work.who) >= MOST_DRAFTS:
        raise Conflict(TOO_MANY)
    outcome = await _write(work, sheet, {"title": saved.title, "body": saved.body, "ended_at": None})
    if sheet.over_id and not outcome.is_over:
        await _end(work, sheet.over_id, sheet.over_turn)
    return outcome


async def _write(work: Work, sheet: Sheet, said: Mapping[str, object]) -> Outcome:
    """Write a turn of a draft, unless a later one came first; what was typed after its end begins the next draft."""
    while True:
        values = {"turn": sheet.turn, "saved_at": now(), **said}
        new = inserting(work.db, Draft).values(
            person_id=work.who.id, id=sheet.id, about=sheet.about, place_id=sheet.place_id, **values
        )
        # One statement decides between a save, a later one that came first, and the post that ends the draft, which
        # ends the very turn it sends.
        written = new.on_conflict_do_update(
            index_elements=["person_id", "id"],
            set_=values,
            where=col(Draft.ended_at).is_(None) & (col(Draft.turn) < sheet.turn + bool(said["ended_at"])),
        )
        if (await work.db.execute(written.returning(col(Draft.id)))).first() is not None:
            return Outcome(sheet)
        standing = await queries.find(work.db, work.who, sheet.id)
        if standing is None:  # forgotten at this very moment
            continue
        if standing.turn >= sheet.turn:
            return Outcome(sheet, standing.ended_at)
        sheet = sheet.after()


async def posted(work: Work, typed: Mapping[str, str]) -> datetime | None:
    """End the draft of a text that is being posted, in the same transaction; no other, even of the same thread.

    Returns when it had ended before, if it had: the text was discarded elsewhere, or this form has come twice.
    """
    sheet = sheet_in(typed.get("draft"))
    if sheet is None:
        return None
    ended_before = None
    if sheet.turn or not await _end(work, sheet.id):
        # Even if no save has come yet: one may be on its way, or this very form once more.
        ended_before = (await _write(work, sheet, {"title": "", "body": "", "ended_at": now()})).ended_at
    if sheet.over_id:
        await _end(work, sheet.over_id, sheet.over_turn)
    return ended_before


async def _end(work: Work, draft_id: UUID, turn: int | None = None) -> bool:
    """End a draft; if it was read at a turn, only while it stands there: the row decides who goes on from it."""
    ending = (
        update(Draft)
        .where(col(Draft.person_id) == work.who.id, col(Draft.id) == draft_id, col(Draft.ended_at).is_(None))
        .values(ended_at=now(), title="", body="")
    )
    if turn is not None:
        ending = ending.where(col(Draft.turn) == turn)
    return (await work.db.execute(ending.returning(col(Draft.id)))).first() is not None


async def discard(work: Work, draft_id: UUID) -> None:
    """Throw away a draft of one's own."""
    if not await _end(work, draft_id):
        raise NotFound


async def start_again(work: Work, sheet: Sheet) -> None:
    """Throw away what a form shows, whichever window wrote it."""
    for id_ in (sheet.id, sheet.over_id):
        if id_:
            await _end(work, id_)


async def keep(work: Work, saved: Saved) -> Sheet:
    """Keep a text because a button asks for it; a page shown twice writes two drafts rather than lose one."""
    sheet = saved.draft._replace(turn=saved.draft.turn + 1)
    found = await queries.find(work.db, work.who, sheet.id)
    if found and found.turn >= sheet.turn:
        sheet = Sheet.fresh(sheet.about, sheet.place_id)._replace(turn=1)
    return (await save(work, saved.model_copy(update={"draft": sheet}))).sheet


async def sweep(work: Work) -> None:
    """Forget drafts that nobody came back to, and the names of those that ended."""
    await work.db.execute(delete(Draft).where(col(Draft.saved_at) < now() - timedelta(days=KEPT_DAYS)))
