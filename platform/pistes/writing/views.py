"""The doors by which the register is written."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, TypeVar

from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from entente import links
from entente.ids import Ref
from entente.rules import Invalid, NotFound
from entente.web import forms, pages
from entente.web.requests import house_of, id_of, reading_of, who_of, work_of
from entente.work import Work
from pistes import queries, service
from pistes.addresses import CUT, HOME, ROOM, address_of
from pistes.communes import queries as communes
from pistes.communes import service as positions
from pistes.communes.models import PositionForm
from pistes.deferral import service as deferral
from pistes.deferral.models import DeferForm
from pistes.gates import require_to_keep
from pistes.marks import service as marks
from pistes.marks.models import MarkForm
from pistes.models import EditedPiste, MovedPhase, Piste
from pistes.protocol import service as protocol
from pistes.protocol.models import ChosenKind
from pistes.ranking.views import looking
from pistes.stories import stream_of
from pistes.tree import queries as trees
from pistes.tree.models import NodeKind
from pistes.views import piste_page
from pistes.writing import taking
from pistes.writing.models import Nothing, Proposed, Resolution, TalkForm

Some = TypeVar("Some", bound=BaseModel)


async def new(request: Request) -> Response:
    """The form of a piste that is not there yet."""
    return await _new(request, {})


async def _new(request: Request, errors: dict[str, str]) -> Response:
    who, typed = looking(request), forms.typed_in(request)
    async with reading_of(request) as db:
        await require_to_keep(db, who)
        said = await taking.said(db, house_of(request), who, typed or request.query_params)
        tree = await trees.tree(db)
        members = await communes.members(db)
    under = [
        (str(each.node.id), f"{each.objectif} › {each.title}")
        for each in tree.walk()
        if each.node.kind == NodeKind.DECLINAISON
    ]
    return pages.page(
        request,
        "pistes/new.html",
        current=ROOM,
        crumbs=[HOME, ("Proposer une piste", "")],
        status=422 if errors else 200,
        under=under,
        members=[(str(each.id), each.name) for each in members],
        typed=typed or taking.drafted(said),
        said=said,
        message=(typed or request.query_params).get("message", ""),
        errors=errors,
    )


async def create(request: Request) -> Response:
    """Add a piste."""
    looking(request)
    try:
        form = await forms.read(request, Proposed)
        async with work_of(request) as work:
            made = await service.create(work, form)
            said = await taking.said(work.db, house_of(request), work.who, {"message": str(form.message or "")})
            if said:
                await _tie(work, made, said.thread)
    except Invalid as error:
        return await _new(request, error.errors)
    return pages.go(request, address_of(made.id), "La piste est dans le registre\u00a0: il reste à l’évaluer.")


async def _tie(work: Work, piste: Piste, thread: Ref) -> None:
    """Tie a piste to a conversation, and tell whoever has either of them open."""
    await links.tie(work.db, stream_of(piste.id), thread, work.who.id)
    for each in (stream_of(piste.id), thread):
        work.record(each, links.Verb.TIED, each.id)


async def edit(request: Request) -> Response:
    """The form of a piste's words."""
    return await _edit(request, {})


async def _edit(request: Request, errors: dict[str, str]) -> Response:
    async with reading_of(request) as db:
        found = await queries.piste_for(db, who_of(request), id_of(request))
        await require_to_keep(db, who_of(request))
    given = {"title": found.title, "summary": found.summary, "version": str(found.version)}
    given["expressed_on"] = found.expressed_on.isoformat() if found.expressed_on else ""
    return pages.page(
        request,
        "pistes/edit.html",
        current=ROOM,
        crumbs=[HOME, (found.code, address_of(found.id)), ("Modifier", "")],
        status=422 if errors else 200,
        piste=found,
        typed=given | forms.typed_in(request),
        errors=errors,
    )


async def save(request: Request) -> Response:
    """Save a piste's words."""
    try:
        async with reading_of(request) as db:
            await queries.piste_for(db, who_of(request), id_of(request))
        form = await forms.read(request, EditedPiste)
        async with work_of(request) as work:
            await service.edit(work, await queries.piste_for(work.db, work.who, id_of(request)), form)
    except Invalid as error:
        return await _edit(request, error.errors)
    return pages.go(request, address_of(id_of(request)), "La piste est enregistrée.")


