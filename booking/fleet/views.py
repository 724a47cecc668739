"""The door of whoever says how much a unit holds."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from booking import rules
from booking.fleet import service
from booking.fleet.models import ResourceType, Unit
from booking.service import NOT_KEPT
from booking.views import HOME, ROOM
from entente.rules import Conflict, Invalid, NotFound, require
from entente.web import forms, pages
from entente.web.requests import id_of, reading_of, who_of, work_of

PAGE = "/reservations/unites/{id}/contenance"


async def form(request: Request) -> Response:
    """How much it holds, and the most that is held of it."""
    return await _page(request, {})


async def _page(request: Request, errors: dict[str, str], status: int = 200, told: str = "") -> Response:
    who = who_of(request)
    if not rules.may_look(who):
        raise NotFound
    async with reading_of(request) as db:
        unit = await db.get(Unit, id_of(request))
        if unit is None:
            raise NotFound
        require(rules.may_manage(who, unit.owner_id), NOT_KEPT)
        type_, most = await db.get_one(ResourceType, unit.type_id), await service.most_held(db, unit)
    return pages.page(
        request,
        "booking/capacity.html",
        current=ROOM,
        crumbs=[HOME, (unit.name, f"/reservations/unites/{unit.id}"), ("Contenance", "")],
        status=status,
        unit=unit,
        type=type_,
        most=most,
        value=forms.typed_in(request).get("capacity", unit.capacity),
        errors=errors,
        told=told,
    )


async def resize(request: Request) -> Response:
    """Say that it holds more, or less."""
    written = str((await forms.typed_fields(request)).get("capacity", "")).strip()
    try:
        async with work_of(request) as work:
            unit = await work.db.get(Unit, id_of(request))
            if unit is None or not rules.may_look(work.who):
                raise NotFound
            # Zero is no capacity: the service says so, with its bounds.
            await service.resize(work, unit, int(written[:9]) if written.isascii() and written.isdigit() else 0)
    except Invalid as error:
        return await _page(request, error.errors, 422)
    except Conflict as conflict:
        return await _page(request, {}, 409, conflict.reason)
    return pages.go(request, f"/reservations/unites/{unit.id}", "La contenance est enregistrée.")


routes = [Route(PAGE, form), Route(PAGE, resize, methods=["POST"])]
