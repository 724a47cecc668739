"""The doors of the map: the page, and the drawing as a file."""

from typing import Any, NamedTuple
from uuid import UUID

from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from entente.clock import today
from entente.web import pages, papers, templates
from entente.web.papers import printable
from entente.web.requests import house_of, reading_of
from entente.web.words import long_date
from pistes.addresses import HOME, MAP, ROOM
from pistes.map.layout import Drawing, Twig, drawn
from pistes.map.sketch import at_a_glance, map_of, sketch
from pistes.ranking.keeping import Present, present
from pistes.ranking.queries import Board
from pistes.ranking.views import looking
from pistes.tree.queries import Branch

ZOOMS = (50, 75, 100, 150, 200)
MOST = 600
"""Places in one drawing of the page; the files hold them all."""


async def chart(request: Request) -> Response:
    """The map, at the size that the address asks for, and the same as a list."""
    looking(request)
    zoom = zoom_of(request.query_params.get("zoom", ""))
    async with reading_of(request) as db:
        kept = await present(db)
    branch = _branch(kept, request.query_params.get("sous", ""))
    shown = kept.once(f"map {branch.node.id if branch else ''}", lambda: _shown(kept.board, branch))
    at = ZOOMS.index(zoom)
    here = f"?sous={branch.node.id}&" if branch else "?"
    return pages.page(
        request,
        "pistes/map.html",
        current=ROOM,
        crumbs=[HOME, MAP, (branch.title, "")] if branch else [HOME, (MAP[0], "")],
        streams=[kept.cursor],
        shown=shown,
        branch=branch,
        above=branch.above if branch else None,
        map_of=map_of,
        here=here,
        zoom=zoom,
        smaller=ZOOMS[at - 1] if at else None,
        larger=ZOOMS[at + 1] if at + 1 < len(ZOOMS) else None,
    )


class Shown(NamedTuple):
    """A drawing and its list, the same for everybody: made once for each state of the register."""

    drawing: Drawing
    inside: Markup
    """What is drawn, whatever its size on the page."""
    listed: Markup
    places: int
    """How many there are, drawn or not."""

    @property
    def is_whole(self) -> bool:
        """Whether nothing is left out."""
        return self.places <= MOST

    @property
    def is_empty(self) -> bool:
        """Whether there is a root and nothing else."""
        return self.places == 1


def _shown(board: Board, branch: Branch | None) -> Shown:
    whole = sketch(board, branch)
    root = at_a_glance(whole, MOST)
    drawing = drawn(root)
    listed = templates.render("pistes/_map_list.html", {"root": root})
    return Shown(drawing, _inside(drawing), listed, sum(1 for _ in whole.walk()))


def _branch(kept: Present, asked: str) -> Branch | None:
    """The place whose map is asked for; the whole map for anything else."""
    try:
        return kept.board.tree.by_id.get(UUID(asked)) if asked else None
    except ValueError:
        return None


def zoom_of(asked: str) -> int:
    """A size we offer; the true size for anything else."""
    return next((zoom for zoom in ZOOMS if str(zoom) == asked), 100)


def _inside(drawing: Drawing, base: str = "") -> Markup:
    """The lines and the places; `base` makes their links whole."""
    return templates.render("pistes/_map_inside.html", {"drawing": drawing, "base": base})


def _alone(request: Request, kept: Present) -> str:
    """The whole drawing as it stands in a file of its own."""

    def draw() -> str:
        drawing = drawn(sketch(kept.board))
        inside = _inside(drawing, house_of(request).settings.base_url)
        known = {"drawing": drawing, "inside": inside, "zoom": 1, "alone": True}
        return printable(str(templates.render("pistes/_map.html", known)).strip())

    return kept.once("map alone", draw)


async def as_svg(request: Request) -> Response:
    """The drawing as a file."""
    looking(request)
    async with reading_of(request) as db:
        kept = await present(db)
    return papers.file("pistes-carte", "svg", _alone(request, kept), papers.SVG)


async def as_pdf(request: Request) -> Response:
    """The drawing on one large page, then the same as a list on ordinary ones."""
    looking(request)
    async with reading_of(request) as db:
        kept = await present(db)
    outline = _outline(sketch(kept.board))
    data = {"svg": _alone(request, kept), "day": long_date(today()), "root": outline}
    return papers.file("pistes-carte", "pdf", await papers.pdf("pistes/map.typ", data), papers.PDF)


def _outline(twig: Twig) -> dict[str, Any]:
    return {"words": twig.words, "under": [_outline(each) for each in twig.under]}


routes = [
    Route(MAP[1], chart),
    Route(f"{MAP[1]}.svg", as_svg),
    Route(f"{MAP[1]}.pdf", as_pdf),
]