def _door(name: str, model: type[Some], do: Callable[[Work, Piste, Some], Awaitable[Any]], said: str) -> Route:
    """A form on the page of a piste: read it, do it, and show the page again with what is wrong."""

    async def answer(request: Request) -> Response:
        async with reading_of(request) as db:
            found = await queries.piste_for(db, who_of(request), id_of(request))
        try:
            form = await forms.read(request, model)
            async with work_of(request) as work:
                await do(work, await queries.piste_for(work.db, work.who, found.id), form)
        except Invalid as error:
            async with reading_of(request) as db:
                return await piste_page(request, db, found, error.errors, name)
        return pages.go(request, address_of(found.id), said)

    return Route(f"/pistes/{{id}}/{name}", answer, methods=["POST"])


async def _position(work: Work, piste: Piste, form: PositionForm) -> None:
    await positions.take_position(work, piste, form.commune, form.stance)


async def _resume(work: Work, piste: Piste, _form: Nothing) -> None:
    await deferral.resume(work, piste)


async def talk(request: Request) -> Response:
    """Open a conversation about a piste, in a room that holds conversations."""
    talks = house_of(request).talks
    async with reading_of(request) as db:
        found = await queries.piste_for(db, who_of(request), id_of(request))
    if talks is None:
        raise NotFound
    try:
        form = await forms.read(request, TalkForm)
        async with work_of(request) as work:
            opened = await talks.open(work, form.place, found.title[:150], form.body)
            await _tie(work, found, opened)
    except Invalid as error:
        async with reading_of(request) as db:
            return await piste_page(request, db, found, error.errors, "fil")
    return pages.go(request, address_of(found.id), "Le fil est ouvert, et lié à cette piste.")


async def cut(request: Request) -> Response:
    """The carriers that the source cuts short."""
    return await _cut(request, {})


async def _cut(request: Request, errors: dict[str, str]) -> Response:
    who = looking(request)
    async with reading_of(request) as db:
        names = await communes.unresolved(db)
        pistes = await queries.pistes_of(db, {each.piste_id for each in names})
        members = await communes.members(db)
        keeps = await queries.keeps(db, who)
    return pages.page(
        request,
        "pistes/cut.html",
        current=ROOM,
        crumbs=[HOME, (CUT[0], "")],
        status=422 if errors else 200,
        names=[(each, pistes[each.piste_id], _offered(each.words, members)) for each in names],
        keeps=keeps,
        errors=errors,
    )


def _offered(words: str, members: Sequence[communes.Commune]) -> list[tuple[str, str]]:
    """Those whose name begins so come first; nobody is chosen beforehand."""
    start = words.rstrip(".… ").casefold()
    ordered = sorted(members, key=lambda each: not each.name.casefold().startswith(start))
    return [(str(each.id), each.name) for each in ordered]


async def resolve(request: Request) -> Response:
    """Say which commune a cut name was, or that it was none."""
    looking(request)
    try:
        form = await forms.read(request, Resolution)
        async with work_of(request) as work:
            await positions.resolve(work, id_of(request), form.commune)
    except Invalid as error:
        return await _cut(request, error.errors)
    return pages.go(request, CUT[1], "C’est noté.")


routes = [
    Route("/pistes/nouvelle", new),
    Route("/pistes/nouvelle", create, methods=["POST"]),
    Route("/pistes/a-resoudre", cut),
    Route("/pistes/a-resoudre/{id}", resolve, methods=["POST"]),
    Route("/pistes/{id}/modifier", edit),
    Route("/pistes/{id}/modifier", save, methods=["POST"]),
    Route("/pistes/{id}/fil", talk, methods=["POST"]),
    _door("note", MarkForm, marks.override, "La note est enregistrée."),
    _door("phase", MovedPhase, service.move_phase, "La phase est enregistrée."),
    _door("nature", ChosenKind, protocol.choose, "La piste suit désormais ce protocole."),
    _door("position", PositionForm, _position, "La position de la commune est enregistrée."),
    _door("report", DeferForm, deferral.defer, "La piste est reportée\u00a0: elle reviendra d’elle-même."),
    _door("reprise", Nothing, _resume, "La piste est de retour à l’ordre du jour."),
]
