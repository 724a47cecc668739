"""Doors to groups."""

from collections.abc import Mapping

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from entente.administration import lists
from entente.administration.groups import queries, service
from entente.administration.groups.models import GroupForm, NewMember
from entente.administration.screens import Field, Screen, form_page
from entente.ids import Ref
from entente.people import words
from entente.people.models import GroupMember
from entente.rules import Invalid
from entente.web import forms, pages, sheets
from entente.web.requests import id_of, reading_of, who_of, work_of

KEY = "personnes"
HOME = ("Groupes", "/administration/groupes")
HEADER = ("groupe", "prénom", "nom", "courriel")


async def groups(request: Request) -> Response:
    """Groups, by name."""
    sought = lists.text_in(request, "q")
    async with reading_of(request) as db:
        page = await queries.groups(db, sought, lists.id_in(request, "apres"))
    return pages.page(
        request,
        "administration/groups.html",
        current=KEY,
        crumbs=[("Personnes", "/administration/personnes"), (HOME[0], "")],
        page=page,
        sought=sought,
        way=lists.way(request, page, q=sought),
    )


async def export(request: Request) -> Response:
    """Who is in which group, as a file."""
    sought = queries.groups_sought(lists.text_in(request, "q")).subquery()
    query = queries.members_sought().join(sought, sought.c.id == GroupMember.group_id)
    async with work_of(request) as work:
        found = (await work.db.execute(query)).all()
        work.audit("groups.exported", Ref("entente/person", who_of(request).id), lines=len(found))
    lines = [(row.group_name, row.given_name, row.family_name, row.email) for row in found]
    return sheets.file("groupes", sheets.write(HEADER, lines))


async def group(request: Request) -> Response:
    """One group with its people."""
    return await _group(request)


async def _group(request: Request, errors: Mapping[str, str] | None = None) -> Response:
    async with reading_of(request) as db:
        shown, members = await queries.group_with_members(db, id_of(request))
    return pages.page(
        request,
        "administration/group.html",
        current=KEY,
        crumbs=[HOME, (shown.name, "")],
        status=422 if errors else 200,
        group=shown,
        members=members,
        errors=errors or {},
        typed=forms.typed_in(request),
        words=words,
    )


async def new_group(request: Request) -> Response:
    """The form that makes a group."""
    return _named(request, Screen("Créer un groupe", "Créer le groupe", f"{HOME[1]}/nouveau", HOME[1], _fields("")))


async def add(request: Request) -> Response:
    """Make a group."""
    try:
        new = await forms.read(request, GroupForm)
        async with work_of(request) as work:
            made = await service.add(work, new)
    except Invalid as invalid:
        screen = Screen("Créer un groupe", "Créer le groupe", f"{HOME[1]}/nouveau", HOME[1], _fields(""))
        return _named(request, screen, invalid.errors)
    return pages.go(request, f"{HOME[1]}/{made.id}", "Le groupe est créé.")


async def name(request: Request) -> Response:
    """The form that renames a group."""
    return await _name(request)


async def _name(request: Request, errors: Mapping[str, str] | None = None) -> Response:
    async with reading_of(request) as db:
        shown, _ = await queries.group_with_members(db, id_of(request))
    address = f"{HOME[1]}/{shown.id}"
    screen = Screen("Renommer le groupe", "Renommer", f"{address}/nom", address, _fields(shown.name))
    return _named(request, screen, errors)


async def rename(request: Request) -> Response:
    """Rename a group."""
    try:
        new = await forms.read(request, GroupForm)
        async with work_of(request) as work:
            await service.rename(work, id_of(request), new)
    except Invalid as invalid:
        return await _name(request, invalid.errors)
    return pages.go(request, f"{HOME[1]}/{id_of(request)}", "Le groupe est renommé.")


async def gather(request: Request) -> Response:
    """Put someone in a group."""
    try:
        new = await forms.read(request, NewMember)
        async with work_of(request) as work:
            await service.gather(work, id_of(request), new)
    except Invalid as invalid:
        return await _group(request, invalid.errors)
    return pages.go(request, f"{HOME[1]}/{id_of(request)}", "La personne est dans le groupe.")


async def part(request: Request) -> Response:
    """Take someone out of a group."""
    async with work_of(request) as work:
        await service.part(work, id_of(request), id_of(request, "person"))
    return pages.go(request, f"{HOME[1]}/{id_of(request)}", "La personne n’est plus dans le groupe.")


def _fields(value: str) -> list[Field]:
    return [Field("name", "Nom du groupe", value, attributes={"maxlength": 120})]


def _named(request: Request, screen: Screen, errors: Mapping[str, str] | None = None) -> Response:
    return form_page(request, screen, KEY, [HOME], errors)


routes = [
    Route("/groupes", groups),
    Route("/groupes.csv", export),
    Route("/groupes/nouveau", new_group),
    Route("/groupes/nouveau", add, methods=["POST"]),
    Route("/groupes/{id}", group),
    Route("/groupes/{id}/nom", name),
    Route("/groupes/{id}/nom", rename, methods=["POST"]),
    Route("/groupes/{id}/membres", gather, methods=["POST"]),
    Route("/groupes/{id}/membres/{person}/depart", part, methods=["POST"]),
]
