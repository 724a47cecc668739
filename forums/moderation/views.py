"""Doors of those who keep the peace: each question has its page, and works without JavaScript."""

from collections.abc import Mapping
from typing import Any

from sqlmodel.ext.asyncio.session import AsyncSession
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from entente.rules import Invalid, require
from entente.web import forms, pages
from entente.web.requests import id_of, reading_of, who_of, work_of
from forums import queries, service
from forums import rules as forum_rules
from forums.addresses import HOME, ROOM, address_of, address_of_post, crumb
from forums.moderation import queries as moderation
from forums.moderation import rules
from forums.moderation import service as peace
from forums.moderation.models import FOREVER, NewClosure, NewHiding, NewPin, NewPlace
from forums.queries import Place
from forums.tags import queries as tags

REASONS = (
    "Hors sujet",
    "Propos déplacés",
    "Données personnelles ou confidentielles",
    "Publicité",
    "Doublon d’un autre message",
)
"""What is offered to a moderator who hides; they write what they want."""


async def hiding(request: Request) -> Response:
    """The question asked before a post is hidden; of a hidden one, its words for those who still read them."""
    return await _hiding(request, {})


async def _hiding(request: Request, errors: Mapping[str, str]) -> Response:
    who = who_of(request)
    async with reading_of(request) as db:
        said, place = await queries.post_for(db, who, id_of(request), even_hidden=True)
        if said.hidden_at is None:
            require(rules.may_hide(said, place.moderates))
        found = await moderation.hidden_post_for(db, who, said.id) if said.hidden_at else None
        (shown,) = await queries.shown_posts(db, [said.id])
    return pages.page(
        request,
        "forums/hidden.html" if found else "forums/hide.html",
        current=ROOM,
        crumbs=[*_way(place), ("Message masqué" if found else "Masquer", "")],
        status=422 if errors else 200,
        post=shown,
        said=said,
        hiding=found.hiding if found else None,
        moderates=place.moderates,
        back=address_of_post(place.thread.id, said.number, said.id),
        reasons=REASONS,
        typed=forms.typed_in(request),
        errors=errors,
    )


def _way(place: Place) -> list[tuple[str, str]]:
    return [HOME, crumb(place.forum), (place.thread.title, address_of(place.thread.id))]


async def hide(request: Request) -> Response:
    """Hide the words of a post."""
    try:
        new = await forms.read(request, NewHiding)
        async with work_of(request) as work:
            said, place = await queries.post_for(work.db, work.who, id_of(request))
            await peace.hide_post(work, place, said, new)
    except Invalid as error:
        return await _hiding(request, error.errors)
    here = address_of_post(place.thread.id, said.number, said.id)
    return pages.go(request, here, "Le message est masqué, et son auteur prévenu.")


async def unhide(request: Request) -> Response:
    """Give the words of a post back."""
    async with work_of(request) as work:
        found = await moderation.hidden_post_for(work.db, work.who, id_of(request))
        await peace.unhide_post(work, found)
    here = address_of_post(found.place.thread.id, found.post.number, found.post.id)
    return pages.go(request, here, "Le message est de nouveau visible.")


async def _moderated(db: AsyncSession, request: Request) -> Place:
    """A thread and its forum, for whoever moderates it."""
    place = await queries.thread_for(db, who_of(request), id_of(request))
    require(rules.may_pin(place.thread, place.moderates))
    return place


async def pinning(request: Request) -> Response:
    """Until when a thread is to stay on top."""
    return await _pinning(request, {})


async def _pinning(request: Request, errors: Mapping[str, str]) -> Response:
    async with reading_of(request) as db:
        place = await _moderated(db, request)
    return _asked(request, place, "forums/pin.html", "Épingler", errors, forever=FOREVER)


def _asked(
    request: Request, place: Place, template: str, last: str, errors: Mapping[str, str], **known: Any
) -> Response:
    return pages.page(
        request,
        template,
        current=ROOM,
        crumbs=[*_way(place), (last, "")],
        status=422 if errors else 200,
        thread=place.thread,
        forum=place.forum,
        here=address_of(place.thread.id),
        typed=forms.typed_in(request),
        errors=errors,
        **known,
    )


async def pin(request: Request) -> Response:
    """Put a thread on top of its forum."""
    try:
        new = await forms.read(request, NewPin)
        async with work_of(request) as work:
            place = await _moderated(work.db, request)
            await peace.pin_thread(work, place, new)
    except Invalid as error:
        return await _pinning(request, error.errors)
    return pages.go(request, address_of(place.thread.id), "Le fil est épinglé en tête du forum.")


async def unpin(request: Request) -> Response:
    """Put a thread back in its place."""
    async with work_of(request) as work:
        place = await _moderated(work.db, request)
        await peace.unpin_thread(work, place)
    return pages.go(request, address_of(place.thread.id), "Le fil n’est plus épinglé.")


async def moving(request: Request) -> Response:
    """Where a thread is to go."""
    return await _moving(request, {})


async def _moving(request: Request, errors: Mapping[str, str]) -> Response:
    async with reading_of(request) as db:
        place = await _moderated(db, request)
        forums = await moderation.forums_to_move_to(db, who_of(request), place.forum.id)
        borne = (await tags.tags_on(db, [place.thread.id])).get(place.thread.id, [])
    return _asked(request, place, "forums/move.html", "Déplacer", errors, forums=forums, tags=borne)


async def move(request: Request) -> Response:
    """Take a thread to another forum."""
    try:
        new = await forms.read(request, NewPlace)
        async with work_of(request) as work:
            place = await _moderated(work.db, request)
            target = await peace.move_thread(work, place, new)
    except Invalid as error:
        return await _moving(request, error.errors)
    title = f"Le fil est maintenant dans le forum «\u00a0{target.title}\u00a0»."
    return pages.go(request, address_of(place.thread.id), title)


async def closing(request: Request) -> Response:
    """Why a thread is to be closed."""
    return await _closing(request, {})


async def _closing(request: Request, errors: Mapping[str, str]) -> Response:
    who = who_of(request)
    async with reading_of(request) as db:
        place = await queries.thread_for(db, who, id_of(request))
    require(forum_rules.may_close(who, place.thread, place.moderates))
    return _asked(request, place, "forums/close.html", "Fermer", errors)


async def close(request: Request) -> Response:
    """Close a thread, and say why."""
    try:
        new = await forms.read(request, NewClosure)
        async with work_of(request) as work:
            place = await queries.thread_for(work.db, work.who, id_of(request))
            await service.close_thread(work, place, new.reason)
    except Invalid as error:
        return await _closing(request, error.errors)
    return pages.go(request, address_of(place.thread.id), "Le fil est fermé.")


routes = [
    Route("/forums/messages/{id}/masquage", hiding, methods=["GET"]),
    Route("/forums/messages/{id}/masquage", hide, methods=["POST"]),
    Route("/forums/messages/{id}/masquage/levee", unhide, methods=["POST"]),
    Route("/forums/fils/{id}/epingle", pinning, methods=["GET"]),
    Route("/forums/fils/{id}/epingle", pin, methods=["POST"]),
    Route("/forums/fils/{id}/epingle/levee", unpin, methods=["POST"]),
    Route("/forums/fils/{id}/deplacement", moving, methods=["GET"]),
    Route("/forums/fils/{id}/deplacement", move, methods=["POST"]),
    Route("/forums/fils/{id}/fermeture/motif", closing, methods=["GET"]),
    Route("/forums/fils/{id}/fermeture/motif", close, methods=["POST"]),
]
