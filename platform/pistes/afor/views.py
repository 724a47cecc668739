"""The doors of AFOR grids: those of a piste, the form of one, its papers."""

from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from entente import journal
from entente.rules import Conflict, Invalid, NotFound
from entente.web import forms, pages, papers
from entente.web.requests import house_of, id_of, reading_of, who_of, work_of
from pistes import queries as register
from pistes.addresses import HOME, ROOM, address_of
from pistes.afor import printing, queries, service
from pistes.afor.models import MOST_ACTIVITY, MOST_LIST, QUARTERS, GridForm
from pistes.gates import require_to_keep
from pistes.stories import REGISTER

PAGE = "/pistes/{id}/afor"


def _home(request: Request) -> str:
    return f"{address_of(id_of(request))}/afor"


def _grid_id(request: Request) -> UUID | None:
    if "grid" not in request.path_params:
        return None
    try:
        return UUID(request.path_params["grid"])
    except ValueError:
        raise NotFound from None


async def show(request: Request) -> Response:
    """The grids of a piste."""
    async with reading_of(request) as db:
        cursor = await journal.cursor(db, REGISTER)
        piste = await register.piste_for(db, who_of(request), id_of(request))
        found = await queries.grids(db, piste.id)
        keeps = await register.keeps(db, who_of(request))
    return pages.page(
        request,
        "pistes/afor.html",
        current=ROOM,
        crumbs=[HOME, (piste.code, address_of(piste.id)), ("AFOR", "")],
        streams=[cursor],
        piste=piste,
        grids=found,
        keeps=keeps,
    )


async def edit(request: Request) -> Response:
    """The form of a grid, new or not."""
    return await _edit(request, {})


async def _edit(request: Request, errors: dict[str, str], status: int = 422) -> Response:
    grid_id = _grid_id(request)
    async with reading_of(request) as db:
        piste = await register.piste_for(db, who_of(request), id_of(request))
        await require_to_keep(db, who_of(request))
        grid = await queries.grid_of(db, piste.id, grid_id) if grid_id else None
    given = GridForm.model_validate(grid.model_dump() if grid else {}).model_dump()
    return pages.page(
        request,
        "pistes/afor_edit.html",
        current=ROOM,
        crumbs=[
            HOME,
            (piste.code, address_of(piste.id)),
            ("AFOR", _home(request)),
            ("Modifier" if grid else "Nouvelle", ""),
        ],
        status=status if errors else 200,
        piste=piste,
        grid=grid,
        quarters=QUARTERS,
        most=(MOST_ACTIVITY, MOST_LIST),
        action=request.url.path,
        typed={name: str(value) for name, value in given.items()} | forms.typed_in(request),
        errors=errors,
    )


async def save(request: Request) -> Response:
    """Save a grid; what was typed over somebody else's words comes back to be read again."""
    grid_id = _grid_id(request)
    try:
        async with reading_of(request) as db:
            await register.piste_for(db, who_of(request), id_of(request))
        form = await forms.read(request, GridForm)
        async with work_of(request) as work:
            piste = await register.piste_for(work.db, work.who, id_of(request))
            made = await service.write(work, piste, form, grid_id)
    except Invalid as error:
        return await _edit(request, error.errors)
    except Conflict as error:
        return await _edit(request, {"": error.reason}, 409)
    return pages.go(request, f"{_home(request)}#grille-{made.id}", "La grille est enregistrée.")


async def take_away(request: Request) -> Response:
    """Take a grid away."""
    grid_id = _grid_id(request)
    assert grid_id
    async with work_of(request) as work:
        piste = await register.piste_for(work.db, work.who, id_of(request))
        await service.take_away(work, piste, grid_id)
    return pages.go(request, _home(request), "La grille est retirée.")


async def print_(request: Request) -> Response:
    """The grid as a file."""
    kind, house, grid_id = request.path_params["kind"], house_of(request).settings.name, _grid_id(request)
    assert grid_id
    async with reading_of(request) as db:
        piste = await register.piste_for(db, who_of(request), id_of(request))
        grid = await queries.grid_of(db, piste.id, grid_id)
    name = f"afor-{piste.code}"
    match kind:
        case "pdf":
            return papers.file(name, kind, await printing.as_pdf(piste, grid, house), papers.PDF)
        case "docx":
            return papers.file(name, kind, printing.as_docx(piste, grid, house), papers.DOCX)
    raise NotFound


routes = [
    Route(PAGE, show),
    Route(f"{PAGE}/nouvelle", edit),
    Route(f"{PAGE}/nouvelle", save, methods=["POST"]),
    Route(f"{PAGE}/{{grid}}/modifier", edit),
    Route(f"{PAGE}/{{grid}}/modifier", save, methods=["POST"]),
    Route(f"{PAGE}/{{grid}}/retrait", take_away, methods=["POST"]),
    Route(f"{PAGE}/{{grid}}.{{kind}}", print_),
]
