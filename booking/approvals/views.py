"""The door of whoever decides."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from booking import rules
from booking.approvals import queries
from booking.views import HOME, ROOM
from entente.clock import now
from entente.rules import NotFound
from entente.web import pages
from entente.web.requests import reading_of, who_of

PAGE = "/reservations/a-approuver"


async def to_approve(request: Request) -> Response:
    """Every request that awaits this person, with what it takes and until when its slot is held."""
    who = who_of(request)
    if not rules.may_look(who):
        raise NotFound
    async with reading_of(request) as db:
        pending, lapsed = await queries.pending(db, who), await queries.lapsed(db, who)
        steps = await queries.last_numbers(db, [each.id for each in (*pending, *lapsed)])
    return pages.page(
        request,
        "booking/to_approve.html",
        current=ROOM,
        crumbs=[HOME, ("À approuver", "")],
        pending=pending,
        lapsed=lapsed,
        steps=steps,
        keeps=bool(rules.managed_by(who)),
        at=now(),
        is_urgent=queries.is_urgent,
    )


routes = [Route(PAGE, to_approve)]
