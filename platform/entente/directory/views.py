"""Doors to the directory."""

from collections.abc import Sequence
from itertools import groupby
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from entente.directory import queries, rules
from entente.directory.queries import Sought
from entente.people import words
from entente.people.models import Body, FunctionKind, Organisation
from entente.people.queries import Face
from entente.rules import NotFound
from entente.web import pages
from entente.web.requests import id_of, reading_of, who_of

KEY = "annuaire"
HOME = ("Annuaire", "/annuaire")


def _let_in(request: Request) -> None:
    if not rules.may_look(who_of(request)):
        raise NotFound


def _id_in(request: Request, name: str) -> UUID | None:
    try:
        return UUID(request.query_params.get(name, ""))
    except ValueError:
        return None


def sought_in(request: Request) -> Sought:
    """The filters of the address."""
    kind = request.query_params.get("fonction", "")
    return Sought(
        request.query_params.get("q", "").strip()[:100],
        _id_in(request, "organisation"),
        FunctionKind(kind) if kind in set(FunctionKind) else None,
        _id_in(request, "instance"),
    )


def _address(sought: Sought, after: UUID | None = None) -> str:
    filters = {
        "q": sought.words,
        "organisation": sought.organisation,
        "fonction": sought.kind,
        "instance": sought.body,
        "apres": after,
    }
    kept = {name: str(value) for name, value in filters.items() if value}
    return f"{HOME[1]}?{urlencode(kept)}" if kept else HOME[1]


def face_of(row: Any) -> Face:
    """How someone is shown beside their name."""
    name = f"{row.given_name} {row.family_name}"
    return Face(row.person_id, name, row.title, row.short_name, row.hue, row.photo, 0)


def by_organisation(found: Sequence[Any]) -> list[tuple[Any, list[tuple[Any, Face]]]]:
    """The page as it is read: an organisation, then its people."""
    return [
        (lines[0], [(line, face_of(line)) for line in lines])
        for lines in (list(group) for _, group in groupby(found, key=lambda row: row.organisation_id))
    ]


async def directory(request: Request) -> Response:
    """People, by organisation."""
    _let_in(request)
    sought, after = sought_in(request), _id_in(request, "apres")
    async with reading_of(request) as db:
        found = await queries.directory(db, sought, after)
        organisations = await queries.choices(db, Organisation)
        bodies = await queries.choices(db, Body)
    return pages.page(
        request,
        "directory/directory.html",
        current=KEY,
        crumbs=[(HOME[0], "")],
        parts=by_organisation(found.rows),
        total=found.total,
        next=_address(sought, found.next) if found.next else None,
        first=_address(sought) if after else None,
        sought=sought,
        is_filtered=sought != Sought(),
        organisations=organisations,
        bodies=bodies,
        words=words,
    )


async def person(request: Request) -> Response:
    """One person, as members may know them."""
    _let_in(request)
    async with reading_of(request) as db:
        sheet = await queries.sheet_of(db, id_of(request))
    first = sheet.functions[0] if sheet.functions else None
    hue = first.hue if first else sheet.person.id.int % 360
    face = Face(sheet.person.id, sheet.person.name, "", "", hue, sheet.person.photo, 0)
    return pages.page(
        request,
        "directory/person.html",
        current=KEY,
        crumbs=[HOME, (sheet.person.name, "")],
        sheet=sheet,
        face=face,
        words=words,
    )


async def bodies(request: Request) -> Response:
    """Instances."""
    _let_in(request)
    async with reading_of(request) as db:
        found = await queries.bodies(db)
    return pages.page(
        request,
        "directory/bodies.html",
        current=KEY,
        crumbs=[HOME, ("Instances", "")],
        bodies=found,
        words=words,
    )


async def body(request: Request) -> Response:
    """One instance and who sits there."""
    _let_in(request)
    async with reading_of(request) as db:
        shown, seats = await queries.body_with_seats(db, id_of(request))
    return pages.page(
        request,
        "directory/body.html",
        current=KEY,
        crumbs=[HOME, ("Instances", f"{HOME[1]}/instances"), (shown.name, "")],
        body=shown,
        seats=seats,
        words=words,
    )


routes = [
    Route("/annuaire", directory),
    Route("/annuaire/instances", bodies),
    Route("/annuaire/instances/{id}", body),
    Route("/annuaire/{id}", person),
]
