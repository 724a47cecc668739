"""Which door of the figures opens on what."""

import csv
import io
import re
from base64 import b64encode
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from hashlib import sha256
from html import unescape

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from booking.figures import plots, queries
from booking.figures.queries import Figures
from booking.periods import naive
from booking.typed import NO_DATE, day_of
from booking.views import HOME, ROOM
from entente.clock import now
from entente.rules import NotFound
from entente.web import pages
from entente.web.requests import reading_of, who_of

PAGE = "/reservations/chiffres"
MOST_DAYS = 366
PLOTS: dict[str, Callable[[Figures], bytes]] = {
    "occupation": lambda found: plots.occupancy(found.units),
    "usage": lambda found: plots.use(found.communes),
    "refus": lambda found: plots.unmet(found.communes),
}


@dataclass(frozen=True)
class Span:
    """From which day until which, as an address says it, with what is wrong in it."""

    first: date
    last: date
    errors: tuple[tuple[str, str], ...] = ()

    @classmethod
    def of(cls, request: Request) -> "Span":
        """What was asked; without anything, or with something wrong, the month until today."""
        today = naive(now()).date()
        usual = (today - timedelta(days=30), today)
        errors: list[tuple[str, str]] = []
        days = []
        for name, default in zip(("du", "au"), usual, strict=True):
            try:
                days.append(day_of(request.query_params[name]) if request.query_params.get(name) else default)
            except ValueError:
                errors.append((name, NO_DATE))
        if not errors and not today - timedelta(days=3660) < days[0] <= days[1] < today + timedelta(days=3660):
            errors.append(("au", "La fin doit venir après le début, à dix ans au plus d’aujourd’hui."))
        elif not errors and (days[1] - days[0]).days >= MOST_DAYS:
            errors.append(("au", f"On compte au plus {MOST_DAYS}\u00a0jours à la fois."))
        return cls(*usual, tuple(errors)) if errors else cls(days[0], days[1])

    @property
    def query(self) -> str:
        """The same, at the end of an address."""
        return f"?du={self.first}&au={self.last}"


async def page(request: Request) -> Response:
    """Figures over a period: pictures, and tables that say the same."""
    span, found = await _read(request)
    typed = request.query_params
    return pages.page(
        request,
        "booking/figures.html",
        current=ROOM,
        crumbs=[HOME, ("Chiffres", "")],
        status=422 if span.errors else 200,
        span=span,
        errors=dict(span.errors),
        first=typed.get("du", "")[:20] if span.errors else span.first,
        last=typed.get("au", "")[:20] if span.errors else span.last,
        found=found,
        percent=percent,
        hours=hours,
    )


async def _read(request: Request) -> tuple[Span, Figures]:
    span = Span.of(request)
    async with reading_of(request) as db:
        return span, await queries.figures(db, who_of(request), span.first, span.last)


def percent(rate: float | None) -> str:
    """« 42 % », and a dash for what was never open."""
    return "–" if rate is None else f"{rate * 100:.0f}\u00a0%"


def hours(minutes: float) -> str:
    """« 12,5 »."""
    return f"{minutes / 60:.1f}".replace(".", ",").removesuffix(",0")


async def picture(request: Request) -> Response:
    """One of the pictures."""
    draw = PLOTS.get(request.path_params["name"])
    if draw is None:
        raise NotFound
    _, found = await _read(request)
    drawn = draw(found)
    # Its colours are written inside, and named here by their hash; nothing else may come in, and nothing runs.
    policy = f"default-src 'none'; style-src {' '.join(_hashes(drawn))}; sandbox"
    headers = {"Cache-Control": "no-store", "Content-Security-Policy": policy}
    return Response(drawn, media_type="image/svg+xml", headers=headers)


def _hashes(drawn: bytes) -> list[str]:
    """The name of each sheet of style in a picture (CSP 3, hash-source)."""
    sheets = re.findall(r"<style[^>]*>(.*?)</style>", drawn.decode(), re.DOTALL)
    # As a browser reads it: what XML had to escape is itself again.
    return [f"'sha256-{b64encode(sha256(unescape(sheet).encode()).digest()).decode()}'" for sheet in sheets]


async def export(request: Request) -> Response:
    """The two tables, to be saved; no name of anybody."""
    span, found = await _read(request)
    if request.path_params["name"] == "occupation":
        header = [
            "Matériel",
            "Type",
            "Propriétaire",
            "Heures ouvertes",
            "Heures réservées",
            "Occupation",
            "Réservations",
        ]
        lines: list[list[object]] = [
            [u.name, u.type, u.owner, hours(u.open_minutes), hours(u.used_minutes), percent(u.rate), u.uses]
            for u in found.units
        ]
    elif request.path_params["name"] == "usage":
        header = ["Commune", "Réservations", "Heures", "Demandes refusées ou sans réponse"]
        lines = [[each.name, each.uses, hours(each.minutes), each.unmet] for each in found.communes]
    else:
        raise NotFound
    name = f"{request.path_params['name']}-{span.first}-{span.last}.csv"
    return Response(
        "\ufeff" + _csv([header, *lines]),
        media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"},
    )


def _csv(lines: Iterable[Sequence[object]]) -> str:
    made = io.StringIO()
    # A name that begins like a formula would be run by a spreadsheet.
    safe = ([f"'{cell}" if str(cell)[:1] in "=+-@\t\r" and str(cell) else cell for cell in line] for line in lines)
    csv.writer(made, delimiter=";", lineterminator="\r\n").writerows(safe)
    return made.getvalue()


routes = [
    Route(PAGE, page),
    Route(f"{PAGE}/{{name}}.svg", picture),
    Route(f"{PAGE}/{{name}}.csv", export),
]
