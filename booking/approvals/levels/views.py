"""The door of whoever says which agreements a type asks for."""

from collections.abc import Mapping

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from booking import queries
from booking.approvals import queries as approvals
from booking.approvals import rules
from booking.approvals.levels import service
from booking.approvals.models import Level
from booking.views import FLEET, HOME, ROOM, looking
from entente.rules import Invalid, NotFound
from entente.web import forms, pages
from entente.web.requests import reading_of, work_of


async def levels(request: Request) -> Response:
    """The chain of a type, still to be changed."""
    return await _page(request, None, {})


async def _page(request: Request, fields: Mapping[str, str] | None, errors: dict[str, str]) -> Response:
    who = looking(request)
    async with reading_of(request) as db:
        type_ = await queries.type_at(db, request.path_params["slug"])
        owners = await service.owners_of(db, type_.id)
        if not rules.may_set(who, owners):
            raise NotFound
        chain = await approvals.chain_of(db, type_)
        people = await approvals.colleagues(db, owners)
    return pages.page(
        request,
        "booking/levels.html",
        current=ROOM,
        crumbs=[HOME, FLEET, (type_.name, f"/reservations/types/{type_.slug}"), ("Accords", "")],
        status=422 if errors else 200,
        type=type_,
        whom=[*((str(kind), words) for kind, words in rules.WORDS.items()), *people],
        people=people,
        fields=written(chain) if fields is None else fields,
        errors=errors,
    )


def written(chain: list[Level]) -> dict[str, str]:
    """A chain as its form shows it."""
    return {
        key: str(value)
        for each in chain
        for key, value in (
            (f"whom-{each.number}", each.function or each.person_id),
            (f"hours-{each.number}", each.minutes // 60),
            (f"late-{each.number}", each.late_id or ""),
        )
    }


async def set_levels(request: Request) -> Response:
    """Another chain for a type; refused, the form comes back as it was typed."""
    looking(request)
    fields = {name: str(value) for name, value in (await forms.typed_fields(request)).items()}
    try:
        async with work_of(request) as work:
            type_ = await queries.type_at(work.db, request.path_params["slug"])
            if not rules.may_set(work.who, await service.owners_of(work.db, type_.id)):
                raise NotFound
            await service.set_levels(work, type_, fields)
    except Invalid as error:
        return await _page(request, fields, error.errors)
    return pages.go(request, f"/reservations/types/{type_.slug}", "C’est noté\u00a0: les accords sont à jour.")


PAGE = "/reservations/types/{slug}/accords"
routes = [Route(PAGE, levels), Route(PAGE, set_levels, methods=["POST"])]
