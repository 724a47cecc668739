"""Lists: a page at a time, from a key, with a count, and filters that are addresses."""

from collections.abc import Sequence
from typing import Any, NamedTuple, TypeVar
from urllib.parse import urlencode
from uuid import UUID

from sqlalchemy import ColumnElement, Select, func, select, tuple_
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession
from starlette.requests import Request

from entente.db import rows

PER_PAGE = 50

Kind = TypeVar("Kind")


class Page(NamedTuple):
    """A page of a list: its rows, how many there are in all, and the key from which the next one starts."""

    rows: Sequence[Any]
    total: int
    next: UUID | None


async def page_of(
    db: AsyncSession, query: Select[Any], keys: Sequence[Any], after: UUID | None, newest_first: bool = False
) -> Page:
    """The rows that follow a key, in the order of these columns; the last one is the id."""
    count = (await db.execute(select(func.count()).select_from(query.order_by(None).subquery()))).scalar_one()
    ordered = query.order_by(*(key.desc() if newest_first else key for key in keys))
    if after is not None:
        here = (await db.execute(rows(*keys).where(keys[-1] == after))).one_or_none()
        if here is not None:
            ordered = ordered.where(_beyond(keys, here, newest_first))
    found = (await db.execute(ordered.limit(PER_PAGE + 1))).all()
    shown = found[:PER_PAGE]
    return Page(shown, count, shown[-1].id if len(found) > PER_PAGE else None)


def _beyond(keys: Sequence[Any], here: Sequence[Any], newest_first: bool) -> ColumnElement[bool]:
    types = [key.type for key in keys]
    place = tuple_(*here, types=types)
    return tuple_(*keys, types=types) < place if newest_first else tuple_(*keys, types=types) > place


def like(text: str, *columns: Any) -> ColumnElement[bool]:
    """Whether one of these columns holds these words; % and _ are only letters."""
    sought = text.strip()[:100]
    where: ColumnElement[bool] = col(columns[0]).icontains(sought, autoescape=True)
    for column in columns[1:]:
        where = where | col(column).icontains(sought, autoescape=True)
    return where


def id_in(request: Request, name: str) -> UUID | None:
    """An id given in the address; anything else is as if nothing were given."""
    try:
        return UUID(request.query_params.get(name, ""))
    except ValueError:
        return None


def word_in(request: Request, name: str, words: type[Kind]) -> Kind | None:
    """A word of a closed list given in the address."""
    try:
        return words(request.query_params.get(name, ""))  # type: ignore[call-arg]
    except ValueError:
        return None


def text_in(request: Request, name: str) -> str:
    """A few words given in the address."""
    return request.query_params.get(name, "").strip()[:100]


def address(path: str, **filters: object) -> str:
    """The address of a filtered list; what is empty is left out."""
    kept = {name: str(value) for name, value in filters.items() if value not in (None, "")}
    return f"{path}?{urlencode(kept)}" if kept else path


class Way(NamedTuple):
    """Where a list goes on, starts again, and is exported, with the filters it has."""

    next: str | None
    first: str | None
    export: str


def way(request: Request, page: Page, **filters: object) -> Way:
    """The ways out of this page of a list; its export stands at the same address, ended by `.csv`."""
    path = request.url.path
    return Way(
        address(path, **filters, apres=page.next) if page.next else None,
        address(path, **filters) if id_in(request, "apres") else None,
        address(f"{path}.csv", **filters),
    )
