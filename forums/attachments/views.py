"""Which door of files opens on what."""

from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from entente.files.keeping import thumbnail_of
from entente.ids import Ref
from entente.rules import Invalid, NotFound, require
from entente.web import forms, pages, uploads
from entente.web.requests import house_of, id_of, is_htmx, reading_of, who_of
from entente.web.templates import render
from entente.web.uploads import Limits
from forums.attachments import queries, rules, taking
from forums.attachments.models import LONGEST_WORDS, Attachment
from forums.attachments.shown import ShownFile
from forums.service import CLOSED


async def bring(request: Request) -> Response:
    """Bring one file, which then waits in its form."""
    house, who = house_of(request), who_of(request)
    all_ = rules.limits_of(house.settings)
    received = await uploads.receive(request, Limits(1, all_.each, all_.each + uploads.MEGA))
    try:
        context = _context((await forms.typed_fields(request)).get("context"))
        async with reading_of(request) as db:
            require(await queries.allow(db, who, context), CLOSED)
        if received.refusal or received.heavy:
            sentence = f"Ce fichier est trop lourd\u00a0: {house.settings.files_max_mb}\u00a0Mo au plus."
            return PlainTextResponse(sentence, 413)
        if not received.files:
            return PlainTextResponse("Choisissez un fichier sur votre appareil.", 422)
        file = await taking.keep(house, who, context, received.files[0])
    except Invalid as error:
        return PlainTextResponse(" ".join(error.errors.values()), 422)
    finally:
        received.close()
    return pages.piece(_waiting(file), 201)


def _context(value: object) -> Ref:
    try:
        return Ref.parse(str(value))
    except ValueError:
        raise NotFound from None


def _waiting(file: Attachment) -> Markup:
    shown = ShownFile(file.id, file.name, file.label, file.size, file.width, file.height, file.words)
    return render("forums/_waiting_file.html", {"file": shown, "longest": LONGEST_WORDS})


async def take_off(request: Request) -> Response:
    """Let go of one of one's own files that waits."""
    async with reading_of(request) as db:
        file = await queries.waiting_for(db, who_of(request), id_of(request))
    await taking.drop(request, file.id)
    if is_htmx(request):
        return Response(status_code=204)
    return pages.go(request, _page_of(Ref.parse(file.context)), f"«\u00a0{file.name}\u00a0» est retiré.")


def _page_of(context: Ref) -> str:
    pages_ = {"forums/thread": "/forums/fils/{}?depuis=fin#composer", "forums/post": "/forums/messages/{}/modifier"}
    return pages_.get(context.kind, "/forums").format(context.id)


async def file(request: Request) -> Response:
    """A file, to whoever may read its post now: shown if it is a picture, saved otherwise."""
    found = await _found(request)
    is_picture = found.width > 0
    return await uploads.handed(request, found.kept, found.name, found.media_type, is_picture)


async def thumbnail(request: Request) -> Response:
    """A picture, small."""
    found = await _found(request)
    if not found.width:
        raise NotFound
    return await uploads.handed(request, thumbnail_of(found.kept), found.name, "image/webp", True)


async def _found(request: Request) -> Attachment:
    async with reading_of(request) as db:
        return await queries.file_for(db, who_of(request), id_of(request))


routes = [
    Route("/forums/fichiers/depot", bring, methods=["POST"]),
    Route("/forums/fichiers/{id}", file),
    Route("/forums/fichiers/{id}/vignette", thumbnail),
    Route("/forums/fichiers/{id}/retrait", take_off, methods=["POST"]),
]
