"""The doors of outside agendas: the list, what is added to it, and what can be done with each."""

from pathlib import PurePath
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from entente.outside import queries, service
from entente.outside.models import HUES, EditedSource, NewAddress
from entente.outside.reader import MOST_BYTES
from entente.outside.reading import Reading, Unreadable, read
from entente.rules import Invalid
from entente.web import forms, pages, uploads
from entente.web.requests import id_of, reading_of, who_of, work_of
from entente.web.words import plural

HOME = ("Mes agendas", "/agendas")
HERE = ("Mes agendas extérieurs", "/agendas/exterieurs")
LIMITS = uploads.Limits(files=1, each=MOST_BYTES, whole=MOST_BYTES + uploads.MEGA)
COLOURS = [(str(hue), name) for hue, name in HUES]


async def sources(request: Request) -> Response:
    """The agendas that one keeps elsewhere, and the forms that add one."""
    return await _sources(request, {}, "")


async def _sources(request: Request, errors: dict[str, str], form: str) -> Response:
    async with reading_of(request) as db:
        mine = await queries.sources_of(db, who_of(request))
    typed = forms.typed_in(request)
    return pages.page(
        request,
        "agendas/outside/sources.html",
        crumbs=[HOME, HERE],
        status=422 if errors else 200,
        mine=mine,
        colours=COLOURS,
        # Both forms have a name: the summary leads to the one that is wrong.
        errors={f"file-{name}" if form == "file" and name == "title" else name: said for name, said in errors.items()},
        typed={"address": {}, "file": {}} | {form: typed},
        wrong={"address": {}, "file": {}} | {form: errors},
    )


async def follow(request: Request) -> Response:
    """Follow an address; it is read at once, apart."""
    try:
        new = await forms.read(request, NewAddress)
        async with work_of(request) as work:
            made = await service.follow(work, new)
    except Invalid as error:
        return await _sources(request, error.errors, "address")
    return pages.go(request, HERE[1], f"L’agenda «\u00a0{made.title}\u00a0» est ajouté\u00a0: sa lecture commence.")


async def take_file(request: Request) -> Response:
    """Keep what a file holds."""
    received = await uploads.receive(request, LIMITS)
    try:
        content = _content(received)
        new = await _edited(request, received)
        reading = await _read(content)
        async with work_of(request) as work:
            made = await service.take_file(work, new, reading, content)
    except Invalid as error:
        return await _sources(request, error.errors, "file")
    finally:
        received.close()
    return pages.go(request, HERE[1], _told(made.title, reading))


def _content(received: uploads.Received) -> bytes:
    if received.refusal:
        raise Invalid({"file": received.refusal})
    if received.heavy:
        raise Invalid({"file": "Ce fichier dépasse 5\u00a0Mo."})
    if not received.files:
        raise Invalid({"file": "Choisissez un fichier .ics."})
    return uploads.source_of(received.files[0]).read()


async def _edited(request: Request, received: uploads.Received) -> EditedSource:
    """What was typed; a file without another name bears its own."""
    own = PurePath(received.files[0].filename or "").stem[:80]
    typed = await forms.typed_fields(request)
    title = typed.get("title")
    return await forms.read(request, EditedSource, title=title if isinstance(title, str) and title.strip() else own)


async def _read(content: bytes) -> Reading:
    try:
        return await read(content)
    except Unreadable as error:
        raise Invalid({"file": str(error)}) from None


def _told(title: str, reading: Reading) -> str:
    kept = plural(reading.kept, "événement lu", "événements lus")
    left = reading.skipped.total()
    aside = f", {plural(left, 'laissé de côté', 'laissés de côté')}" if left else ""
    return f"Le fichier «\u00a0{title}\u00a0» est importé\u00a0: {kept}{aside}."


async def source(request: Request) -> Response:
    """One outside agenda: its name, its colour, and how its last reading went."""
    return await _source(request, {})


async def _source(request: Request, errors: dict[str, str]) -> Response:
    async with reading_of(request) as db:
        found = await queries.source_for(db, who_of(request), id_of(request))
        times = await queries.times_in(db, found.id)
    typed: dict[str, Any] = {"title": found.title, "hue": found.hue} | forms.typed_in(request)
    return pages.page(
        request,
        "agendas/outside/source.html",
        crumbs=[HOME, HERE, (found.title, "")],
        status=422 if errors else 200,
        source=found,
        times=times,
        colours=COLOURS,
        typed=typed,
        errors=errors,
    )


async def edit(request: Request) -> Response:
    """Give it another name or another colour."""
    async with work_of(request) as work:
        found = await queries.source_for(work.db, work.who, id_of(request))
        try:
            edited = await forms.read(request, EditedSource)
        except Invalid as error:
            return await _source(request, error.errors)
        service.edit(work, found, edited)
    return pages.go(request, HERE[1], f"L’agenda «\u00a0{edited.title}\u00a0» est modifié.")


async def refresh(request: Request) -> Response:
    """Read it now."""
    async with work_of(request) as work:
        found = await queries.source_for(work.db, work.who, id_of(request))
        service.refresh(work, found)
    return pages.go(request, HERE[1], f"La lecture de «\u00a0{found.title}\u00a0» commence.", "info")


async def remove(request: Request) -> Response:
    """Forget it and all it filled."""
    async with work_of(request) as work:
        found = await queries.source_for(work.db, work.who, id_of(request))
        await service.remove(work, found)
    return pages.go(request, HERE[1], f"L’agenda «\u00a0{found.title}\u00a0» est retiré.")


routes = [
    Route("/agendas/exterieurs", sources, methods=["GET"]),
    Route("/agendas/exterieurs", follow, methods=["POST"]),
    Route("/agendas/exterieurs/fichier", take_file, methods=["POST"]),
    Route("/agendas/exterieurs/{id}", source, methods=["GET"]),
    Route("/agendas/exterieurs/{id}", edit, methods=["POST"]),
    Route("/agendas/exterieurs/{id}/lecture", refresh, methods=["POST"]),
    Route("/agendas/exterieurs/{id}/retrait", remove, methods=["POST"]),
]
