"""Which door of an agenda opens on what."""

from collections.abc import Mapping
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from entente.files import keeping as files
from entente.files.keeping import Kept
from entente.files.store import Away
from entente.rules import Invalid, require
from entente.web import forms, pages, uploads
from entente.web.requests import house_of, id_of, reading_of, work_of
from entente.web.uploads import MEGA, Limits
from planning import queries, rules
from planning.agenda import queries as agenda
from planning.agenda import service
from planning.agenda.keeping import SHELF
from planning.agenda.models import ItemForm, mark_of
from planning.doors import HOME, MEETINGS, ROOM, address_of, looking, writing
from planning.models import Item, Meeting
from planning.service import NOT_YOURS, Outdated, require_alive
from planning.shown import shown

MISSING = "Choisissez un fichier sur votre appareil."
AWAY = "L’endroit où les fichiers sont gardés ne répond pas. Réessayez dans un instant."

ITEM_CHANGED = "Ce point a été modifié ailleurs pendant que vous l’écriviez."


def page_of(meeting_id: UUID) -> str:
    """Where the agenda of a meeting is written."""
    return f"{address_of(meeting_id)}/ordre-du-jour"


async def write(request: Request) -> Response:
    """The agenda, to be written."""
    return await _write(request, id_of(request))


async def _write(
    request: Request,
    meeting_id: UUID,
    errors: Mapping[str, str] | None = None,
    about: UUID | None = None,
    status: int = 200,
) -> Response:
    who = looking(request)
    async with reading_of(request) as db:
        found = await shown(db, who, meeting_id)
        writing(request, found.meeting.body_id)
        points = await agenda.agenda_of(db, meeting_id)
    require_alive(found.meeting)
    return pages.page(
        request,
        "planning/agenda.html",
        current=ROOM,
        crumbs=[HOME, (found.meeting.title, address_of(meeting_id)), ("Ordre du jour", "")],
        status=status,
        shown=found,
        here=address_of(meeting_id),
        agenda=points,
        errors=errors or {},
        about=about,
        typed=forms.typed_in(request) if errors else {},
        most=house_of(request).settings.files_max_mb,
    )


async def add(request: Request) -> Response:
    """Add a point."""
    looking(request)
    try:
        written = await forms.read(request, ItemForm)
        async with work_of(request) as work:
            row = await queries.meeting_for(work.db, work.who, id_of(request))
            await service.add(work, row, written)
    except Invalid as error:
        return await _write(request, id_of(request), error.errors, status=422)
    return pages.go(request, page_of(row.id), "Le point est ajouté.")


async def item(request: Request) -> Response:
    """The form of a point."""
    found, row = await _item(request)
    return _item_page(request, found, row, found.model_dump() | {"mark": mark_of(found)})


async def _item(request: Request) -> tuple[Item, Meeting]:
    who = looking(request)
    async with reading_of(request) as db:
        found, row = await agenda.item_for(db, who, id_of(request))
    writing(request, row.body_id)
    require_alive(row)
    return found, row


def _item_page(
    request: Request,
    found: Item,
    row: Meeting,
    fields: Mapping[str, object],
    errors: Mapping[str, str] | None = None,
    conflict: str = "",
) -> Response:
    return pages.page(
        request,
        "planning/item.html",
        current=ROOM,
        crumbs=[HOME, (row.title, address_of(row.id)), ("Ordre du jour", page_of(row.id)), (found.title, "")],
        status=409 if conflict else 422 if errors else 200,
        item=found,
        conflict=conflict,
        fields=fields,
        errors=errors or {},
        back=page_of(row.id),
    )


async def edit(request: Request) -> Response:
    """Write a point again; over an older version one is told, and nothing typed is lost."""
    found, row = await _item(request)
    known = str((await forms.typed_fields(request)).get("mark", ""))
    try:
        written = await forms.read(request, ItemForm)
        async with work_of(request) as work:
            kept, meeting = await agenda.item_for(work.db, work.who, found.id)
            await service.edit(work, meeting, kept, written, known)
    except Outdated:
        # What is typed is shown over the new version: to send it again is to choose it.
        found, row = await _item(request)
        fields = {**forms.typed_in(request), "mark": mark_of(found)}
        return _item_page(request, found, row, fields, conflict=ITEM_CHANGED)
    except Invalid as error:
        return _item_page(request, found, row, forms.typed_in(request), error.errors)
    return pages.go(request, page_of(row.id), "Le point est modifié.")


