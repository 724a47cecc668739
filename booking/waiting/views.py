"""The doors of the waiting list."""

from collections.abc import Mapping
from uuid import uuid4

from sqlmodel.ext.asyncio.session import AsyncSession
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from booking import queries, rules, search, typed
from booking.models import Reservation
from booking.regulations.service import accept_ticked
from booking.search import Sought
from booking.views import ASKED, HOME, MINE, NEW, ROOM, address_of, borrowing_of, decide, looking
from booking.waiting import service
from entente.rules import Conflict, Invalid
from entente.web import forms, pages
from entente.web.requests import reading_of, who_of, work_of
from entente.work import Work

PAGE = "/reservations/attente"


async def form(request: Request) -> Response:
    """What one would wait for, still to be changed."""
    looking(request)
    asked = dict(request.query_params)
    async with reading_of(request) as db:
        return await _form(request, db, Sought.of(asked), {**asked, "key": str(uuid4())}, {})


async def _form(
    request: Request,
    db: AsyncSession,
    sought: Sought,
    fields: Mapping[str, str],
    errors: dict[str, str],
    conflict: str = "",
) -> Response:
    who = who_of(request)
    ask = await sought.ask(db)
    type_ = next((each for each in await queries.types(db) if each.slug == sought.what), None)
    if type_ is None:
        return pages.go(request, HOME[1], "Choisissez d’abord ce que vous voulez réserver.", "info")
    payers = [each for each in (await search.organisations(db)).values() if rules.may_pay_for(who, each.id)]
    payers.sort(key=lambda each: each.id not in who.organisations)
    return pages.page(
        request,
        "booking/waiting.html",
        current=ROOM,
        crumbs=[HOME, MINE, ("Liste d’attente", "")],
        status=409 if conflict else 422 if errors else 200,
        sought=sought,
        fields=fields,
        errors=errors,
        conflict=conflict,
        type=type_,
        period=ask.period if ask else None,
        hours=int(service.HELD_FOR.total_seconds() // 3600),
        payer_options=[(each.id, each.name) for each in payers],
        back=sought.address(NEW),
    )


async def join(request: Request) -> Response:
    """Wait; refused, the form comes back as it was typed."""
    looking(request)
    fields = {name: value for name, value in (await forms.typed_fields(request)).items() if isinstance(value, str)}
    sought = Sought.of(fields)
    try:
        async with work_of(request) as work:
            ask = await sought.ask(work.db)
            if ask is None:
                raise Invalid(sought.errors or {"what": "Choisissez dans la liste."})
            made = await service.join(work, ask, borrowing_of(fields))
    except (Conflict, Invalid) as error:
        errors = typed.placed(error.errors) if isinstance(error, Invalid) else {}
        sought.errors = {}
        async with reading_of(request) as db:
            return await _form(request, db, sought, fields, errors, error.reason if isinstance(error, Conflict) else "")
    return pages.go(request, address_of(made.id), "Vous êtes sur la liste d’attente\u00a0: nous vous écrirons.")


async def accept(request: Request) -> Response:
    """Take what is offered."""

    async def verb(work: Work, row: Reservation, why: str) -> None:
        await accept_ticked(work, await forms.typed_fields(request))
        await service.accept(work, row, why)

    return await decide(request, verb, "C’est réservé.", ASKED)


async def give_up(request: Request) -> Response:
    """Decline what is offered, or wait no more."""
    return await decide(request, service.give_up, "C’est noté\u00a0: vous n’êtes plus sur la liste d’attente.")


routes = [
    Route(PAGE, form),
    Route(PAGE, join, methods=["POST"]),
    Route("/reservations/{id}/acceptation", accept, methods=["POST"]),
    Route("/reservations/{id}/renoncement", give_up, methods=["POST"]),
]
