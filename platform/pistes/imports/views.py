"""The doors of a file of pistes: choose, look at every row, confirm."""

from collections import Counter
from collections.abc import Sequence

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from entente.rules import Invalid
from entente.web import forms, pages
from entente.web.requests import reading_of, work_of
from entente.web.uploads import Limits, receive, source_of
from entente.web.words import plural
from pistes import queries
from pistes.addresses import HOME, ROOM
from pistes.gates import require_to_keep
from pistes.imports import readers, service
from pistes.imports.readers import LIST, TREE, Received
from pistes.imports.rules import Judged, Outcome
from pistes.ranking.views import looking

PAGE = "/pistes/import"
LIMITS = Limits(files=1, each=2_000_000, whole=6_000_000)
SHOWN = 400


async def blank(request: Request) -> Response:
    """The page that takes a file, or what is pasted."""
    return await _page(request, {})


async def examine(request: Request) -> Response:
    """What the file would do, row by row; nothing is saved."""
    looking(request)
    try:
        received = await _received(request)
        async with reading_of(request) as db:
            _, judged = await service.examine(db, received.text)
    except Invalid as error:
        return await _page(request, error.errors)
    return await _page(request, {}, received, judged)


async def bring_in(request: Request) -> Response:
    """Bring the whole file in, or nothing."""
    looking(request)
    try:
        received = await _received(request)
        async with work_of(request) as work:
            judged = await service.bring_in(work, received.text)
    except Invalid as error:
        return await _page(request, error.errors)
    counts = Counter(each.outcome for each in judged)
    done = plural(counts[Outcome.NEW], "ligne nouvelle", "lignes nouvelles")
    changed = plural(counts[Outcome.CHANGED], "mise à jour", "mises à jour")
    return pages.go(request, HOME[1], f"L’import est terminé\u00a0: {done}, {changed}.")


async def _received(request: Request) -> Received:
    taken = await receive(request, LIMITS)
    try:
        if taken.heavy or taken.refusal:
            raise Invalid({"file": taken.refusal or "Le fichier dépasse 2\u00a0Mo\u00a0: partagez-le."})
        if taken.files:
            return readers.text_of(source_of(taken.files[0]).read())
    finally:
        taken.close()
    pasted = forms.typed_in(request).get("text", "")
    if not pasted.strip():
        raise Invalid({"file": "Choisissez un fichier, ou collez son contenu."})
    return Received(pasted)


async def _page(
    request: Request, errors: dict[str, str], received: Received | None = None, judged: Sequence[Judged] = ()
) -> Response:
    who = looking(request)
    async with reading_of(request) as db:
        await require_to_keep(db, who)
        criteria = (await queries.standing(db)).criteria
    order = [Outcome.WRONG, Outcome.NEW, Outcome.CHANGED, Outcome.SAME]
    ranked = sorted(judged, key=lambda each: (order.index(each.outcome), each.line.number))
    return pages.page(
        request,
        "pistes/import.html",
        current=ROOM,
        crumbs=[HOME, ("Importer", "")],
        status=422 if errors else 200,
        step=2 if received else 1,
        received=received,
        shown=ranked[:SHOWN],
        hidden=max(len(ranked) - SHOWN, 0),
        counts={outcome.name: sum(each.outcome is outcome for each in judged) for outcome in Outcome},
        list_columns=[*LIST, *criteria.keys],
        tree_columns=TREE,
        errors=errors,
        text=forms.typed_in(request).get("text", "") if errors else "",
        page=PAGE,
    )


routes = [
    Route(PAGE, blank),
    Route(PAGE, examine, methods=["POST"]),
    Route(f"{PAGE}/confirmation", bring_in, methods=["POST"]),
]
