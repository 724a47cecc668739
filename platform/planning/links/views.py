"""The door of answers by mail: reading it does nothing (scanners of mails follow links), its buttons answer."""

from collections.abc import Mapping
from types import MappingProxyType
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from entente.rules import Conflict, Invalid
from entente.web import forms, pages
from entente.web.requests import house_of, reading_of, visitor_of
from planning.answers.rules import Bearer, unfit_bearer
from planning.calendars.rules import place_of, title_of
from planning.letters.rules import when_words
from planning.links import queries, service
from planning.links.queries import Closed, Opened
from planning.links.service import DOOR, LinkAnswer
from planning.models import Stance

PRIVATE = {"Referrer-Policy": "no-referrer", "X-Robots-Tag": "noindex"}
WORDS = {
    Stance.PRESENT: "présence",
    Stance.EXCUSED: "absence excusée",
    Stance.REPRESENTED: "pouvoir",
    Stance.SUBSTITUTED: "suppléance",
}


async def show(request: Request) -> Response:
    """What is asked, with its buttons; what was answered, once it was."""
    try:
        return _page(request, await _opened(request))
    except Closed as closed:
        return _closed(request, closed)


async def _opened(request: Request) -> Opened:
    async with reading_of(request) as db:
        return await queries.opened(db, request.path_params["secret"], _visitor(request))


def _visitor(request: Request) -> UUID | None:
    visitor = visitor_of(request)
    return visitor.id if visitor else None


async def answer(request: Request) -> Response:
    """Answer, once, as the person to whom the link was sent."""
    try:
        opened = await _opened(request)
        given = await forms.read(request, LinkAnswer)
        async with house_of(request).working(opened.who) as work:
            # Looked at again within the change: a meeting may be called off while someone hesitates.
            now_opened = await queries.opened(work.db, request.path_params["secret"], _visitor(request))
            await service.answer(work, now_opened, given)
    except Closed as closed:
        return _closed(request, closed)
    except Invalid as error:
        return _page(request, opened, 422, error.errors)
    except Conflict as error:
        return _page(request, await _opened(request), 409, {"": error.reason})
    return pages.go(request, DOOR + request.path_params["secret"], "Votre réponse est enregistrée.")


def _page(
    request: Request, opened: Opened, status: int = 200, errors: Mapping[str, str] = MappingProxyType({})
) -> Response:
    said = opened.member.said
    return _private(
        pages.page(
            request,
            "planning/link.html",
            status=status,
            opened=opened,
            name=opened.who.name,
            title=title_of(opened.said),
            where=place_of(opened.said),
            when=when_words(opened.said),
            recorded=WORDS[said.stance] if said else "",
            bearers=_bearers(opened),
            typed=forms.typed_in(request),
            errors=errors,
        )
    )


def _bearers(opened: Opened) -> list[tuple[UUID, str]]:
    """The members to whom a pouvoir may be given now."""
    seen, own = opened.attendance, opened.member.seat_id
    if not seen.allows_pouvoirs:
        return []
    answers = {each.seat_id: each.said for each in seen.members if each.said}
    taken = {said.bearer for seat, said in answers.items() if seat != own}
    return [
        (each.seat_id, f"{each.name} ({each.commune})")
        for each in seen.members
        if each.seat_id not in taken and not unfit_bearer(answers, own, Bearer(each.seat_id, each.name, each.is_away))
    ]


def _closed(request: Request, closed: Closed) -> Response:
    return _private(pages.page(request, "planning/link_closed.html", status=closed.status, closed=closed))


def _private(response: Response) -> Response:
    response.headers.update(PRIVATE)
    return response


routes = [
    Route(DOOR + "{secret}", show),
    Route(DOOR + "{secret}", answer, methods=["POST"]),
]
