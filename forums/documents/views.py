"""Which door of shared documents opens on what."""

from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from entente.files import keeping
from entente.files.keeping import Kept
from entente.files.store import Away
from entente.rules import Invalid, NotFound
from entente.web import forms, pages, uploads
from entente.web.requests import house_of, id_of, reading_of, who_of, work_of
from entente.web.uploads import Limits
from forums import queries as forums
from forums.addresses import HOME, ROOM, crumb
from forums.attachments import queries as attachments
from forums.attachments import rules as limits
from forums.documents import queries, rules, service
from forums.documents.models import NewDocument, NewVersion
from forums.models import Forum

SHELF = "documents"


@dataclass(frozen=True)
class Wrong:
    """What is wrong with a form of the page, and which one: the new document's, or that of a version."""

    errors: dict[str, str]
    about: str = ""
    status: int = 422


class TooHeavy(Invalid):
    """The file weighs too much (413)."""


async def shelf(request: Request) -> Response:
    """The documents of a forum."""
    async with reading_of(request) as db:
        here, moderates = await forums.forum_for(db, who_of(request), request.path_params["slug"])
    return await _shelf(request, here, moderates)


async def _shelf(request: Request, here: Forum, moderates: bool, wrong: Wrong | None = None) -> Response:
    asked = request.query_params.get("page", "1")
    number = int(asked[:6]) if asked.isascii() and asked.isdigit() and int(asked[:6]) else 1
    wrong = wrong or Wrong({}, status=200)
    async with reading_of(request) as db:
        found = await queries.shelf_of(db, here, number)
        body = await queries.body_of(db, here)
    known: dict[str, Any] = {
        "forum": here,
        "moderates": moderates,
        "body": body,
        "shelf": found,
        "page": number,
        "most": house_of(request).settings.files_max_mb,
        "errors": wrong.errors,
        "about": wrong.about,
        "typed": forms.typed_in(request),
    }
    crumbs = [HOME, crumb(here), ("Documents", "")]
    return pages.page(request, "forums/documents.html", current=ROOM, crumbs=crumbs, status=wrong.status, **known)


async def add(request: Request) -> Response:
    """Share a new document."""
    async with reading_of(request) as db:
        here, moderates = await forums.forum_for(db, who_of(request), request.path_params["slug"])
    kept = None
    try:
        kept = await _kept(request)
        new = await forms.read(request, NewDocument)
        async with work_of(request) as work:
            here, moderates = await forums.forum_for(work.db, work.who, here.slug)
            document = await service.add(work, house_of(request).settings, here, moderates, new, kept)
    except Invalid as error:
        await _forget(request, kept)
        return await _shelf(request, here, moderates, Wrong(error.errors, status=_status(error)))
    return pages.go(request, _address(here), f"«\u00a0{document.title}\u00a0» est déposé.")


async def revise(request: Request) -> Response:
    """Bring a new version of a document."""
    async with reading_of(request) as db:
        document, here, moderates = await queries.document_for(db, who_of(request), id_of(request))
    kept = None
    try:
        kept = await _kept(request)
        new = await forms.read(request, NewVersion)
        async with work_of(request) as work:
            await service.revise(work, house_of(request).settings, document.id, new, kept)
    except Invalid as error:
        await _forget(request, kept)
        return await _shelf(request, here, moderates, Wrong(error.errors, str(document.id), _status(error)))
    except NotFound:
        await _forget(request, kept)
        raise
    return pages.go(request, _address(here), f"La nouvelle version de «\u00a0{document.title}\u00a0» est déposée.")


async def remove(request: Request) -> Response:
    """Take a document away."""
    async with work_of(request) as work:
        document, here, moderates = await queries.document_for(work.db, work.who, id_of(request), held=True)
        await service.remove(work, document, here, moderates)
    return pages.go(request, _address(here), f"«\u00a0{document.title}\u00a0» est retiré.")


async def version(request: Request) -> Response:
    """A version, to be saved, for whoever may read its forum now."""
    async with reading_of(request) as db:
        found = await queries.version_for(db, who_of(request), id_of(request))
    return await uploads.handed(request, found.kept, found.name, found.media_type, is_inline=False)


def _address(here: Forum) -> str:
    return f"/forums/{here.slug}/documents"


def _status(error: Invalid) -> int:
    return 413 if isinstance(error, TooHeavy) else 422


async def _kept(request: Request) -> Kept:
    """The one file of the form, written where files lie; raises Invalid with the reason, its words being read."""
    house = house_of(request)
    each = limits.limits_of(house.settings).each
    received = await uploads.receive(request, Limits(1, each, each + uploads.MEGA))
    try:
        if received.refusal or received.heavy:
            sentence = f"Ce fichier est trop lourd\u00a0: {house.settings.files_max_mb}\u00a0Mo au plus."
            raise TooHeavy({"files": sentence})
        if not received.files:
            raise Invalid({"files": rules.MISSING})
        (file,) = received.files
        async with reading_of(request) as db:
            used = await attachments.used_by(db, who_of(request))
        if not limits.has_room(used, file.size or 0, house.settings):
            raise Invalid({"files": limits.too_much(used, house.settings)})
        return await keeping.keep(house.files, SHELF, file.filename or "", uploads.source_of(file), file.size or 0)
    except Away:
        raise Invalid({"files": limits.AWAY}) from None
    finally:
        received.close()


async def _forget(request: Request, kept: Kept | None) -> None:
    if kept:
        await house_of(request).files.remove(keeping.names_of(kept.kept, kept.width))


routes = [
    Route("/forums/{slug}/documents", shelf, methods=["GET"]),
    Route("/forums/{slug}/documents", add, methods=["POST"]),
    Route("/forums/documents/{id}", version),
    Route("/forums/documents/{id}/versions", revise, methods=["POST"]),
    Route("/forums/documents/{id}/suppression", remove, methods=["POST"]),
]
