"""The door of the desk: what awaits, what is kept, and every page of whoever keeps equipment."""

from sqlmodel import col
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from booking import queries, rules, search
from booking.approvals import queries as approvals
from booking.fleet.models import Unit
from booking.inspections import queries as inspections
from booking.inspections.rules import Stage
from booking.managing import queries as managing
from booking.views import HOME, MANAGE, ROOM, looking
from entente.web import pages
from entente.web.requests import reading_of

SOON = (Stage.OVERDUE, Stage.WEEK, Stage.MONTH)
"""An inspection that is worth saying."""


async def desk(request: Request) -> Response:
    """What awaits this person; to whoever keeps nothing, who does."""
    who = looking(request)
    managed = rules.managed_by(who)
    async with reading_of(request) as db:
        asked = await approvals.count(db, who)
        due = await inspections.due_for(db, who)
        blocks = await managing.kept_back(db, who)
        units = await search.sheets(db, col(Unit.owner_id).in_(managed), col(Unit.retired_at).is_(None))
        settled = await managing.settled(db, who)
        types = await managing.types_to_set(db, who, await queries.types(db))
    return pages.page(
        request,
        "booking/managing/desk.html",
        current=ROOM,
        crumbs=[HOME, (MANAGE[0], "")],
        keeps=bool(managed),
        asked=asked,
        late=sum(each.stage == Stage.OVERDUE for each in due),
        soon=sum(each.stage in SOON for each in due),
        blocks=blocks,
        units=units,
        settled=settled,
        types=types,
    )


routes = [Route(MANAGE[1], desk)]
