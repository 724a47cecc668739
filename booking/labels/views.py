"""The sheets of labels, one per depot."""

from uuid import UUID

import segno
from markupsafe import Markup
from sqlalchemy import func
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from booking import rules, search
from booking.fleet.models import Depot, Unit
from booking.showing import queries as showing
from booking.views import FLEET, HOME, ROOM
from entente.db import rows
from entente.people.models import Organisation
from entente.rules import NotFound
from entente.web import pages
from entente.web.requests import house_of, id_of, reading_of, who_of

PAGE = "/reservations/etiquettes"


def code_of(address: str) -> Markup:
    """The QR code of an address, drawn in the page; redundant enough for dirt and scratches."""
    drawn = segno.make(address, error="q", micro=False).svg_inline(scale=3, border=2, svgclass=None, lineclass=None)
    return Markup(drawn)  # noqa: S704


async def depots(request: Request) -> Response:
    """The depots, each with how many labels its sheet holds."""
    _require_member(request)
    async with reading_of(request) as db:
        found = await _depots(db)
    return pages.page(
        request, "booking/labels.html", current=ROOM, crumbs=[HOME, FLEET, ("Étiquettes", "")], depots=found
    )


async def sheet(request: Request) -> Response:
    """The labels of a depot, to print and to stick on."""
    _require_member(request)
    async with reading_of(request) as db:
        depot = await db.get(Depot, id_of(request))
        if depot is None:
            raise NotFound
        units = await search.sheets(db, col(Unit.depot_id) == depot.id, col(Unit.retired_at).is_(None))
        photos = await showing.covers(db, [each.unit.id for each in units])
    base = house_of(request).settings.base_url
    return pages.page(
        request,
        "booking/label_sheet.html",
        current=ROOM,
        crumbs=[HOME, FLEET, ("Étiquettes", PAGE), (depot.name, "")],
        depot=depot,
        photos=photos,
        labels=[(each, code_of(_address(base, each.unit.id))) for each in units],
    )


def _address(base: str, unit_id: UUID) -> str:
    return f"{base}/reservations/unites/{unit_id}"


def _require_member(request: Request) -> None:
    if not rules.may_look(who_of(request)):
        raise NotFound


async def _depots(db: AsyncSession) -> list[tuple[UUID, str, str, int]]:
    query = (
        rows(col(Depot.id), Depot.name, col(Organisation.short_name), func.count(col(Unit.id)))
        .join(Organisation, col(Organisation.id) == col(Depot.organisation_id))
        .join(Unit, col(Unit.depot_id) == col(Depot.id))
        .where(col(Unit.retired_at).is_(None))
        .group_by(col(Depot.id), col(Depot.name), col(Organisation.short_name))
        .order_by(col(Depot.name), col(Depot.id))
    )
    return [(row[0], row[1], row[2], row[3]) for row in await db.execute(query)]


routes = [Route(PAGE, depots), Route(f"{PAGE}/{{id}}", sheet)]
