"""The door of the search."""

from collections.abc import Sequence
from typing import Any, NamedTuple
from uuid import UUID

from markupsafe import Markup
from sqlmodel.ext.asyncio.session import AsyncSession
from starlette.requests import Request
from starlette.responses import Response

from entente.finder import rules
from entente.finder.rules import PER_PAGE, Sought
from entente.people.who import Who
from entente.room import Room
from entente.search import queries
from entente.search.excerpts import excerpt, marked
from entente.search.findable import Find, Findable, Known
from entente.search.queries import MOST, Answers
from entente.search.ranking import Hit, grouped, in_order
from entente.web import pages
from entente.web.requests import reading_of, who_of
from entente.web.words import plural

HERE = "/recherche"


class Shown(NamedTuple):
    """A result on the page."""

    find: Find
    title: Markup
    excerpt: Markup
    others: str
    """How many more answer in the same place, in words."""


async def search(request: Request) -> Response:
    """What answers, among what this person may read."""
    who, rooms = who_of(request), _rooms(request)
    findables = [findable for room in rooms for findable in room.finds]
    sought = rules.read(request.query_params, findables)
    errors = rules.errors_in(sought, findables, who)
    async with reading_of(request) as db:
        found = Answers()
        if not errors:
            answering = rules.answering(findables, sought)
            found = await queries.find(db, who, sought.asked, answering, sought.chosen)
        hits = grouped(in_order(sought.asked, found.candidates, sought.by_date))
        first = (sought.page - 1) * PER_PAGE
        shown = await _shown(db, findables, sought, hits[first : first + PER_PAGE])
        known = await _known(db, who, rooms, sought)
        fields = [
            (each, await each.choices(db, who) if each.choices else ()) for each in rules.filters_of(findables)
        ]  # fmt: skip
    return pages.page(
        request,
        "finder/search.html",
        current="search",
        crumbs=[("Recherche", "")],
        status=422 if errors else 200,
        sought=sought,
        found=found,
        hits=hits,
        most=MOST,
        shown=shown,
        known=known,
        fields=[(each, choices) for each, choices in fields if choices or not each.choices or each.name in errors],
        errors=errors,
        counted=_counted(findables, found, hits),
        **_ways(sought, len(hits)),
    )


def _rooms(request: Request) -> Sequence[Room]:
    rooms: Sequence[Room] = request.app.state.rooms
    return rooms


async def _shown(
    db: AsyncSession, findables: Sequence[Findable], sought: Sought, hits: Sequence[Hit]
) -> list[Shown]:  # fmt: skip
    """The results of the page, read from where they live: an index says where, never what."""
    finds: dict[tuple[str, UUID], Find] = {}
    for findable in findables:
        ids = [hit.subject_id for hit in hits if hit.kind == findable.kind]
        if ids:
            finds.update({(findable.kind, each.subject_id): each for each in await findable.shown(db, ids)})
    labels = {findable.kind: findable.label for findable in findables}
    words = set(sought.asked.words)
    return [
        Shown(find, marked(find.title, words), excerpt(find.text, words), _others(hit, labels[hit.kind]))
        for hit in hits
        if (find := finds.get((hit.kind, hit.subject_id)))
    ]


def _others(hit: Hit, label: tuple[str, str]) -> str:
    others = hit.answers - 1
    return f"et {others}\u00a0autre{'s' if others > 1 else ''} {label[others > 1]}" if others else ""


async def _known(db: AsyncSession, who: Who, rooms: Sequence[Room], sought: Sought) -> list[Known]:
    """Names that answer, on the first page of a question without filters."""
    if sought.asked.is_empty or sought.chosen or sought.page > 1:
        return []
    return [
        known for room in rooms if room.looks_up for known in await room.looks_up(db, who, sought.asked.text.split())
    ]


def _counted(findables: Sequence[Findable], found: Answers, hits: Sequence[Hit]) -> str:
    """« 12 fils, 34 messages », as far as they were counted."""
    parts: list[str] = []
    for findable in findables:
        groups = sum(hit.kind == findable.kind for hit in hits)
        if groups:
            more = "plus de " if found.is_bounded else ""
            each = sum(one.kind == findable.kind for one in found.candidates)
            # What is shown alone, and not with others of its kind, is counted once.
            parts += [plural(groups, *findable.groups)] if findable.groups != findable.label else []
            parts.append(more + plural(each, *findable.label))
    return ", ".join(parts)


def _ways(sought: Sought, count: int) -> dict[str, Any]:
    """The addresses of the page: the other order, the pages before and after, the same without filters."""
    pages_count = -(-count // PER_PAGE)
    is_first = sought.page == 1
    return {
        "by_relevance": sought.address(HERE, by_date=False),
        "by_date": sought.address(HERE, by_date=True),
        "unfiltered": sought.address(HERE, filtered=False),
        "next": sought.address(HERE, page=sought.page + 1) if sought.page < pages_count else None,
        "previous": None if is_first else sought.address(HERE, page=min(sought.page, pages_count + 1) - 1),
    }
