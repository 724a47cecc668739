"""The doors of quotas, for whoever keeps equipment."""

from collections.abc import Mapping

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from booking import rules as booking
from booking.allowances import queries, rules, service
from booking.views import HOME, MANAGE, ROOM
from entente.people.who import Who
from entente.rules import Invalid, NotFound
from entente.web import forms, pages
from entente.web.requests import id_of, reading_of, who_of, work_of

PAGE = "/reservations/quotas"


def _keeping(request: Request) -> Who:
    who = who_of(request)
    if not booking.managed_by(who):
        raise NotFound
    return who


async def quotas(request: Request) -> Response:
    """Every quota of the types that this person keeps."""
    return await _page(request)


async def _page(
    request: Request,
    errors: Mapping[str, str] | None = None,
    about: str = "",
    typed: Mapping[str, str] | None = None,
) -> Response:
    """The same; refused, the form that was sent comes back as it was typed."""
    who = _keeping(request)
    async with reading_of(request) as db:
        types = await queries.types_kept(db, who)
        found = await queries.quotas_of(db, [each.id for each in types])
    listed = {
        each.id: [(quota, rules.sentence(quota), rules.fields_of(quota)) for quota in found if quota.type_id == each.id]
        for each in types
    }
    return pages.page(
        request,
        "booking/allowances/quotas.html",
        current=ROOM,
        crumbs=[HOME, MANAGE, ("Quotas", "")],
        status=422 if errors else 200,
        types=types,
        listed=listed,
        count=len(found),
        errors=errors or {},
        about=about,
        typed=typed or {},
        type_options=[(each.id, each.name) for each in types],
        scope_options=[(scope.value, words) for scope, words in rules.SCOPES.items()],
    )


async def _typed(request: Request) -> dict[str, str]:
    return {name: value for name, value in (await forms.typed_fields(request)).items() if isinstance(value, str)}


async def add(request: Request) -> Response:
    """A new quota."""
    _keeping(request)
    fields = await _typed(request)
    try:
        new = rules.typed(fields)
        async with work_of(request) as work:
            await service.add(work, new)
    except Invalid as error:
        return await _page(request, error.errors, "new", fields)
    return pages.go(request, PAGE, "Le quota est fixé\u00a0: il vaut pour les réservations à venir.")


async def change(request: Request) -> Response:
    """Another figure for a quota."""
    who = _keeping(request)
    fields = await _typed(request)
    async with reading_of(request) as db:
        await queries.quota_for(db, who, id_of(request))
    try:
        new = rules.typed(fields)
        async with work_of(request) as work:
            await service.change(work, await queries.quota_for(work.db, work.who, id_of(request)), new)
    except Invalid as error:
        return await _page(request, error.errors, str(id_of(request)), fields)
    return pages.go(request, PAGE, "Le quota est modifié.")


async def remove(request: Request) -> Response:
    """A quota less."""
    _keeping(request)
    async with work_of(request) as work:
        await service.remove(work, await queries.quota_for(work.db, work.who, id_of(request)))
    return pages.go(request, PAGE, "Le quota est retiré.")


routes = [
    Route(PAGE, quotas, methods=["GET"]),
    Route(PAGE, add, methods=["POST"]),
    Route(f"{PAGE}/{{id}}", change, methods=["POST"]),
    Route(f"{PAGE}/{{id}}/retrait", remove, methods=["POST"]),
]
