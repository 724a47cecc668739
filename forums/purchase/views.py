"""Which door of a group purchase opens on what."""

from collections.abc import Mapping
from typing import Any

from sqlmodel.ext.asyncio.session import AsyncSession
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from entente.clock import now
from entente.rules import Conflict, Invalid, Refused, require
from entente.web import forms, pages
from entente.web.requests import id_of, is_htmx, reading_of, who_of, work_of
from forums.addresses import HOME, ROOM, address_of, crumb
from forums.moments import as_typed, moment_in
from forums.purchase import feed, queries, rules, screens, service, tables
from forums.purchase.forms import asked_for_rows, lot_rows, read_answer, read_changes, rows_of
from forums.purchase.models import MOST_LOTS
from forums.purchase.queries import Board, Commune
from forums.queries import Place, thread_for


async def _seen(db: AsyncSession, request: Request) -> tuple[Place, Board]:
    place = await thread_for(db, who_of(request), id_of(request))
    return place, await queries.board_for(db, place.thread.id)


async def answer_form(request: Request) -> Response:
    """The answer of one commune, as it stands, ready to be given or changed."""
    async with reading_of(request) as db:
        place, board = await _seen(db, request)
        commune = await queries.commune_for(db, who_of(request), id_of(request, "organisation"))
    over = rules.why_not(board.purchase, place.thread, now())
    return _form_page(request, place, board, commune, errors={"": over} if over else {})


def _form_page(
    request: Request,
    place: Place,
    board: Board,
    commune: Commune,
    typed: Mapping[str, str] | None = None,
    errors: Mapping[str, str] | None = None,
    is_beaten: bool = False,
    status: int = 200,
) -> Response:
    latest = board.line_of(commune.id) if is_beaten else None
    live = is_htmx(request)
    form = screens.form(board, commune, typed, errors, latest, live=live, focus=live)
    if is_htmx(request):
        answer = pages.piece(form, status)
        if status >= 400:
            answer.headers["HX-Retarget"] = f"#answer-{commune.id}"
        return answer
    crumbs = [HOME, crumb(place.forum), (place.thread.title, address_of(place.thread.id)), ("Répondre", "")]
    title = f"Répondre pour {commune.name}"
    known: dict[str, Any] = {"title": title, "board": board, "form": form, "errors": errors or {}}
    return pages.page(request, "forums/purchase/answer.html", current=ROOM, crumbs=crumbs, status=status, **known)


async def answer(request: Request) -> Response:
    """Say what a commune takes."""
    typed = {name: value for name, value in (await forms.typed_fields(request)).items() if isinstance(value, str)}
    try:
        async with work_of(request) as work:
            place, board = await _seen(work.db, request)
            commune = await queries.commune_for(work.db, work.who, id_of(request, "organisation"))
            await service.answer(work, place, commune, read_answer(typed, board.lots))
    except (Invalid, Conflict, Refused) as error:
        return await _answer_again(request, typed, error)
    async with reading_of(request) as db:
        _, board = await _seen(db, request)
    if is_htmx(request):
        return pages.done(request, feed.panel(board), otherwise="", form=screens.row(board, commune, inline=True))
    return pages.go(
        request, f"{address_of(place.thread.id)}#purchase", f"La réponse de {commune.name} est enregistrée."
    )


async def _answer_again(request: Request, typed: Mapping[str, str], error: Invalid | Conflict | Refused) -> Response:
    """The form as it was typed, with why it was refused; over newer figures, with what stands now above it."""
    async with reading_of(request) as db:
        place, board = await _seen(db, request)
        commune = await queries.commune_for(db, who_of(request), id_of(request, "organisation"))
    match error:
        case Invalid(errors=errors):
            return _form_page(request, place, board, commune, typed, errors, status=422)
        case Conflict(reason=reason):
            return _form_page(request, place, board, commune, typed, {"": reason}, is_beaten=True, status=409)
        case Refused(reason=reason):
            return _form_page(request, place, board, commune, typed, {"": reason}, status=403)


async def as_csv(request: Request) -> Response:
    """The table for a spreadsheet."""
    async with reading_of(request) as db:
        _, board = await _seen(db, request)
    return tables.csv(board)


