"""Writing over the names of someone in the words of everybody, table by table."""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import JSON, ColumnElement, Table, Text, and_, cast, false, or_, select, true, update
from sqlmodel.ext.asyncio.session import AsyncSession

from entente.forgetting.names import Names


async def rewrite(db: AsyncSession, table: Table, columns: Iterable[str], names: Names) -> list[Any]:
    """Write over the names in these columns of words; returns the rows that changed, each as it was."""
    written = [table.c[name] for name in columns]
    changed = []
    # Held: what someone corrects meanwhile is not written over.
    held = select(table).where(holding(written, names)).with_for_update()
    for row in (await db.execute(held)).all():
        new = {each.name: _bounded(each, names.without_any(row._mapping[each])) for each in written}
        if any(value != row._mapping[name] for name, value in new.items()):
            is_it = [key == row._mapping[key] for key in table.primary_key.columns]
            await db.execute(update(table).where(*is_it).values(new))
            changed.append(row)
    return changed


def holding(columns: Sequence[Any], names: Names) -> ColumnElement[bool]:
    """Whether a row may hold one of the names: never false for one that does."""
    texts = [cast(each, Text) if isinstance(each.type, JSON) else each for each in columns]
    return or_(false(), *(_holds(text, hints) for text in texts for hints in names.hints))


def _holds(text: Any, hints: Sequence[str]) -> ColumnElement[bool]:
    return and_(true(), *(text.icontains(hint, autoescape=True) for hint in hints))


def _bounded(column: Any, value: Any) -> Any:
    # « (personne partie) » is longer than some names: a column holds so much.
    length = getattr(column.type, "length", None)
    return value[:length] if length and isinstance(value, str) else value
