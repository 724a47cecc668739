"""Which door of the conflicts opens on what."""

from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from entente.web import pages, templates
from entente.web.requests import is_htmx, reading_of
from planning import doors
from planning.conflicts.checking import checked

TEMPLATE = "planning/_conflicts.html"


async def check(request: Request) -> Response:
    """What stands in the way of a meeting that is being written; nothing is saved."""
    who = doors.keeping(request)
    async with reading_of(request) as db:
        found, error = await checked(db, who, dict(request.query_params))
    context: dict[str, Any] = {"conflicts": found, "error": error}
    if is_htmx(request):
        return pages.piece(templates.render(TEMPLATE, context))
    crumbs = [doors.HOME, ("Conflits", "")]
    return pages.page(request, "planning/conflicts.html", current=doors.ROOM, crumbs=crumbs, **context)


routes = [Route("/planning/conflits", check)]
