"""Which door of the printed planning, and of its files, opens on what."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from entente.clock import now
from entente.web import pages
from entente.web.requests import reading_of
from entente.web.words import DAYS, long_date
from planning import doors
from planning.grid import choices
from planning.grid.asked import HOME, Asked
from planning.grid.blocks import Block, by_day
from planning.grid.days import DAY, Period, Span, View, midnight
from planning.sheets import tables

A_YEAR = 365 * DAY


def _period(span: Span) -> tuple[Period, str]:
    """What a list holds: the days that were looked at, or a year from the first one of a list."""
    if span.view != View.LIST:
        only = Span(span.view, span.day)
        return Period(midnight(only.day), midnight(only.following)), only.title
    last = span.day + A_YEAR
    return Period(midnight(span.day), midnight(last)), f"du {long_date(span.day)} au {long_date(last)}"


async def _blocks(request: Request, asked: Asked, period: Period) -> list[Block]:
    who = doors.looking(request)
    async with reading_of(request) as db:
        return await choices.blocks(db, who, asked.chosen, period, request.app.state.calendars)


async def month(request: Request) -> Response:
    """The month on a sheet of paper, with everything that each day holds."""
    asked = Asked.of(request)
    span = Span.around(View.MONTH, asked.span.day)
    found = by_day(await _blocks(request, asked, span.period), span.days)
    return _sheet(request, asked, "month", span.title, weeks=span.weeks, found=found, span=span, day_names=DAYS)


async def by_body(request: Request) -> Response:
    """What each body has before it, body by body."""
    asked = Asked.of(request)
    period, title = _period(asked.span)
    groups = _groups(await _blocks(request, asked, period))
    return _sheet(request, asked, "list", title, groups=groups)


def _groups(blocks: Iterable[Block]) -> list[tuple[str, list[Block]]]:
    """The same by body, in the order of their names; what has none comes last."""
    found: dict[str, list[Block]] = {}
    for block in sorted(blocks, key=lambda each: each.starts):
        found.setdefault(block.body, []).append(block)
    return sorted(found.items(), key=lambda group: (not group[0], group[0]))


def _sheet(request: Request, asked: Asked, template: str, title: str, **more: Any) -> Response:
    back = HOME + replace(asked, after="", before="").query
    return pages.page(
        request,
        f"planning/paper_{template}.html",
        current=doors.ROOM,
        crumbs=[doors.HOME, ("Imprimer", "")],
        status=422 if asked.error else 200,
        title=title,
        at=now(),
        back=back,
        **more,
    )


async def file(request: Request) -> Response:
    """The list, to be saved and opened in a spreadsheet."""
    asked = Asked.of(request)
    blocks = await _blocks(request, asked, _period(asked.span)[0])
    return tables.xlsx(blocks) if request.url.path.endswith(".xlsx") else tables.csv(blocks)


routes = [
    Route("/planning/impression/mois", month),
    Route("/planning/impression/liste", by_body),
    Route("/planning/liste.csv", file),
    Route("/planning/liste.xlsx", file),
]
