"""Making the index again from what rooms hold, while the house is open, from where it was interrupted if it was."""

from collections.abc import Callable, Sequence
from uuid import UUID

from sqlalchemy import delete, func
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from entente.clock import now
from entente.db import rows
from entente.house import House
from entente.search import french, index
from entente.search.findable import Findable
from entente.search.models import SearchDocument, SearchState

Tell = Callable[[int], None]
"""Hears how many more things were read."""


async def rebuild(house: House, findable: Findable, tell: Tell = lambda _: None) -> None:
    """Read everything of one kind again, a batch at a time: searches and writers go on meanwhile."""
    async with house.working(None) as work:
        await index.take_turn(work.db)
        await _begin(work.db, findable)
    while True:
        async with house.working(None) as work:
            count = await _step(work.db, findable)
        tell(count)
        if not count:
            return


async def fill(db: AsyncSession, findable: Findable) -> None:
    """The same in the transaction that is open: for a house that is being filled."""
    await _begin(db, findable)
    while await _step(db, findable):
        pass


async def _begin(db: AsyncSession, findable: Findable) -> None:
    state = await db.get(SearchState, findable.kind)
    if state is None:
        state = SearchState(subject_kind=findable.kind, analysis=french.ANALYSIS)
    elif state.done_at is not None or state.analysis != french.ANALYSIS:
        state.analysis, state.reached, state.done_at = french.ANALYSIS, None, None
    db.add(state)
    await db.flush()


async def _step(db: AsyncSession, findable: Findable) -> int:
    """One batch: what is there is written, what is there no longer goes."""
    # The turn comes before the reading: what is posted meanwhile is indexed after, and not taken for a leftover.
    await index.take_turn(db)
    state = await db.get_one(SearchState, findable.kind)
    ids = await findable.all(db, state.reached, index.BATCH)
    await _forget(db, findable, state.reached, ids)
    if ids:
        await index.renew(db, findable, ids)
        state.reached = ids[-1]
    else:
        state.reached, state.done_at = None, now()
    db.add(state)
    await db.flush()
    return len(ids)


async def _forget(db: AsyncSession, findable: Findable, after: UUID | None, ids: Sequence[UUID]) -> None:
    """Remove the documents of things that no longer exist at all, up to the last of these ids or to the end."""
    subject = col(SearchDocument.subject_id)
    gone = delete(SearchDocument).where(col(SearchDocument.subject_kind) == findable.kind)
    if after is not None:
        gone = gone.where(subject > after)
    if ids:
        gone = gone.where(subject <= ids[-1], subject.not_in(ids))
    await db.execute(gone)


async def behind(db: AsyncSession, findable: Findable) -> int:
    """How many things cannot be found yet, or can no longer and are still there; all of them before any making."""
    state = await db.get(SearchState, findable.kind)
    held = await findable.count(db)
    if state is not None and state.analysis != french.ANALYSIS:
        return held
    documents = rows(func.count()).select_from(SearchDocument).where(
        col(SearchDocument.subject_kind) == findable.kind
    )  # fmt: skip
    return abs(held - int((await db.execute(documents)).scalar_one()))
