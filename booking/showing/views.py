"""Which door of what shows a unit opens on what."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlmodel import col
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from booking import search
from booking.fleet.models import Unit
from booking.showing import queries, rules, service
from booking.showing.keeping import SHELF
from booking.showing.models import LONGEST_WORDS, UnitFile
from booking.views import FLEET, HOME, ROOM
from entente.files import keeping
from entente.files.keeping import Kept, thumbnail_of
from entente.files.store import Away
from entente.rules import Invalid, NotFound
from entente.web import forms, pages, uploads
from entente.web.requests import house_of, id_of, reading_of, who_of, work_of
from entente.web.uploads import Limits

UNIT = "/reservations/unites/{}"


class TooHeavy(Invalid):
    """The file weighs too much (413)."""


async def describing(request: Request) -> Response:
    """The page on which the keeper of a unit describes it."""
    async with reading_of(request) as db:
        unit = await queries.unit_for(db, who_of(request), id_of(request))
    return await _page(request, unit.id)


async def _page(
    request: Request,
    unit_id: UUID,
    errors: Mapping[str, str] | None = None,
    about: str = "",
    typed: Mapping[str, str] | None = None,
    status: int = 200,
) -> Response:
    """The same, with what is wrong: in the description, in a new file, or in the words of one."""
    async with reading_of(request) as db:
        (sheet,) = await search.sheets(db, col(Unit.id) == unit_id)
        shown = await queries.shown_of(db, unit_id)
        traits = await queries.described(db, sheet.unit)
    known: dict[str, Any] = {
        "sheet": sheet,
        "shown": shown,
        "traits": traits,
        "written": "\n".join(piece.written for piece in shown.accessories),
        "errors": errors or {},
        "about": about,
        "typed": typed or {},
        "most": house_of(request).settings.files_max_mb,
        "longest": LONGEST_WORDS,
    }
    crumbs = [HOME, FLEET, (sheet.unit.name, UNIT.format(unit_id)), ("Décrire", "")]
    return pages.page(request, "booking/showing/describe.html", current=ROOM, crumbs=crumbs, status=status, **known)


async def describe(request: Request) -> Response:
    """Say what a unit is like and what it comes with."""
    async with reading_of(request) as db:
        unit_id = (await queries.unit_for(db, who_of(request), id_of(request))).id
    fields = await _fields(request)
    try:
        async with work_of(request) as work:
            unit = await queries.unit_for(work.db, work.who, unit_id)
            await service.describe(work, unit, _traits(fields), fields.get("accessories", ""))
    except Invalid as error:
        return await _page(request, unit_id, error.errors, "description", fields, 422)
    return pages.go(request, _address(unit_id), "La description est enregistrée.")


async def _fields(request: Request) -> dict[str, str]:
    return {name: value for name, value in (await forms.typed_fields(request)).items() if isinstance(value, str)}


def _traits(fields: Mapping[str, str]) -> dict[UUID, str]:
    found: dict[UUID, str] = {}
    for name, value in fields.items():
        try:
            found |= {UUID(name.removeprefix("trait-")): value} if name.startswith("trait-") else {}
        except ValueError:
            continue  # No form of ours has such a name: it describes nothing.
    return found


async def add_file(request: Request) -> Response:
    """Bring a photo or a document of a unit."""
    async with reading_of(request) as db:
        unit_id = (await queries.unit_for(db, who_of(request), id_of(request))).id
    kept = None
    try:
        kept, words = await _kept(request)
        async with work_of(request) as work:
            unit = await queries.unit_for(work.db, work.who, unit_id)
            file = await service.add_file(work, house_of(request).settings, unit, kept, words)
    except Invalid as error:
        await _forget(request, kept)
        status = 413 if isinstance(error, TooHeavy) else 422
        return await _page(request, unit_id, error.errors, "file", forms.typed_in(request), status)
    except NotFound:
        await _forget(request, kept)
        raise
    return pages.go(request, _address(unit_id), f"«\u00a0{file.name}\u00a0» est ajouté.")


async def _kept(request: Request) -> tuple[Kept, str]:
    """The one file of the form, written where files lie, and its words; raises Invalid, the words being read."""
    house = house_of(request)
    each = house.settings.files_max_mb * uploads.MEGA
    received = await uploads.receive(request, Limits(1, each, each + uploads.MEGA))
    try:
        if received.refusal or received.heavy:
            raise TooHeavy({"files": rules.too_heavy(house.settings)})
        if not received.files:
            raise Invalid({"files": rules.MISSING})
        (file,) = received.files
        async with reading_of(request) as db:
            used = await queries.used_by(db, who_of(request))
        if not rules.has_room(used, file.size or 0, house.settings):
            raise Invalid({"files": rules.too_much(used, house.settings)})
        kept = await keeping.keep(house.files, SHELF, file.filename or "", uploads.source_of(file), file.size or 0)
    except Away:
        raise Invalid({"files": rules.AWAY}) from None
    finally:
        received.close()
    return kept, (await _fields(request)).get("words", "")


async def _forget(request: Request, kept: Kept | None) -> None:
    if kept:
        await house_of(request).files.remove(keeping.names_of(kept.kept, kept.width))


async def reword(request: Request) -> Response:
    """Say better what a file shows."""
    async with reading_of(request) as db:
        unit_id = (await queries.kept_file_for(db, who_of(request), id_of(request))).unit_id
    fields = await _fields(request)
    try:
        async with work_of(request) as work:
            file = await queries.kept_file_for(work.db, work.who, id_of(request))
            await service.reword(work, file, fields.get("words", ""), fields.get("first") == "1")
    except Invalid as error:
        return await _page(request, unit_id, error.errors, str(id_of(request)), fields, 422)
    return pages.go(request, _address(unit_id), "C’est enregistré.")


async def remove_file(request: Request) -> Response:
    """Take a file away."""
    async with work_of(request) as work:
        file = await queries.kept_file_for(work.db, work.who, id_of(request))
        await service.remove_file(work, file)
    return pages.go(request, _address(file.unit_id), f"«\u00a0{file.name}\u00a0» est retiré.")


def _address(unit_id: UUID) -> str:
    return f"{UNIT.format(unit_id)}/description"


async def file(request: Request) -> Response:
    """A photo, shown; a document, to be saved."""
    found = await _found(request)
    return await uploads.handed(request, found.kept, found.name, found.media_type, found.width > 0)


async def thumbnail(request: Request) -> Response:
    """A photo, small."""
    found = await _found(request)
    if not found.width:
        raise NotFound
    return await uploads.handed(request, thumbnail_of(found.kept), found.name, "image/webp", True)


async def _found(request: Request) -> UnitFile:
    async with reading_of(request) as db:
        return await queries.file_for(db, who_of(request), id_of(request))


routes = [
    Route("/reservations/unites/{id}/description", describing, methods=["GET"]),
    Route("/reservations/unites/{id}/description", describe, methods=["POST"]),
    Route("/reservations/unites/{id}/fichiers", add_file, methods=["POST"]),
    Route("/reservations/fichiers/{id}", file),
    Route("/reservations/fichiers/{id}/vignette", thumbnail),
    Route("/reservations/fichiers/{id}/texte", reword, methods=["POST"]),
    Route("/reservations/fichiers/{id}/retrait", remove_file, methods=["POST"]),
]
