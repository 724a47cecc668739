"""The form of one voice: its pistes a page at a time, saved as one goes."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from entente import journal
from entente.clock import now
from entente.rules import Invalid, NotFound
from entente.web import forms, pages, templates
from entente.web.requests import id_of, is_htmx, reading_of, who_of, work_of
from pistes.addresses import HOME, ROOM
from pistes.rounds import feed, queries, service
from pistes.rounds.closing import spreads
from pistes.rounds.holdings import address_of
from pistes.rounds.models import Middle, Round, Voice
from pistes.rounds.rules import pistes_per_page
from pistes.rounds.stories import stream_of
from pistes.rounds.views import CRUMB, page_of


def _voice_of(request: Request, voices: Any) -> Voice:
    """The voice that the address names; only those of this person are offered."""
    found = next((each for each in voices if str(each.id) == request.path_params["voice"]), None)
    if found is None:
        raise NotFound
    return found  # type: ignore[no-any-return]


async def sheet(request: Request) -> Response:
    """What one voice has given so far; in a second round, beside the spread of the first."""
    return await _sheet(request, {})


async def _sheet(request: Request, errors: Mapping[str, str]) -> Response:
    who = who_of(request)
    async with reading_of(request) as db:
        cursor = await journal.cursor(db, stream_of(id_of(request)))
        found = await queries.round_for(db, who, id_of(request))
        voice = _voice_of(request, await queries.voices_of(db, who, found))
        criteria = (await queries.criteria_of(db, found)).criteria
        number, per_page = page_of(request), pistes_per_page(criteria)
        asked = await queries.asked(db, found.id, (number - 1) * per_page, per_page)
        ids = [each.id for each in asked]
        progress = (await queries.progress(db, [found]))[found.id]
        count = await queries.count(db, found.id)
        before = await queries.voice_before(db, found, voice)
        first = await db.get(Round, found.after_id) if found.after_id else None
        known: dict[str, Any] = {
            "given": await queries.marks_of(db, voice.id, ids),
            "before": await queries.marks_of(db, before.id, ids) if before else {},
            "spreads": spreads(await queries.counts(db, first, ids), Middle(first.middle)) if first else {},
            "total": count * len(criteria.criteria),
            "written": await queries.how_many(db, voice.id),
        }
    here = f"{address_of(found.id)}/notes/{voice.id}"
    return pages.page(
        request,
        "pistes/rounds/answer.html",
        current=ROOM,
        crumbs=[HOME, CRUMB, (found.title, address_of(found.id)), ("Vos notes", "")],
        streams=[cursor],
        status=422 if errors else 200,
        round=found,
        name=next(each.name for each in progress.voices if each.id == voice.id),
        shown=templates.root(feed.shown(progress)),
        criteria=criteria,
        asked=asked,
        here=here,
        number=number,
        page_count=-(-count // per_page),
        errors={f"cell-{name}" if "." in name else name: said for name, said in errors.items()},
        typed=forms.typed_in(request) if errors else {},
        **known,
    )


async def save(request: Request) -> Response:
    """Save what the form holds; a cell left empty is taken back."""
    async with reading_of(request) as db:
        found = await queries.round_for(db, who_of(request), id_of(request))
        voice = _voice_of(request, await queries.voices_of(db, who_of(request), found))
    said = _said(await forms.typed_fields(request))
    try:
        async with work_of(request) as work:
            await service.answer(work, found, voice, said)
            written = await queries.how_many(work.db, voice.id)
    except Invalid as error:
        return await _sheet(request, error.errors)
    if is_htmx(request):
        return pages.piece(templates.render("pistes/rounds/_saved.html", {"written": written, "at": now()}))
    here = f"{address_of(found.id)}/notes/{voice.id}"
    goes_on = "suite" in forms.typed_in(request)
    return pages.go(request, f"{here}?page={page_of(request) + goes_on}", "Vos notes sont enregistrées.")


def _said(fields: Mapping[str, Any]) -> service.Marks:
    """The cells of the form, named « piste.criterion »; raises Invalid for what is none."""
    said: dict[tuple[UUID, str], int | None] = {}
    for name, value in fields.items():
        piste, dot, key = name.partition(".")
        if not dot:
            continue
        try:
            said[UUID(piste), key] = int(value) if value else None
        except (ValueError, TypeError):
            raise Invalid({name: "Choisissez un niveau de l’échelle."}) from None
    return said


routes = [
    Route("/pistes/evaluation/{id}/notes/{voice}", sheet),
    Route("/pistes/evaluation/{id}/notes/{voice}", save, methods=["POST"]),
]
