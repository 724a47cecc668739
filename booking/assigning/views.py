"""The doors of whoever changes the units of a reservation, or keeps what they have for longer."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from booking import queries, rules, service, typed
from booking.assigning import queries as assigning
from booking.models import Reservation, State
from booking.periods import Period
from booking.rules import Taken
from booking.views import HOME, MINE, ROOM, address_of, looking, reservation_page
from entente.rules import Conflict, Invalid, NotFound, require
from entente.web import forms, pages
from entente.web.requests import id_of, reading_of, work_of
from entente.work import Work


async def units(request: Request) -> Response:
    """The units that could serve a reservation, and the reservations with which it could exchange its own."""
    return await _page(request)


async def _page(request: Request, errors: Mapping[str, str] | None = None, conflict: str = "") -> Response:
    who = looking(request)
    async with reading_of(request) as db:
        row = await queries.reservation_for(db, who, id_of(request))
        shown = await queries.shown(db, who, row.id)
        require(rules.may_decide(who, shown.owners), service.NOT_KEPT)
        type_ = await queries.type_of(db, row.type_id)
        choices = await assigning.choices(db, who, row, type_)
        others = [] if type_.is_counted else await assigning.exchangeable(db, who, row)
    return pages.page(
        request,
        "booking/assigning/units.html",
        current=ROOM,
        crumbs=[HOME, MINE, (shown.what, address_of(shown.id)), ("Changer l’unité", "")],
        status=409 if conflict else 422 if errors else 200,
        shown=shown,
        type=type_,
        choices=choices,
        others=others,
        single=type_.is_counted or shown.quantity == 1,
        errors=errors or {},
        conflict=conflict,
        is_held=row.state in (State.REQUESTED, State.CONFIRMED, State.OFFERED),
    )


async def reassign(request: Request) -> Response:
    """Serve the reservation with other units."""
    looking(request)
    fields = await forms.typed_fields(request)
    sent = fields.get("units", [])
    try:
        async with work_of(request) as work:
            row = await queries.reservation_for(work.db, work.who, id_of(request))
            await service.reassign(work, row, _ids(sent if isinstance(sent, list) else [sent]))
    except Invalid as error:
        return await _page(request, error.errors)
    except Conflict as error:
        return await _page(request, conflict=error.reason)
    return pages.go(request, address_of(row.id), "L’unité est changée\u00a0: la personne qui a réservé est prévenue.")


def _ids(sent: list[object]) -> list[UUID]:
    try:
        return [UUID(str(each)) for each in sent]
    except ValueError:
        raise Invalid({"units": "Choisissez dans la liste."}) from None


async def swap(request: Request) -> Response:
    """Exchange the units of two reservations."""
    looking(request)
    fields = await forms.typed_fields(request)
    try:
        async with work_of(request) as work:
            row = await queries.reservation_for(work.db, work.who, id_of(request))
            await service.swap(work, row, await _other(work, fields.get("other")))
    except Invalid as error:
        return await _page(request, {"other": " ".join(error.errors.values())})
    except Conflict as error:
        return await _page(request, conflict=error.reason)
    return pages.go(request, address_of(row.id), "Les unités sont échangées\u00a0: les deux personnes sont prévenues.")


async def _other(work: Work, sent: object) -> Reservation:
    try:
        return await queries.reservation_for(work.db, work.who, UUID(str(sent)))
    except (ValueError, NotFound):
        raise Invalid({"other": "Choisissez dans la liste."}) from None


async def extend(request: Request) -> Response:
    """Keep it for longer; refused, it ends when it did."""
    looking(request)
    fields = {name: value for name, value in (await forms.typed_fields(request)).items() if isinstance(value, str)}
    try:
        async with work_of(request) as work:
            row = await queries.reservation_for(work.db, work.who, id_of(request))
            await service.extend(work, row, _end(row, fields))
    except Taken as taken:
        return await reservation_page(request, f"{taken.reason} Elle se termine toujours à la même heure.", 409)
    except (Invalid, Conflict) as error:
        told = error.reason if isinstance(error, Conflict) else " ".join(error.errors.values())
        return await reservation_page(request, told, 409 if isinstance(error, Conflict) else 422)
    return pages.go(request, address_of(row.id), "C’est prolongé.")


def _end(row: Reservation, fields: Mapping[str, str]) -> datetime:
    """The new end as it was typed; raises Invalid."""
    first = typed.When.showing(Period(row.starts_at, row.ends_at))
    when = typed.When(first.day, first.start, fields.get("last_day", "")[:20], fields.get("end", "")[:20])
    period = when.period()
    if period is None:
        raise Invalid(when.errors)
    return period.ends


routes = [
    Route("/reservations/{id}/unites", units, methods=["GET"]),
    Route("/reservations/{id}/unites", reassign, methods=["POST"]),
    Route("/reservations/{id}/echange", swap, methods=["POST"]),
    Route("/reservations/{id}/prolongation", extend, methods=["POST"]),
]
