"""The doors through which reservations come in by the file, for whoever keeps equipment."""

from collections.abc import Mapping, Sequence

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from booking import rules as booking
from booking.imports import service
from booking.imports.rules import COLUMNS, NEEDED
from booking.imports.service import Judged, Unread
from booking.views import HOME, MANAGE, ROOM
from entente.people.who import Who
from entente.rules import Invalid, NotFound
from entente.web import forms, pages, sheets, uploads, workbooks
from entente.web.requests import reading_of, who_of, work_of
from entente.web.sheets import Unreadable
from entente.web.uploads import Limits
from entente.web.words import plural

PAGE = "/reservations/import"
SHOWN = 500
"""How many lines are shown; what is wrong comes first."""
HEAVY = "Le fichier dépasse 2\u00a0Mo\u00a0: partagez-le en plusieurs fichiers."


def _keeping(request: Request) -> Who:
    who = who_of(request)
    if not booking.managed_by(who):
        raise NotFound
    return who


async def blank(request: Request) -> Response:
    """The page that takes a file, or what is pasted."""
    _keeping(request)
    return _page(request)


async def examine(request: Request) -> Response:
    """What each line would do; nothing is saved."""
    who = _keeping(request)
    text = ""
    try:
        text = await _text(request)
        async with reading_of(request) as db:
            judged = await service.examine(db, who, text)
    except Invalid as error:
        return _page(request, error.errors, text or forms.typed_in(request).get("text", ""))
    return _page(request, text=text, judged=judged)


async def bring(request: Request) -> Response:
    """Take every reservation of the file, or none."""
    who = _keeping(request)
    text = ""
    try:
        text = await _text(request)
        async with work_of(request) as work:
            made = await service.bring(work, text)
    except Unread as unread:
        async with reading_of(request) as db:
            judged = await service.examine(db, who, text)
        late = {each.number: each.error for each in unread.lines}
        told = [each._replace(error=late.get(each.number, each.error)) for each in judged]
        return _page(request, text=text, judged=told, status=422)
    except Invalid as error:
        return _page(request, error.errors, text or forms.typed_in(request).get("text", ""))
    said = plural(len(made), "réservation importée", "réservations importées")
    return pages.go(request, "/reservations/planning", f"{said}.")


async def _text(request: Request) -> str:
    """What was brought or pasted, as a table; raises Invalid."""
    received = await uploads.receive(request, Limits(1, sheets.MAX_BYTES, 2 * sheets.MAX_BYTES))
    try:
        if received.heavy or received.refusal:
            raise Invalid({"file": HEAVY})
        if received.files:
            return workbooks.text_of(uploads.source_of(received.files[0]).read())
    except Unreadable as error:
        raise Invalid({"file": str(error)}) from None
    finally:
        received.close()
    pasted = forms.typed_in(request).get("text", "")
    if not pasted.strip():
        raise Invalid({"file": "Choisissez un fichier, ou collez son contenu."})
    return pasted


def _page(
    request: Request,
    errors: Mapping[str, str] | None = None,
    text: str = "",
    judged: Sequence[Judged] | None = None,
    status: int = 0,
) -> Response:
    ranked = sorted(judged or (), key=lambda each: (not each.error, each.number))
    return pages.page(
        request,
        "booking/imports/import.html",
        current=ROOM,
        crumbs=[HOME, MANAGE, ("Importer des réservations", "")],
        status=status or (422 if errors else 200),
        errors=errors or {},
        text=text,
        judged=judged,
        shown=ranked[:SHOWN],
        hidden=max(0, len(ranked) - SHOWN),
        counts=service.counts_of(judged) if judged is not None else {},
        columns=COLUMNS,
        needed=NEEDED,
    )


routes = [
    Route(PAGE, blank, methods=["GET"]),
    Route(PAGE, examine, methods=["POST"]),
    Route(f"{PAGE}/confirmation", bring, methods=["POST"]),
]
