"""The doors of whoever will be away."""

from collections.abc import Mapping
from datetime import date
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from booking.approvals import queries as approvals
from booking.approvals.absences import queries, service
from booking.periods import naive
from booking.views import HOME, ROOM, looking
from entente.clock import now
from entente.rules import Invalid
from entente.web import forms, pages
from entente.web.requests import id_of, reading_of, who_of, work_of

PAGE = "/reservations/absences"


async def absences(request: Request) -> Response:
    """Who answers in my place, and in whose place I do."""
    return await _page(request, {}, {})


async def _page(request: Request, fields: Mapping[str, str], errors: dict[str, str]) -> Response:
    who, today = looking(request), naive(now()).date()
    async with reading_of(request) as db:
        known = await queries.of(db, who)
        colleagues = await approvals.colleagues(db, who.organisations)
    return pages.page(
        request,
        "booking/absences.html",
        current=ROOM,
        crumbs=[HOME, ("À approuver", "/reservations/a-approuver"), ("Absences", "")],
        status=422 if errors else 200,
        absences=known,
        me_id=who.id,
        colleagues=[each for each in colleagues if each[0] != who.id],
        fields={"since": str(today), "last": str(today), **fields},
        errors=errors,
    )


async def delegate(request: Request) -> Response:
    """Have somebody answer in one's place."""
    looking(request)
    fields = {name: str(value) for name, value in (await forms.typed_fields(request)).items()}
    try:
        since, last = _day(fields, "since"), _day(fields, "last")
        async with work_of(request) as work:
            await service.delegate(work, _id(fields.get("stand_in", "")), since, last)
    except Invalid as error:
        return await _page(request, fields, error.errors)
    return pages.go(request, PAGE, "C’est noté\u00a0: les demandes lui seront aussi présentées.")


def _day(fields: Mapping[str, str], name: str) -> date:
    try:
        return date.fromisoformat(fields.get(name, ""))
    except ValueError:
        raise Invalid({name: "Cette date n’existe pas\u00a0; écrivez-la ainsi\u00a0: 2026-11-22."}) from None


def _id(written: str) -> UUID | None:
    try:
        return UUID(written)
    except ValueError:
        return None


async def take_back(request: Request) -> Response:
    """Answer oneself again."""
    looking(request)
    async with work_of(request) as work:
        await service.take_back(work, await queries.own(work.db, who_of(request), id_of(request)))
    return pages.go(request, PAGE, "C’est noté\u00a0: vous répondez de nouveau vous-même.")


routes = [
    Route(PAGE, absences),
    Route(PAGE, delegate, methods=["POST"]),
    Route("/reservations/absences/{id}/fin", take_back, methods=["POST"]),
]
