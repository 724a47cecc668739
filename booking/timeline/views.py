"""Which door of the timeline opens on what."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from itertools import groupby
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from sqlmodel import col
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from booking import queries as fleet
from booking import rules, search
from booking.depots import queries as schools
from booking.fleet.models import Unit
from booking.periods import Period, later, length, moment_of, naive
from booking.search import Sought
from booking.timeline import feed, queries
from booking.timeline.queries import Chosen
from booking.timeline.row import Row
from booking.timeline.window import FAR, Scale, Window
from booking.typed import NO_DATE, When, day_of
from booking.views import HOME, NEW, ROOM, address_of
from entente import journal
from entente.clock import now
from entente.rules import NotFound
from entente.web import pages, templates
from entente.web.requests import id_of, reading_of, who_of
from entente.web.words import long_date

PLAN = ("Planning", "/reservations/planning")
SCALE_WORDS = {Scale.DAY: "Jour", Scale.WEEK: "Semaine", Scale.MONTH: "Mois"}
MORNING = 8


@dataclass(frozen=True)
class Asked:
    """What the address of a timeline says, with what is wrong in it."""

    window: Window
    chosen: Chosen = field(default_factory=Chosen)
    as_list: bool = False
    error: str = ""

    @classmethod
    def of(cls, request: Request) -> "Asked":
        """Read an address; whatever is not understood shows the present week, and says so."""
        known = request.query_params
        today, error = naive(now()).date(), ""
        try:
            scale = Scale(known.get("echelle", Scale.WEEK))
        except ValueError:
            scale, error = Scale.WEEK, "Choisissez jour, semaine ou mois."
        try:
            day = day_of(known["le"]) if known.get("le") else today
        except ValueError:
            day, error = today, NO_DATE
        if abs(day - today) > FAR:
            day, error = today, f"Cette date est trop loin\u00a0: 5 ans au plus autour du {long_date(today)}."
        page = known.get("page", "0")
        chosen = Chosen(
            known.get("type", "")[:60],
            _id(known.get("ou", "")),
            _id(known.get("depot", "")),
            known.get("par") == "commune",
            int(page) if page.isascii() and page.isdigit() and len(page) < 4 else 0,
        )
        return cls(Window.around(scale, day), chosen, known.get("vue") == "liste", error)

    @property
    def address(self) -> str:
        """The same question, as an address."""
        chosen = self.chosen
        said = {
            "echelle": self.window.scale,
            "le": self.window.first.isoformat(),
            "type": chosen.type,
            "ou": chosen.place or "",
            "depot": chosen.depot or "",
            "par": "commune" if chosen.by_commune else "",
            "vue": "liste" if self.as_list else "",
            "page": chosen.page or "",
        }
        return f"{PLAN[1]}?{urlencode({key: str(value) for key, value in said.items() if value})}"

    def at(self, day: date, scale: Scale | None = None) -> str:
        """The window of another day, or of another scale."""
        return replace(self, window=Window.around(scale or self.window.scale, day)).address

    def listed(self, as_list: bool) -> str:
        """The same as a grid, or as a list."""
        return replace(self, as_list=as_list).address

    @property
    def whole(self) -> str:
        """The same time, for every unit."""
        return replace(self, chosen=Chosen()).address

    def paged(self, page: int) -> str:
        """Other rows."""
        return replace(self, chosen=replace(self.chosen, page=page)).address


def _id(written: str) -> UUID | None:
    try:
        return UUID(written) if written else None
    except ValueError:
        return UUID(int=0)  # nothing bears it: an empty page says so


async def plan(request: Request) -> Response:
    """Who has what and when: the grid, or the same as a list by day."""
    who, asked = who_of(request), Asked.of(request)
    window, today = asked.window, naive(now()).date()
    async with reading_of(request) as db:
        queries.require_look(who)
        streams = [await journal.cursor(db, window.stream)]
        found, more = await queries.plan(db, who, window, asked.chosen)
        types, lenders, depots = await fleet.types(db), await search.lenders(db), await queries.depots(db)
        vacations = await schools.vacations(db, window.days[0], window.days[-1] + timedelta(days=1))
    offered: dict[str, Sequence[tuple[Any, str]]] = {
        "type": [(each.slug, each.name) for each in types],
        "place": [(each.id, each.name) for each in lenders],
        "depot": depots,
    }
    same_day = today if window.period.starts <= now() < window.period.ends else window.first
    return pages.page(
        request,
        "booking/timeline_list.html" if asked.as_list else "booking/timeline.html",
        current=ROOM,
        crumbs=[HOME, (PLAN[0], "")],
        streams=streams,
        status=422 if asked.error else 200,
        asked=asked,
        window=window,
        vacations=vacations,
        scales=[(SCALE_WORDS[each], asked.at(same_day, each), each == window.scale) for each in Scale],
        today=today,
        type_options=offered["type"],
        place_options=offered["place"],
        depot_options=offered["depot"],
        narrowed=_narrowed(asked.chosen, offered),
        groups=_groups(found, asked.chosen.by_commune),
        root=lambda row: templates.root(feed.shown(row)),
        days=_by_day(window, found) if asked.as_list else [],
        keeps=" ".join(sorted(str(place) for place in rules.managed_by(who))),
        paint=_paint(window, today),
        previous=asked.at(window.before),
        following=asked.at(window.after),
        earlier=asked.paged(asked.chosen.page - 1) if asked.chosen.page else None,
        further=asked.paged(asked.chosen.page + 1) if more else None,
    )


def _narrowed(chosen: Chosen, offered: Mapping[str, Sequence[tuple[Any, str]]]) -> list[str]:
    """What is asked of the rows, in words."""
    asked = [words for name, options in offered.items() for key, words in options if key == getattr(chosen, name)]
    return [*asked, "par commune"] if chosen.by_commune else asked


def _groups(found: Sequence[Row], by_commune: bool) -> list[tuple[str, list[Row]]]:
    return [(name, list(rows)) for name, rows in groupby(found, lambda row: row.owner if by_commune else row.type)]


def _by_day(window: Window, found: Sequence[Row]) -> list[tuple[date, list[tuple[Row, Any]]]]:
    """For each day, what is taken on it, in the order of the rows."""
    days = []
    for day in window.days:
        whole = Window.around(Scale.DAY, day).period
        days.append((day, [(row, each) for row in found for each in row.blocks if each.taken.meets(whole)]))
    return days


def _paint(window: Window, today: date) -> dict[str, str]:
    """Numbers for the page's own style sheet: how many columns, where now is, and which days are weekends."""
    count, at = len(window.slots), window.at(now())
    stripes = []
    if window.scale != Scale.DAY:
        for number, day in enumerate(window.days):
            colour = "var(--today)" if day == today else "var(--rest)" if day.weekday() > 4 else "transparent"
            stripes.append(f"{colour} {number / count:.4%} {(number + 1) / count:.4%}")
    return {
        "slots": str(count),
        "now": f"{at:.4f}" if at is not None else "",
        "days": f"linear-gradient(to right, {', '.join(stripes)})" if stripes else "none",
    }


