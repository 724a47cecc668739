"""The doors of fiches: the list, the fiche of a piste, its form, its papers."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from entente import journal
from entente.rules import Conflict, Invalid, NotFound
from entente.web import documents, forms, pages, papers
from entente.web.requests import house_of, id_of, reading_of, who_of, work_of
from pistes import queries as register
from pistes.addresses import HOME, ROOM, SHEETS, address_of
from pistes.fiches import printing, queries, service
from pistes.fiches.models import MOST_BLOCK, MOST_LINE, MOST_TEXT, FicheForm
from pistes.fiches.queries import BLOCKS, CONTRIBUTION, PARTS, Paper
from pistes.gates import require_to_keep
from pistes.ranking.views import looking
from pistes.stories import REGISTER
from pistes.words import PHASES


async def every(request: Request) -> Response:
    """The fiches there are."""
    looking(request)
    async with reading_of(request) as db:
        cursor = await journal.cursor(db, REGISTER)
        found = await queries.fiches(db)
    return pages.page(
        request,
        "pistes/fiches.html",
        current=ROOM,
        crumbs=[HOME, (SHEETS[0], "")],
        streams=[cursor],
        fiches=found,
        phases=PHASES,
    )


async def show(request: Request) -> Response:
    """The fiche of a piste, as it would be printed."""
    async with reading_of(request) as db:
        cursor = await journal.cursor(db, REGISTER)
        paper = await queries.paper_for(db, who_of(request), id_of(request))
        keeps = await register.keeps(db, who_of(request))
    return pages.page(
        request,
        "pistes/fiche.html",
        current=ROOM,
        crumbs=[HOME, (paper.piste.code, address_of(paper.piste.id)), ("Fiche-action", "")],
        streams=[cursor],
        paper=paper,
        contribution=CONTRIBUTION,
        blocks_of=documents.blocks_of,
        keeps=keeps,
    )


async def edit(request: Request) -> Response:
    """The form of a fiche, begun from what the register knows."""
    return await _edit(request, {})


async def _edit(request: Request, errors: dict[str, str], status: int = 422) -> Response:
    async with reading_of(request) as db:
        paper = await queries.paper_for(db, who_of(request), id_of(request))
        await require_to_keep(db, who_of(request))
    return pages.page(
        request,
        "pistes/fiche_edit.html",
        current=ROOM,
        crumbs=[HOME, (paper.piste.code, address_of(paper.piste.id)), ("Fiche-action", "")],
        status=status if errors else 200,
        paper=paper,
        parts=PARTS,
        blocks=BLOCKS,
        most={"line": MOST_LINE, "text": MOST_TEXT, "block": MOST_BLOCK},
        typed=_given(paper) | forms.typed_in(request),
        errors=errors,
    )


def _given(paper: Paper) -> dict[str, str]:
    if paper.fiche:
        return {
            name: str(value) for name, value in FicheForm.model_validate(paper.fiche.model_dump()).model_dump().items()
        }
    objective = paper.sheet.places[0].objectif if paper.sheet.places else ""
    return {
        "title": paper.title,
        "objective": objective,
        "description": paper.piste.summary[:MOST_TEXT],
        "version": "0",
    }


async def save(request: Request) -> Response:
    """Save a fiche; what was typed over somebody else's words comes back to be read again."""
    try:
        async with reading_of(request) as db:
            await register.piste_for(db, who_of(request), id_of(request))
        form = await forms.read(request, FicheForm)
        async with work_of(request) as work:
            await service.write(work, await register.piste_for(work.db, work.who, id_of(request)), form)
    except Invalid as error:
        return await _edit(request, error.errors)
    except Conflict as error:
        return await _edit(request, {"": error.reason}, 409)
    return pages.go(request, f"{address_of(id_of(request))}/fiche", "La fiche-action est enregistrée.")


async def print_(request: Request) -> Response:
    """The fiche as a file: PDF to hand out, DOCX to go on writing."""
    kind, house = request.path_params["kind"], house_of(request).settings.name
    async with reading_of(request) as db:
        paper = await queries.paper_for(db, who_of(request), id_of(request))
    if paper.fiche is None:
        raise NotFound
    name = f"fiche-action-{paper.piste.code}"
    match kind:
        case "pdf":
            return papers.file(name, kind, await printing.as_pdf(paper, house), papers.PDF)
        case "docx":
            return papers.file(name, kind, printing.as_docx(paper, house), papers.DOCX)
    raise NotFound


routes = [
    Route(SHEETS[1], every),
    Route("/pistes/{id}/fiche", show),
    Route("/pistes/{id}/fiche.{kind}", print_),
    Route("/pistes/{id}/fiche/modifier", edit),
    Route("/pistes/{id}/fiche/modifier", save, methods=["POST"]),
]
