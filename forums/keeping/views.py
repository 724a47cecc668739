"""Doors to the forums themselves, for administrators; for anybody else there is nothing here."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from entente.people.words import FUNCTIONS
from entente.rules import Invalid, NotFound
from entente.web import forms, pages
from entente.web.requests import reading_of, who_of, work_of
from forums.keeping import queries, service
from forums.keeping.models import KeptForum
from forums.models import Reading

KEY = "forums-gestion"
HOME = ("Gérer les forums", "/forums-gestion")
READINGS = {
    Reading.ALL: ("Tous les membres", "Toute personne qui exerce une fonction dans une organisation membre."),
    Reading.BODY: ("Une instance", "Les personnes qui siègent dans cette instance."),
    Reading.FUNCTION: ("Une fonction", "Les personnes qui exercent cette fonction, quelle que soit leur organisation."),
    Reading.INVITED: ("Sur invitation", "Les personnes d’un groupe, réunies à la main."),
}

Door = Callable[[Request], Awaitable[Response]]


async def forums(request: Request) -> Response:
    """Every forum, and to whom it is open."""
    async with reading_of(request) as db:
        found = await queries.forums(db)
    return pages.page(
        request,
        "forums/keeping.html",
        current=KEY,
        crumbs=[("Forums", "")],
        forums=found,
        readings=READINGS,
        functions=FUNCTIONS,
    )


async def new_forum(request: Request) -> Response:
    """The form that creates a forum."""
    return await _new_forum(request)


async def _new_forum(request: Request, errors: Mapping[str, str] | None = None) -> Response:
    known = {"title": "Créer un forum", "action": "Créer le forum", "address": f"{HOME[1]}/nouveau"}
    return await _form(request, known, {"reading": Reading.ALL}, errors)


async def create_forum(request: Request) -> Response:
    """Create a forum."""
    try:
        new = await forms.read(request, KeptForum)
        async with work_of(request) as work:
            await service.create_forum(work, new)
    except Invalid as invalid:
        return await _new_forum(request, invalid.errors)
    return pages.go(request, HOME[1], f"Le forum «\u00a0{new.title}\u00a0» est créé.")


async def forum(request: Request) -> Response:
    """The form that changes a forum."""
    return await _edit_forum(request)


async def _edit_forum(request: Request, errors: Mapping[str, str] | None = None) -> Response:
    async with reading_of(request) as db:
        here = await queries.forum_at(db, request.path_params["slug"])
        moderators = await queries.moderators_of(db, here.id)
        is_empty = not await queries.has_threads(db, here.id)
    address = f"{HOME[1]}/{here.slug}"
    removal = f"{address}/suppression" if is_empty else None
    known = {"title": here.title, "action": "Enregistrer", "address": address, "removal": removal}
    known["tags"] = f"{address}/etiquettes"
    values = {**service.said_of(here), "moderators": "\n".join(moderators.values())}
    return await _form(request, known, values, errors)


async def edit_forum(request: Request) -> Response:
    """Change a forum."""
    try:
        edited = await forms.read(request, KeptForum)
        async with work_of(request) as work:
            here = await queries.forum_at(work.db, request.path_params["slug"], held=True)
            await service.edit_forum(work, here, edited)
    except Invalid as invalid:
        return await _edit_forum(request, invalid.errors)
    return pages.go(request, HOME[1], f"Le forum «\u00a0{edited.title}\u00a0» est modifié.")


async def delete_forum(request: Request) -> Response:
    """Remove a forum in which nothing was ever said."""
    async with work_of(request) as work:
        here = await queries.forum_at(work.db, request.path_params["slug"], held=True)
        title = here.title
        await service.delete_forum(work, here)
    return pages.go(request, HOME[1], f"Le forum «\u00a0{title}\u00a0» est supprimé.")


async def _form(
    request: Request, screen: Mapping[str, Any], values: Mapping[str, Any], errors: Mapping[str, str] | None
) -> Response:
    """The form as it is to be filled, or as it was typed with what is wrong in it."""
    async with reading_of(request) as db:
        bodies, groups = await queries.choices(db)
    return pages.page(
        request,
        "forums/keep.html",
        current=KEY,
        crumbs=[HOME, (screen["title"], "")],
        status=422 if errors else 200,
        screen=screen,
        values={**values, **(forms.typed_in(request) if errors else {})},
        errors=errors or {},
        readings=[(reading, *words) for reading, words in READINGS.items()],
        bodies=bodies,
        functions=list(FUNCTIONS.items()),
        groups=groups,
    )


def _for_keepers(door: Door) -> Door:
    """Let administrators in; for anybody else there is nothing."""

    async def guarded(request: Request) -> Response:
        if not who_of(request).is_administrator:
            raise NotFound
        return await door(request)

    return guarded


_DOORS = [
    ("GET", "", forums),
    ("GET", "/nouveau", new_forum),
    ("POST", "/nouveau", create_forum),
    ("GET", "/{slug}", forum),
    ("POST", "/{slug}", edit_forum),
    ("POST", "/{slug}/suppression", delete_forum),
]
# Guarded here, all of them, so that a new one cannot be forgotten.
routes = [Route(f"{HOME[1]}{path}", _for_keepers(door), methods=[method]) for method, path, door in _DOORS]
