"""Doors through which people come in and go out by the file."""

from collections.abc import Sequence
from typing import NamedTuple

from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from entente.administration.imports import service
from entente.administration.imports.rules import COLUMNS, Judged, Outcome
from entente.administration.persons.views import HOME, KEY, sought_in
from entente.rules import Invalid
from entente.web import forms, pages, sheets
from entente.web.requests import house_of, reading_of, work_of
from entente.web.words import plural

PAGE = "/administration/personnes/import"
MAX_REQUEST = 2 * sheets.MAX_BYTES + 64_000
SHOWN = 500
"""How many lines the preview shows; what is wrong comes first."""


class Preview(NamedTuple):
    """What the file would do."""

    text: str
    counts: dict[str, int]
    shown: Sequence[Judged]
    hidden: int


def preview_of(text: str, judged: Sequence[Judged]) -> Preview:
    """The lines to look at, errors first, then what changes."""
    order = [Outcome.WRONG, Outcome.NEW, Outcome.CHANGED, Outcome.SAME]
    ranked = sorted(judged, key=lambda each: (order.index(each.outcome), each.line.number))
    counts = {outcome.name.lower(): sum(each.outcome == outcome for each in judged) for outcome in Outcome}
    return Preview(text, counts, ranked[:SHOWN], max(0, len(judged) - SHOWN))


async def blank(request: Request) -> Response:
    """The page that takes a file, or what is pasted."""
    return _page(request, 1)


async def examine(request: Request) -> Response:
    """What the file would do; nothing is saved."""
    try:
        text = await _text(request)
        async with reading_of(request) as db:
            judged = await service.examine(db, text)
    except Invalid as invalid:
        return _page(request, 1, errors=invalid.errors)
    return _page(request, 2, preview=preview_of(text, judged))


async def bring_in(request: Request) -> Response:
    """Bring the good lines in, and give the others back."""
    try:
        text = await _text(request)
        invites = forms.typed_in(request).get("invites") == "1"
        async with work_of(request) as work:
            judged = await service.bring_in(work, text, invites, house_of(request).settings.base_url)
    except Invalid as invalid:
        return _page(request, 1, errors=invalid.errors)
    counts = preview_of(text, judged).counts
    sentence = (
        f"{plural(counts['new'], 'ligne nouvelle', 'lignes nouvelles')}, "
        f"{plural(counts['changed'], 'mise à jour', 'mises à jour')}, "
        f"{plural(counts['same'], 'inchangée', 'inchangées')}."
    )
    if not counts["wrong"]:
        return pages.go(request, HOME[1], f"L’import est terminé\u00a0: {sentence}")
    wrong = preview_of(text, [each for each in judged if each.outcome == Outcome.WRONG])
    return _page(request, 3, preview=wrong, text=service.to_correct(judged), sentence=sentence)


async def to_correct(request: Request) -> Response:
    """The lines that are wrong, as a file."""
    text = await _text(request)
    async with reading_of(request) as db:
        judged = await service.examine(db, text)
    return sheets.file("lignes-a-corriger", service.to_correct(judged))


async def take_out(request: Request) -> Response:
    """People as a file."""
    async with work_of(request) as work:
        text = await service.take_out(work, sought_in(request))
    return sheets.file("personnes", text)


async def _text(request: Request) -> str:
    """What was uploaded or pasted, once it is known to be small enough to be read at all."""
    length = request.headers.get("content-length", "")
    if not length.isdigit() or int(length) > MAX_REQUEST:
        raise Invalid({"file": "Le fichier dépasse 2\u00a0Mo\u00a0: partagez-le en plusieurs fichiers."})
    fields = await forms.typed_fields(request)
    upload = fields.get("file")
    if isinstance(upload, UploadFile) and upload.filename:
        try:
            return sheets.decode(await upload.read())
        except sheets.Unreadable as error:
            raise Invalid({"file": str(error)}) from None
    pasted = fields.get("text")
    if isinstance(pasted, str) and pasted.strip():
        return pasted
    raise Invalid({"file": "Choisissez un fichier, ou collez son contenu."})


def _page(
    request: Request,
    step: int,
    errors: dict[str, str] | None = None,
    preview: Preview | None = None,
    text: str | None = None,
    sentence: str = "",
) -> Response:
    return pages.page(
        request,
        "administration/import.html",
        current=KEY,
        crumbs=[HOME, ("Importer", "")],
        status=422 if errors else 200,
        step=step,
        errors=errors or {},
        preview=preview,
        text=text if text is not None else forms.typed_in(request).get("text", "") if errors else "",
        sentence=sentence,
        columns=COLUMNS,
        page=PAGE,
    )


routes = [
    Route("/personnes.csv", take_out),
    Route("/personnes/import", blank),
    Route("/personnes/import", examine, methods=["POST"]),
    Route("/personnes/import/confirmation", bring_in, methods=["POST"]),
    Route("/personnes/import/a-corriger", to_correct, methods=["POST"]),
]
