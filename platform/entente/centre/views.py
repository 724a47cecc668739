"""Which door of the centre opens on what."""

from typing import Annotated

from markupsafe import Markup
from pydantic import AfterValidator, BaseModel, Field
from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from entente.centre import leaving, queries
from entente.centre.service import forget_hidden
from entente.ids import Ref
from entente.notices import service
from entente.room import Room
from entente.rules import NotFound
from entente.web import forms, pages
from entente.web.requests import house_of, id_of, is_htmx, reading_of, who_of, work_of
from entente.web.templates import render

HOME = ("Notifications", "/notifications")


def _ref(value: str) -> str:
    Ref.parse(value)
    return value


class About(BaseModel):
    """What the buttons may name: a thing that notices are about, or nothing for all of them."""

    about: Annotated[str, Field(max_length=120), AfterValidator(_ref)] | None = None


async def centre(request: Request) -> Response:
    """What whoever asks is told; the list alone for a page that refreshes its own."""
    who, before = who_of(request), request.query_params.get("avant")
    async with reading_of(request) as db:
        found = await queries.centre_of(db, house_of(request).tellers, who, before)
    content = _list(found, before)
    if is_htmx(request):
        answer = pages.piece(content)
    else:
        answer = pages.page(
            request, "centre/centre.html", current="notifications", crumbs=[(HOME[0], "")], list=content
        )
    if found.hidden:
        answer.background = BackgroundTask(forget_hidden, house_of(request), who.id, found.hidden)
    return answer


def _list(found: queries.Centre, before: str | None) -> Markup:
    return render("centre/_list.html", {"centre": found, "is_first": before is None})


async def read_one(request: Request) -> Response:
    """Say that one notice has been read."""
    async with work_of(request) as work:
        notice = await queries.notice_for(work.db, work.who, id_of(request))
        await service.read_one(work, work.who.id, notice.id)
    return await _again(request)


async def read_many(request: Request) -> Response:
    """Say that what is about one thing has been read, or everything."""
    asked = await forms.read(request, About)
    async with work_of(request) as work:
        if asked.about:
            await service.read_about(work, work.who.id, Ref.parse(asked.about))
        else:
            await service.read_all(work, work.who.id)
    return await _again(request)


async def _again(request: Request) -> Response:
    if not is_htmx(request):
        return pages.go(request, HOME[1])
    async with reading_of(request) as db:
        found = await queries.centre_of(db, house_of(request).tellers, who_of(request))
    return pages.piece(_list(found, None))


async def settings(request: Request) -> Response:
    """How one is told, and about what one is left alone."""
    async with reading_of(request) as db:
        found = await queries.settings_of(db, house_of(request).tellers, who_of(request))
    rooms: list[Room] = request.app.state.rooms
    return pages.page(
        request,
        "centre/settings.html",
        current="notifications",
        crumbs=[HOME, ("Réglages", "")],
        settings=found,
        rooms=[item for room in rooms for item in room.settings],
    )


async def speak_again(request: Request) -> Response:
    """Let mails about something come again."""
    asked = await forms.read(request, About)
    async with work_of(request) as work:
        await leaving.speak_again(work, asked.about or "")
    return pages.go(request, "/notifications/reglages", "Vous recevrez de nouveau les courriels de ce fil.")


async def show_leaving(request: Request) -> Response:
    """What a link of a mail opens: a page with one button, for scanners follow links too."""
    try:
        async with reading_of(request) as db:
            asked = await leaving.look_at(db, request.path_params["secret"])
    except NotFound:
        return _gone(request)
    return _leaving_page(request, asked)


async def leave(request: Request) -> Response:
    """Stop the mails, for a button or for a mail reader that has neither cookie nor origin (RFC 8058)."""
    try:
        async with house_of(request).working(None) as work:
            asked = await leaving.leave(work, request.path_params["secret"])
    except NotFound:
        return _gone(request)
    return _leaving_page(request, asked._replace(is_done=True))


def _gone(request: Request) -> Response:
    return pages.page(request, "centre/gone.html", status=410)


def _leaving_page(request: Request, asked: leaving.Leave) -> Response:
    email: str = asked.person.email
    everything = asked.scope == leaving.EVERYTHING
    return pages.page(request, "centre/leaving.html", email=email, everything=everything, is_done=asked.is_done)


routes = [
    Route("/notifications", centre),
    Route("/notifications/lecture", read_many, methods=["POST"]),
    Route("/notifications/reglages", settings),
    Route("/notifications/silence/levee", speak_again, methods=["POST"]),
    Route("/notifications/{id}/lecture", read_one, methods=["POST"]),
    Route(leaving.DOOR + "{secret}", show_leaving),
    Route(leaving.DOOR + "{secret}", leave, methods=["POST"]),
]
