"""Which door of the planning opens on what."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from entente import journal
from entente.clock import now
from entente.people.who import Who
from entente.web import pages
from entente.web.requests import house_of, reading_of, who_of
from entente.web.words import DAYS, MONTHS
from planning import rules
from planning.grid import choices, listing, queries
from planning.grid.asked import COOKIE, HOME, VIEWS, Asked
from planning.grid.blocks import Block, by_day
from planning.grid.days import Span, View, day_of
from planning.grid.hours import hours
from planning.grid.queries import Choice
from planning.grid.service import STREAM

ROOM = "planning"
A_DAY = 4
"""Lines of a day of the month; the day itself shows all of them."""
MEMORY = 400 * 24 * 3600


async def planning(request: Request) -> Response:
    """Everything that takes one's time, in the view that one prefers."""
    who, asked = who_of(request), Asked.of(request)
    calendars = request.app.state.calendars
    async with reading_of(request) as db:
        queries.require_look(who)
        streams = [await journal.cursor(db, STREAM)]
        known = await queries.bodies(db)
        if asked.span.view == View.LIST:
            shown = {"listed": await listing.listed(db, who, asked, calendars)}
        else:
            found = await choices.blocks(db, who, asked.chosen, asked.span.period, calendars)
            shown = _shown(asked, found)
    response = pages.page(
        request,
        f"planning/{TEMPLATES[asked.span.view]}.html",
        current=ROOM,
        crumbs=[("Planning", "")],
        streams=streams,
        status=422 if asked.error else 200,
        **head(request, who, asked, known),
        **shown,
    )
    if "vue" in request.query_params or "avec" in request.query_params:
        secure = house_of(request).settings.is_https
        response.set_cookie(COOKIE, asked.remembered, MEMORY, path=HOME, httponly=True, samesite="lax", secure=secure)
    return response


TEMPLATES = {View.MONTH: "month", View.WEEK: "hours", View.DAY: "hours", View.LIST: "list", View.YEAR: "year"}


def head(request: Request, who: Who, asked: Asked, known: Sequence[Choice]) -> dict[str, Any]:
    """Where one is in time, and which calendars there are."""
    today = day_of(now())
    which = asked.chosen.bodies(who)
    span = asked.span
    here = today if span.first <= today < span.after else span.day
    return {
        "asked": asked,
        "span": span,
        "today": today,
        "views": [(words, asked.at(here, view), view == span.view) for view, words in VIEWS.items()],
        "mine": [each for each in known if each.id in who.bodies],
        "others": [each for each in known if each.id not in who.bodies],
        "rooms": [(kind, _words(request, kind)) for kind in queries.overlays(request.app.state.calendars)],
        "watched": "*" if which is None else " ".join(sorted(map(str, which))),
        "may_plan": rules.may_plan(who),
    }


def _words(request: Request, kind: str) -> str:
    name = kind.partition("/")[0]
    titles = {room.name: room.nav[0].title for room in request.app.state.rooms if room.nav}
    return f"Mes {titles.get(name, name).lower()}"


def _shown(asked: Asked, found: list[Block]) -> dict[str, Any]:
    span = asked.span
    clashing = [each for each in found if each.clashes]
    match span.view:
        case View.WEEK | View.DAY:
            return {
                "hours": hours(by_day(found, span.days), now()),
                "clashing": clashing,
                "found": by_day(found, span.days),
            }
        case View.YEAR:
            return {"months": _months(span, by_day(found, span.days)), "clashing": clashing}
    return {
        "weeks": span.weeks,
        "found": by_day(found, span.days),
        "most": A_DAY,
        "day_names": DAYS,
        "clashing": clashing,
    }


def _months(
    span: Span, found: dict[date, list[Block]]
) -> list[tuple[str, date, list[list[tuple[date, list[Block]] | None]]]]:
    """Twelve months by weeks; None where a week belongs to another month."""
    months = []
    for number in range(1, 13):
        month = Span(View.MONTH, date(span.day.year, number, 1))
        weeks = [[(day, found[day]) if day.month == number else None for day in week] for week in month.weeks]
        months.append((MONTHS[number - 1], month.day, weeks))
    return months


routes = [Route(HOME, planning)]
