"""The doors of the board."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from entente.rules import Conflict, Invalid
from entente.web import forms, pages
from entente.web.requests import id_of, reading_of, work_of
from pistes import queries, service
from pistes.addresses import BOARD, HOME, ROOM
from pistes.board.queries import phases
from pistes.models import MovedPhase
from pistes.ranking.keeping import present
from pistes.ranking.views import looking
from pistes.words import PHASES


async def show(request: Request) -> Response:
    """The pistes by phase."""
    return await _show(request)


async def _show(request: Request, errors: dict[str, str] | None = None, status: int = 200) -> Response:
    who = looking(request)
    async with reading_of(request) as db:
        kept = await present(db)
        found = await phases(db, kept.board)
        keeps = await queries.keeps(db, who)
    return pages.page(
        request,
        "pistes/board.html",
        current=ROOM,
        crumbs=[HOME, (BOARD[0], "")],
        streams=[kept.cursor],
        status=status,
        board=found,
        phases=PHASES,
        keeps=keeps,
        errors=errors or {},
        moving=str(request.path_params.get("id", "")),
    )


async def move(request: Request) -> Response:
    """Bring a piste to another phase, if its gate is open; the board says why it is not."""
    looking(request)
    try:
        form = await forms.read(request, MovedPhase)
        async with work_of(request) as work:
            piste = await queries.piste_for(work.db, work.who, id_of(request))
            await service.move_phase(work, piste, form)
    except Invalid as error:
        return await _show(request, {"": " ".join(error.errors.values())}, 422)
    except Conflict as error:
        return await _show(request, {"": error.reason}, 409)
    said = f"«\u00a0{piste.title}\u00a0» est en phase «\u00a0{PHASES[form.phase]}\u00a0»."
    return pages.go(request, f"{BOARD[1]}#piste-{piste.id}", said)


routes = [
    Route(BOARD[1], show),
    Route(f"{BOARD[1]}/{{id}}", move, methods=["POST"]),
]