async def rise(request: Request) -> Response:
    """Move a point up."""
    return await _shift(request, -1)


async def sink(request: Request) -> Response:
    """Move a point down."""
    return await _shift(request, 1)


async def _shift(request: Request, step: int) -> Response:
    looking(request)
    async with work_of(request) as work:
        found, row = await agenda.item_for(work.db, work.who, id_of(request))
        await service.shift(work, row, found, step)
    return pages.go(request, f"{page_of(row.id)}#point-{found.id}")


async def remove(request: Request) -> Response:
    """Take a point off."""
    looking(request)
    async with work_of(request) as work:
        found, row = await agenda.item_for(work.db, work.who, id_of(request))
        await service.remove(work, row, found)
    return pages.go(request, page_of(row.id), "Le point est retiré de l’ordre du jour.")


async def join(request: Request) -> Response:
    """Join a document to a point."""
    who, each = looking(request), house_of(request).settings.files_max_mb * MEGA
    received = await uploads.receive(request, Limits(1, each, each + MEGA))
    try:
        async with reading_of(request) as db:
            found, row = await agenda.item_for(db, who, id_of(request))
        require(rules.may_write(who, row.body_id), NOT_YOURS)
        try:
            kept = await _kept(request, received)
            async with work_of(request) as work:
                item_, meeting = await agenda.item_for(work.db, work.who, found.id)
                await service.join(work, meeting, item_, kept)
        except Invalid as error:
            return await _write(request, row.id, error.errors, found.id, 422)
    finally:
        received.close()
    return pages.go(request, page_of(row.id), "Le document est joint.")


async def _kept(request: Request, received: uploads.Received) -> Kept:
    house = house_of(request)
    if received.refusal or received.heavy:
        raise Invalid({"files": f"Ce fichier est trop lourd\u00a0: {house.settings.files_max_mb}\u00a0Mo au plus."})
    if not received.files:
        raise Invalid({"files": MISSING})
    file = received.files[0]
    try:
        return await files.keep(house.files, SHELF, file.filename or "", uploads.source_of(file), file.size or 0)
    except Away:
        raise Invalid({"files": AWAY}) from None


async def document(request: Request) -> Response:
    """A document, to whoever may read its meeting now: never shown by the browser unless it is one of our pictures."""
    who = looking(request)
    async with reading_of(request) as db:
        found, _ = await agenda.document_for(db, who, id_of(request))
    return await uploads.handed(request, found.kept, found.name, found.media_type, found.width > 0)


async def take_off(request: Request) -> Response:
    """Take a document off."""
    looking(request)
    async with work_of(request) as work:
        found, row = await agenda.document_for(work.db, work.who, id_of(request))
        await service.take_off(work, row, found)
    return pages.go(request, page_of(row.id), "Le document est retiré.")


_POINT = "/planning/points/{id}"
_DOCUMENT = "/planning/pieces/{id}"

routes = [
    Route(f"{MEETINGS}/{{id}}/ordre-du-jour", write, methods=["GET"]),
    Route(f"{MEETINGS}/{{id}}/ordre-du-jour", add, methods=["POST"]),
    Route(_POINT, item, methods=["GET"]),
    Route(_POINT, edit, methods=["POST"]),
    Route(f"{_POINT}/montee", rise, methods=["POST"]),
    Route(f"{_POINT}/descente", sink, methods=["POST"]),
    Route(f"{_POINT}/retrait", remove, methods=["POST"]),
    Route(f"{_POINT}/pieces", join, methods=["POST"]),
    Route(_DOCUMENT, document, methods=["GET"]),
    Route(f"{_DOCUMENT}/retrait", take_off, methods=["POST"]),
]
