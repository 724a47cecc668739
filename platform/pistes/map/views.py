"""The doors of the map: the page, and the drawing as a file."""

from typing import Any

from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from entente import journal
from entente.clock import now
from entente.web import pages, papers, templates
from entente.web.papers import printable
from entente.web.requests import house_of, reading_of
from entente.web.words import long_date
from pistes.addresses import HOME, MAP, ROOM
from pistes.map.layout import Drawing, Twig, drawn
from pistes.map.queries import sketch
from pistes.ranking.views import looking
from pistes.stories import REGISTER

ZOOMS = (50, 75, 100, 150, 200)


async def chart(request: Request) -> Response:
    """The map, at the size that the address asks for, and the same as a list."""
    looking(request)
    zoom = zoom_of(request.query_params.get("zoom", ""))
    async with reading_of(request) as db:
        cursor = await journal.cursor(db, REGISTER)
        root = await sketch(db)
    at = ZOOMS.index(zoom)
    return pages.page(
        request,
        "pistes/map.html",
        current=ROOM,
        crumbs=[HOME, (MAP[0], "")],
        streams=[cursor],
        root=root,
        drawing=picture(drawn(root), zoom),
        zoom=zoom,
        smaller=ZOOMS[at - 1] if at else None,
        larger=ZOOMS[at + 1] if at + 1 < len(ZOOMS) else None,
    )


def zoom_of(asked: str) -> int:
    """A size we offer; the true size for anything else."""
    return next((zoom for zoom in ZOOMS if str(zoom) == asked), 100)


def picture(drawing: Drawing, zoom: int = 100, base: str = "", is_alone: bool = False) -> Markup:
    """The drawing as SVG, for a page or alone in a file; `base` makes its links whole."""
    return templates.render(
        "pistes/_map.html", {"drawing": drawing, "zoom": zoom / 100, "base": base, "alone": is_alone}
    )


def _alone(request: Request, root: Twig) -> str:
    return printable(str(picture(drawn(root), base=house_of(request).settings.base_url, is_alone=True)).strip())


async def as_svg(request: Request) -> Response:
    """The drawing as a file."""
    looking(request)
    async with reading_of(request) as db:
        root = await sketch(db)
    return papers.file("pistes-carte", "svg", _alone(request, root), papers.SVG)


async def as_pdf(request: Request) -> Response:
    """The drawing on one large page, then the same as a list on ordinary ones."""
    looking(request)
    async with reading_of(request) as db:
        root = await sketch(db)
    data = {"svg": _alone(request, root), "day": long_date(now().date()), "root": _outline(root)}
    return papers.file("pistes-carte", "pdf", await papers.pdf("pistes/map.typ", data), papers.PDF)


def _outline(twig: Twig) -> dict[str, Any]:
    return {"words": twig.words, "under": [_outline(each) for each in twig.under]}


routes = [
    Route(MAP[1], chart),
    Route(f"{MAP[1]}.svg", as_svg),
    Route(f"{MAP[1]}.pdf", as_pdf),
]
