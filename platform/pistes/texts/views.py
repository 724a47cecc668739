"""The doors of the sentences that check themselves."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from entente import journal
from entente.rules import Invalid
from entente.web import forms, pages
from entente.web.requests import id_of, reading_of, who_of, work_of
from pistes import queries
from pistes.addresses import HOME, ROOM, TEXTS
from pistes.gates import require_to_keep
from pistes.ranking.filters import choices
from pistes.ranking.queries import board
from pistes.ranking.views import looking
from pistes.stories import REGISTER
from pistes.texts import queries as texts
from pistes.texts import service
from pistes.texts.forms import ClaimForm, typed_of
from pistes.texts.models import Claim, Comparison
from pistes.texts.shares import shares

COMPARISONS = [(str(Comparison.MORE), "Plus de"), (str(Comparison.LESS), "Moins de")]


async def listed(request: Request) -> Response:
    """The sentences, each with what the register says of it, and every share that one may quote."""
    who = looking(request)
    async with reading_of(request) as db:
        cursor = await journal.cursor(db, REGISTER)
        found = await board(db)
        keeps = await queries.keeps(db, who)
    return pages.page(
        request,
        "pistes/texts/texts.html",
        current=ROOM,
        crumbs=[HOME, (TEXTS[0], "")],
        streams=[cursor],
        board=found,
        shares=shares([line.levels for line in found.lines], found.standing.criteria),
        keeps=keeps,
    )


async def new(request: Request) -> Response:
    """The form of a sentence that is not there yet."""
    return await _form(request, None, {})


async def edit(request: Request) -> Response:
    """The form of a sentence."""
    looking(request)
    async with reading_of(request) as db:
        claim = await texts.claim_for(db, who_of(request), id_of(request))
    return await _form(request, claim, {})


async def _form(request: Request, claim: Claim | None, errors: dict[str, str]) -> Response:
    who = looking(request)
    async with reading_of(request) as db:
        await require_to_keep(db, who)
        found = await board(db)
    return pages.page(
        request,
        "pistes/texts/text.html",
        current=ROOM,
        crumbs=[HOME, TEXTS, ("Modifier" if claim else "Ajouter", "")],
        status=422 if errors else 200,
        claim=claim,
        marks=choices(found)["note"],
        comparisons=COMPARISONS,
        typed=forms.typed_in(request) or (typed_of(claim) if claim else {}),
        errors=errors,
    )


async def add(request: Request) -> Response:
    """Keep one more sentence."""
    looking(request)
    try:
        form = await forms.read(request, ClaimForm)
        async with work_of(request) as work:
            claim = await service.write(work, form)
    except Invalid as error:
        return await _form(request, None, error.errors)
    return await _kept(request, claim)


async def save(request: Request) -> Response:
    """Write a sentence again."""
    looking(request)
    async with reading_of(request) as db:
        claim = await texts.claim_for(db, who_of(request), id_of(request))
    try:
        form = await forms.read(request, ClaimForm)
        async with work_of(request) as work:
            claim = await texts.claim_for(work.db, work.who, id_of(request))
            await service.write(work, form, claim)
    except Invalid as error:
        return await _form(request, claim, error.errors)
    return await _kept(request, claim)


async def _kept(request: Request, claim: Claim) -> Response:
    """Say at once when the register says otherwise."""
    async with reading_of(request) as db:
        [checked] = [each for each in (await board(db)).claims if each.claim.id == claim.id]
    if checked.holds:
        return pages.go(request, TEXTS[1], f"La phrase est enregistrée, et vraie\u00a0: {checked.figures}.")
    said = f"La phrase est enregistrée, mais le registre la contredit\u00a0: {checked.figures}."
    return pages.go(request, TEXTS[1], said, "warning")


async def remove(request: Request) -> Response:
    """Take a sentence away."""
    looking(request)
    async with work_of(request) as work:
        await service.remove(work, await texts.claim_for(work.db, work.who, id_of(request)))
    return pages.go(request, TEXTS[1], "La phrase est retirée.")


routes = [
    Route("/pistes/textes", listed),
    Route("/pistes/textes/nouvelle", new),
    Route("/pistes/textes/nouvelle", add, methods=["POST"]),
    Route("/pistes/textes/{id}", edit),
    Route("/pistes/textes/{id}", save, methods=["POST"]),
    Route("/pistes/textes/{id}/retrait", remove, methods=["POST"]),
]
