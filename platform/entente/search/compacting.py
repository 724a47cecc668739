"""What SQLite's index of words still holds of words that were written over: gone once its pieces are merged."""

from typing import Any

from sqlalchemy import text

from entente.house import House

COMPACT = "search.compact"
PAGES = 500
"""Merged at once: a short transaction, between which others write."""

_MERGE = text("INSERT INTO search_words (search_words, rank) VALUES ('merge', :pages)")
_CHANGES = text("SELECT total_changes()")


async def compact(house: House, _payload: dict[str, Any]) -> None:
    """Merge the pieces of the index, little by little, until one is left; PostgreSQL sees to it by itself."""
    if not house.settings.is_embedded:
        return
    # Below zero, the first time: all pieces are to become one, however few they are.
    pages = -PAGES
    while await _merge(house, pages):
        pages = PAGES


async def _merge(house: House, pages: int) -> bool:
    async with house.database.writing() as db:
        before = (await db.execute(_CHANGES)).scalar_one()
        await db.execute(_MERGE, {"pages": pages})
        # One change is the question itself.
        return bool((await db.execute(_CHANGES)).scalar_one() - before > 1)
