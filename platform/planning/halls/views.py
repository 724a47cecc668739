"""Which door of the halls opens on what."""

from collections.abc import Mapping

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from entente.rules import Conflict, Invalid, require
from entente.web import forms, pages
from entente.web.requests import id_of, reading_of, work_of
from planning import rules
from planning.doors import HALLS, HOME, ROOM, looking
from planning.halls import queries, service
from planning.halls.service import HallForm
from planning.models import Hall
from planning.views import version_in


async def halls(request: Request) -> Response:
    """Every hall, and the form of a new one for whoever plans meetings."""
    return await _halls(request)


async def _halls(request: Request, errors: Mapping[str, str] | None = None) -> Response:
    who = looking(request)
    async with reading_of(request) as db:
        known = await queries.halls(db)
    return pages.page(
        request,
        "planning/halls.html",
        current=ROOM,
        crumbs=[HOME, (HALLS[0], "")],
        status=422 if errors else 200,
        halls=known,
        may_keep=rules.may_plan(who),
        errors=errors or {},
        fields=forms.typed_in(request) if errors else {},
    )


async def add(request: Request) -> Response:
    """Add a hall."""
    looking(request)
    try:
        written = await forms.read(request, HallForm)
        async with work_of(request) as work:
            await service.add(work, written)
    except Invalid as error:
        return await _halls(request, error.errors)
    return pages.go(request, HALLS[1], "La salle est ajoutée.")


async def hall(request: Request) -> Response:
    """The form of a hall."""
    found = await _hall(request)
    return _page(request, found, found.model_dump())


async def _hall(request: Request) -> Hall:
    who = looking(request)
    async with reading_of(request) as db:
        found = await queries.hall_of(db, id_of(request))
    require(rules.may_plan(who), service.NOT_KEPT)
    return found


def _page(
    request: Request,
    found: Hall,
    fields: Mapping[str, object],
    errors: Mapping[str, str] | None = None,
    status: int = 200,
) -> Response:
    return pages.page(
        request,
        "planning/hall.html",
        current=ROOM,
        crumbs=[HOME, HALLS, (found.name, "")],
        status=status,
        hall=found,
        fields=fields,
        errors=errors or {},
    )


async def edit(request: Request) -> Response:
    """Describe a hall again."""
    found = await _hall(request)
    try:
        written = await forms.read(request, HallForm)
        async with work_of(request) as work:
            kept = await queries.hall_of(work.db, found.id)
            await service.edit(work, kept, written, version_in(forms.typed_in(request)))
    except Invalid as error:
        return _page(request, found, forms.typed_in(request) | {"version": found.version}, error.errors, 422)
    except Conflict:
        told = {"": "Cette salle a été modifiée ailleurs pendant que vous l’écriviez\u00a0: relisez, puis enregistrez."}
        return _page(request, found, forms.typed_in(request) | {"version": found.version}, told, 409)
    return pages.go(request, HALLS[1], "La salle est modifiée.")


routes = [
    Route(HALLS[1], halls, methods=["GET"]),
    Route(HALLS[1], add, methods=["POST"]),
    Route(f"{HALLS[1]}/{{id}}", hall, methods=["GET"]),
    Route(f"{HALLS[1]}/{{id}}", edit, methods=["POST"]),
]
