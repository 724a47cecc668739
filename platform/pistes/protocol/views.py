"""The doors of the protocol: read it, edit it, give a piste its kind."""

from typing import Any

from pydantic import ValidationError
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from entente import journal
from entente.people.words import BODIES
from entente.rules import Invalid, NotFound
from entente.web import forms, pages
from entente.web.requests import reading_of, work_of
from pistes import queries
from pistes.addresses import HOME, ROOM
from pistes.gates import require_to_keep
from pistes.protocol import queries as protocols
from pistes.protocol import service
from pistes.protocol.models import ACTORS, GATES, GENERAL, LOCAL, PHASES, KindForm, Protocol
from pistes.ranking.views import looking
from pistes.stories import REGISTER
from pistes.words import PHASES as WORDS

PAGE = "/pistes/protocole"
CRUMB = ("Protocole", PAGE)
ACTOR_WORDS = {LOCAL: "Bloc local (communes et EPCI)", **{str(kind): words for kind, words in BODIES.items()}}


def _names() -> dict[str, Any]:
    return {
        "phases": [(str(phase), WORDS[phase]) for phase in PHASES],
        "actors": [(actor, ACTOR_WORDS[actor]) for actor in ACTORS],
        "bodies": {str(kind): words for kind, words in BODIES.items()},
        "deciders": [(str(kind), words) for kind, words in BODIES.items()],
    }


async def read(request: Request) -> Response:
    """The protocol of a kind of piste."""
    return await _read(request, {})


async def _read(request: Request, errors: dict[str, str]) -> Response:
    who, kind = looking(request), request.query_params.get("nature", GENERAL)
    async with reading_of(request) as db:
        cursor = await journal.cursor(db, REGISTER)
        known = await protocols.in_force(db)
        if kind not in known:
            raise NotFound
        history = await protocols.history(db, kind)
        keeps = await queries.keeps(db, who)
    return pages.page(
        request,
        "pistes/protocol.html",
        current=ROOM,
        crumbs=[HOME, (CRUMB[0], "")],
        streams=[cursor],
        status=422 if errors else 200,
        force=known[kind],
        kinds=[(each.protocol.title, f"{PAGE}?nature={key}", key == kind) for key, each in known.items()],
        history=history,
        keeps=keeps,
        errors=errors,
        typed=forms.typed_in(request),
        **_names(),
    )


async def add(request: Request) -> Response:
    """Add a kind of piste."""
    looking(request)
    try:
        form = await forms.read(request, KindForm)
        async with work_of(request) as work:
            made = await service.add_kind(work, form)
    except Invalid as error:
        return await _read(request, error.errors)
    return pages.go(request, f"{PAGE}?nature={made.kind}", "Cette nature de piste a désormais son protocole.")


async def edit(request: Request) -> Response:
    """The form of a protocol."""
    return await _edit(request, request.query_params.get("nature", GENERAL), {})


async def _edit(request: Request, kind: str, errors: dict[str, str]) -> Response:
    who = looking(request)
    async with reading_of(request) as db:
        await require_to_keep(db, who)
        force = (await protocols.in_force(db)).get(kind)
    if force is None:
        raise NotFound
    return pages.page(
        request,
        "pistes/protocol_edit.html",
        current=ROOM,
        crumbs=[HOME, CRUMB, ("Modifier", "")],
        status=422 if errors else 200,
        force=force,
        errors=errors,
        typed=forms.typed_in(request),
        **_names(),
    )


async def save(request: Request) -> Response:
    """Save a protocol as its next version."""
    looking(request)
    fields = await forms.typed_fields(request)
    kind, seen = str(fields.get("kind", GENERAL)), str(fields.get("version", ""))
    try:
        protocol = _protocol(fields)
        async with work_of(request) as work:
            await service.edit(work, kind, int(seen) if seen.isdecimal() and len(seen) < 9 else -1, protocol)
    except Invalid as error:
        return await _edit(request, kind, error.errors)
    return pages.go(request, f"{PAGE}?nature={kind}", "La nouvelle version du protocole est enregistrée.")


def _protocol(fields: dict[str, Any]) -> Protocol:
    cells = {
        str(phase): {
            actor: words for actor in ACTORS if (words := str(fields.get(f"cell-{phase}-{actor}", "")).strip())
        }
        for phase in PHASES
    }
    gates = {str(gate): fields.get(f"gate-{gate}") for gate in GATES}
    try:
        return Protocol.model_validate({"title": str(fields.get("title", "")).strip(), "cells": cells, "gates": gates})
    except ValidationError as error:
        raise Invalid({_field(each["loc"]): _said(each) for each in error.errors()}) from None


def _field(place: tuple[int | str, ...]) -> str:
    begin = {"cells": "cell", "gates": "gate"}.get(str(place[0]), "title")
    return "-".join([begin, *map(str, place[1:])])


def _said(error: Any) -> str:
    if error["type"] == "string_too_long":
        return f"C’est trop long\u00a0: {error['ctx']['max_length']} caractères au plus."
    return "Donnez un nom à ce protocole." if error["loc"][0] == "title" else "Choisissez dans la liste."


routes = [
    Route(PAGE, read),
    Route(PAGE, add, methods=["POST"]),
    Route(f"{PAGE}/modifier", edit),
    Route(f"{PAGE}/modifier", save, methods=["POST"]),
]