async def free(request: Request) -> Response:
    """From free time on the plan to the form that takes it, filled in."""
    queries.require_look(who_of(request))
    code, at = request.path_params["code"], request.path_params["at"]
    if "\0" in code:
        raise NotFound
    async with reading_of(request) as db:
        found = await search.sheets(db, col(Unit.code) == code, col(Unit.retired_at).is_(None))
    if not found:
        raise NotFound
    sheet = found[0]
    starts = _moment(at)
    ends = later(starts, timedelta(minutes=max(sheet.type.min_minutes, 4 * 60 if "T" not in at else 60)))
    when = When.showing(Period(starts, ends))
    sought = Sought(what=sheet.type.slug, unit=str(sheet.unit.id), when=when)
    return RedirectResponse(sought.address(NEW), 303)


def _moment(at: str) -> datetime:
    """« 261123 » is that morning, « 261123T14 » is two o'clock."""
    found = re.fullmatch(r"(\d\d)(\d\d)(\d\d)(?:T(\d\d))?", at, re.ASCII)
    if found is None:
        raise NotFound
    try:
        day = date(2000 + int(found[1]), int(found[2]), int(found[3]))
        return moment_of(day, time(int(found[4] or MORNING)))
    except ValueError:
        raise NotFound from None


async def block(request: Request) -> Response:
    """A block of the plan: the reservation, for whoever may see it; who has it and when, for the others."""
    who = who_of(request)
    async with reading_of(request) as db:
        taken, unit, unit_id = await queries.taken(db, who, id_of(request))
        if await queries.is_mine(db, who, taken.reservation_id):
            return RedirectResponse(address_of(taken.reservation_id), 303)
    window = Window.around(Scale.WEEK, naive(taken.period.starts).date())
    return pages.page(
        request,
        "booking/timeline_block.html",
        current=ROOM,
        crumbs=[HOME, PLAN, (unit, "")],
        block=taken,
        unit=unit,
        unit_id=unit_id,
        length=length(taken.period.minutes),
        back=Asked(window).address,
    )


routes = [
    Route(PLAN[1], plan),
    Route("/reservations/r/{code}/{at}", free),
    Route("/reservations/bloc/{id}", block),
]
