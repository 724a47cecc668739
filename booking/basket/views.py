"""The doors of the basket."""

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import parse_qsl, urlencode

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from booking import queries as fleet
from booking import rules as booking
from booking import search
from booking.basket import queries, service
from booking.basket.queries import Line
from booking.basket.rules import Refusals, common_dates, seen
from booking.models import State
from booking.regulations import queries as regulations
from booking.regulations.service import accept_ticked
from booking.search import Sought
from booking.typed import When, placed
from booking.views import HOME, MINE, ROOM, borrowing_of, looking
from booking.ways import Way
from entente.rules import Conflict, Invalid, NotFound
from entente.web import forms, pages
from entente.web.requests import id_of, reading_of, work_of
from entente.web.words import plural

PAGE = "/reservations/panier"
TITLE = "Mon panier"


async def _typed(request: Request) -> dict[str, str]:
    return {name: value for name, value in (await forms.typed_fields(request)).items() if isinstance(value, str)}


async def basket(request: Request) -> Response:
    """What one has gathered, whether it is free now, and for whom it is asked."""
    looking(request)
    return await _page(request)


async def _page(
    request: Request,
    errors: Mapping[str, str] | None = None,
    refusals: Refusals | None = None,
    typed: Mapping[str, str] | None = None,
) -> Response:
    """The same, with what was refused, as it was typed."""
    who, errors = looking(request), dict(errors or {})
    async with reading_of(request) as db:
        held = await queries.mine(db, who)
        lines = await queries.look(db, held.lines if held else [])
        if refusals:
            lines = queries.refused(lines, refusals.refusals)
            errors |= refusals.unmet
        units = fleet.units_needed([each for line in lines for each in line.candidates])
        asked = await regulations.of_units(db, who.id, units) if units else []
        organisations = await search.organisations(db)
    payers = [each for each in organisations.values() if booking.may_pay_for(who, each.id)]
    payers.sort(key=lambda each: each.id not in who.organisations)
    when = When.of(common_dates(held.lines) if held else {})
    return pages.page(
        request,
        "booking/basket/basket.html",
        current=ROOM,
        crumbs=[HOME, (TITLE, "")],
        status=409 if refusals else 422 if errors else 200,
        lines=lines,
        ways={line.id: _ways(line) for line in lines},
        waits={line.id: line.sought.address("/reservations/attente") for line in lines if line.reason and line.ask},
        key=held.key if held else "",
        seen=seen(held.lines) if held else "",
        fields={**(held.fields if held else {}), **(typed or {})},
        errors=errors,
        conflict=refusals.reason if refusals else "",
        when=when,
        more=f"{HOME[1]}?{urlencode({**when.fields, 'quantity': '1'})}" if when.day else HOME[1],
        payer_options=[(each.id, each.name) for each in payers],
        regulations=asked,
        keeps=booking.managed_by(who),
    )


def _ways(line: Line) -> Sequence[tuple[str, str, str]]:
    """Each way out with the line that it makes, as one button sends it."""
    return [(way.kind, way.words, _as_sent(line.sought, way)) for way in line.ways]


def _as_sent(sought: Sought, way: Way) -> str:
    return search.again(sought, way).address("").removeprefix("?")


async def gather(request: Request) -> Response:
    """Put one more thing into the basket, and go on looking."""
    looking(request)
    fields = await _typed(request)
    sought = Sought.of(fields)
    # The search one comes from, on a page of ours whatever was sent.
    then = f"{HOME[1]}?{fields['back'][:2_000]}" if fields.get("back") else PAGE
    try:
        async with work_of(request) as work:
            if all(each.slug != sought.what for each in await fleet.types(work.db)):
                return pages.go(request, HOME[1], "Choisissez d’abord ce que vous voulez réserver.", "info")
            is_new = await service.gather(work, sought, fields)
            count = len((await service.opened(work)).lines)
    except Conflict as full:
        return pages.go(request, PAGE, full.reason, "warning")
    if not is_new:
        return pages.go(request, then, "C’est déjà dans votre panier.", "info")
    return pages.go(
        request, then, f"C’est dans votre panier\u00a0: {plural(count, 'ligne', 'lignes')}, rien n’est encore réservé."
    )


async def revise(request: Request) -> Response:
    """Keep what was typed: numbers, dates for all, for whom and why."""
    looking(request)
    fields = await _typed(request)
    async with work_of(request) as work:
        await service.revise(work, fields)
    return pages.go(request, PAGE, "Votre panier est à jour.")


async def drop(request: Request) -> Response:
    """Take one line out, and keep what was typed beside the others."""
    looking(request)
    fields = await _typed(request)
    async with work_of(request) as work:
        await service.revise(work, fields)
        await service.drop(work, request.path_params["line"])
    return pages.go(request, PAGE, "C’est retiré du panier.")


async def replace(request: Request) -> Response:
    """Take a way out on one line, and keep what was typed beside the others."""
    looking(request)
    fields = await _typed(request)
    other = Sought.of(dict(parse_qsl(fields.get("way", "")[:2_000])))
    async with work_of(request) as work:
        if all(each.slug != other.what for each in await fleet.types(work.db)):
            raise NotFound
        await service.revise(work, fields)
        await service.replace(work, request.path_params["line"], other)
    return pages.go(request, PAGE, "Cette ligne est remplacée.")


async def send(request: Request) -> Response:
    """Ask for everything; refused, nothing is reserved and the basket is as it was typed."""
    looking(request)
    fields = await _typed(request)
    try:
        # Saved first: whatever becomes of the request, what was typed is kept.
        async with work_of(request) as work:
            await service.revise(work, fields)
        async with work_of(request) as work:
            await accept_ticked(work, fields)
            order = await service.send(work, borrowing_of(fields), fields.get("seen", ""))
            states = [line.state for line in (await queries.order_for(work.db, work.who, order.id)).lines]
    except Refusals as refusals:
        return await _page(request, refusals=refusals, typed=fields)
    except Invalid as error:
        return await _page(request, placed(error.errors), typed=fields)
    except Conflict as error:
        return pages.go(request, PAGE, error.reason, "warning")
    said = "Tout est réservé."
    if State.REQUESTED in states:
        said = "Votre demande est envoyée\u00a0: les places vous sont gardées en attendant."
    return pages.go(request, f"/reservations/demandes/{order.id}", said)


async def order(request: Request) -> Response:
    """What was asked for together, line by line."""
    who = looking(request)
    async with reading_of(request) as db:
        found = await queries.order_for(db, who, id_of(request))
    known: dict[str, Any] = {"order": found, "is_mine": found.person_id == who.id}
    crumbs = [HOME, MINE, ("Demande groupée", "")]
    return pages.page(request, "booking/basket/order.html", current=ROOM, crumbs=crumbs, **known)


routes = [
    Route(PAGE, basket, methods=["GET"]),
    Route(PAGE, gather, methods=["POST"]),
    Route(f"{PAGE}/mise-a-jour", revise, methods=["POST"]),
    Route(f"{PAGE}/demande", send, methods=["POST"]),
    Route(f"{PAGE}/lignes/{{line}}/retrait", drop, methods=["POST"]),
    Route(f"{PAGE}/lignes/{{line}}/remplacement", replace, methods=["POST"]),
    Route("/reservations/demandes/{id}", order),
]
