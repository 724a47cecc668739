"""Doors to one's own drafts."""

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from entente.rules import Conflict, Invalid
from entente.web import forms, pages
from entente.web.requests import id_of, reading_of, who_of, work_of
from forums.drafts import queries, service
from forums.drafts.models import Saved

ROOM = "forums"
CRUMBS = [("Forums", "/forums"), ("Mes brouillons", "")]
HOME = "/forums/brouillons"


async def drafts(request: Request) -> Response:
    """Everything one has begun to write and not posted."""
    async with reading_of(request) as db:
        found = await queries.drafts_of(db, who_of(request))
    return pages.page(
        request, "forums/drafts.html", current=ROOM, crumbs=CRUMBS, drafts=found, kept_days=service.KEPT_DAYS
    )


async def save_draft(request: Request) -> Response:
    """Keep what a window holds, and say on what to go on; asked by `writing.js` alone."""
    try:
        saved = await forms.read(request, Saved)
        async with work_of(request) as work:
            outcome = await service.save(work, saved)
            others = await queries.others(work.db, work.who, outcome.sheet)
    except (Invalid, Conflict) as error:
        sentence = " ".join(error.errors.values()) if isinstance(error, Invalid) else error.reason
        return JSONResponse({"error": sentence}, 422, headers={"Cache-Control": "no-store"})
    told = {"draft": str(outcome.sheet), "ended": outcome.is_over, "others": others}
    return JSONResponse(told, headers={"Cache-Control": "no-store"})


async def discard_draft(request: Request) -> Response:
    """Throw away a draft of one's own."""
    async with work_of(request) as work:
        await service.discard(work, id_of(request))
    return pages.go(request, HOME, "Le brouillon est supprimé.")


routes = [
    Route(HOME, drafts, methods=["GET"]),
    Route(HOME, save_draft, methods=["POST"]),
    Route(f"{HOME}/{{id}}/suppression", discard_draft, methods=["POST"]),
]