async def as_xlsx(request: Request) -> Response:
    """The table as a workbook."""
    async with reading_of(request) as db:
        _, board = await _seen(db, request)
    return tables.xlsx(board)


async def manage(request: Request) -> Response:
    """What whoever proposed the purchase may change of it."""
    return await _manage(request, None, {})


async def _manage(request: Request, typed: Mapping[str, str] | None, errors: Mapping[str, str]) -> Response:
    async with reading_of(request) as db:
        place, board = await _seen(db, request)
    require(rules.may_keep(who_of(request), place.thread, place.moderates))
    is_lots = typed is not None and "lots" in typed
    is_date = typed is not None and not is_lots
    given = rows_of(board.lots, board.answered_lots)
    known: dict[str, Any] = {
        "board": board,
        "need": (typed or {}).get("need", "") if is_lots else board.purchase.need,
        "rows": _still_locked(lot_rows(typed or {}), board) if is_lots else given,
        "deadline": typed if is_date else as_typed(board.purchase.deadline, "deadline"),
        "errors": errors,
        "focus_lot": typed is not None and asked_for_rows(typed),
        "most": MOST_LOTS,
        "address": screens.address_of(place.thread.id, ""),
        "here": address_of(place.thread.id),
    }
    crumbs = [HOME, crumb(place.forum), (place.thread.title, address_of(place.thread.id)), ("Gérer l’achat", "")]
    status = 422 if errors else 200
    return pages.page(request, "forums/purchase/manage.html", current=ROOM, crumbs=crumbs, status=status, **known)


def _still_locked(rows: list[Any], board: Board) -> list[Any]:
    locked = {str(lot_id) for lot_id in board.answered_lots}
    return [row._replace(is_locked=row.id in locked) for row in rows]


async def extend(request: Request) -> Response:
    """Give communes more time."""
    await forms.typed_fields(request)
    typed = forms.typed_in(request)
    try:
        async with work_of(request) as work:
            place = await thread_for(work.db, work.who, id_of(request))
            await queries.board_for(work.db, place.thread.id)
            await service.extend(work, place, moment_in(typed, "deadline", now()))
    except Invalid as error:
        return await _manage(request, typed, error.errors)
    return pages.go(request, f"{address_of(place.thread.id)}#purchase", "L’échéance est prolongée.")


async def close(request: Request) -> Response:
    """End the purchase before its deadline."""
    async with work_of(request) as work:
        place = await thread_for(work.db, work.who, id_of(request))
        await queries.board_for(work.db, place.thread.id)
        await service.close(work, place)
    return pages.go(request, f"{address_of(place.thread.id)}#purchase", "L’achat groupé est clos.")


async def change(request: Request) -> Response:
    """Change the need and the lots that nobody has answered yet, or ask for one more row."""
    await forms.typed_fields(request)
    typed = forms.typed_in(request)
    if asked_for_rows(typed):
        return await _manage(request, typed, {})
    try:
        async with work_of(request) as work:
            place = await thread_for(work.db, work.who, id_of(request))
            await queries.board_for(work.db, place.thread.id)
            await service.change(work, place, read_changes(typed))
    except Invalid as error:
        return await _manage(request, typed, error.errors)
    except Conflict as error:
        return await _manage(request, typed, {"": error.reason})
    return pages.go(request, f"{address_of(place.thread.id)}#purchase", "L’achat groupé est modifié.")


_HERE = "/forums/fils/{id}/achat"
routes = [
    Route(f"{_HERE}.csv", as_csv),
    Route(f"{_HERE}.xlsx", as_xlsx),
    Route(f"{_HERE}/gestion", manage),
    Route(f"{_HERE}/echeance", extend, methods=["POST"]),
    Route(f"{_HERE}/cloture", close, methods=["POST"]),
    Route(f"{_HERE}/lots", change, methods=["POST"]),
    Route(f"{_HERE}/{{organisation}}", answer_form, methods=["GET"]),
    Route(f"{_HERE}/{{organisation}}", answer, methods=["POST"]),
]
