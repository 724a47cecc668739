"""The door that suggests whom to call, and what a writer is told of those called in vain."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from entente.live import Fragment
from entente.rules import NotFound
from entente.web import pages
from entente.web.requests import reading_of, who_of
from entente.web.templates import render
from forums import queries
from forums.mentions import suggesting
from forums.models import Forum

_pace = suggesting.Pace()


async def suggest(request: Request) -> Response:
    """Who, and which communes and bodies, these letters may call where they are typed."""
    who = who_of(request)
    # The directory is for members: a guest of this forum does not browse it from here.
    if not who.is_member:
        raise NotFound
    if _pace.is_over(who.id):
        return PlainTextResponse("Trop de demandes : réessayez.", 429, headers={"Retry-After": "5"})
    async with reading_of(request) as db:
        forum, thread_id = await _place(request, db)
        found = await suggesting.suggestions(db, who, forum, request.query_params.get("q", "")[:60], thread_id)
    return pages.piece(render("forums/_suggestions.html", {"found": found}))


async def _place(request: Request, db: AsyncSession) -> tuple[Forum, UUID | None]:
    """The forum where one writes, and the thread if there is one."""
    asked = request.query_params
    if "forum" in asked:
        forum, _ = await queries.forum_for(db, who_of(request), asked["forum"])
        return forum, None
    try:
        if "message" in asked:
            _, place = await queries.post_for(db, who_of(request), UUID(asked["message"]))
        else:
            place = await queries.thread_for(db, who_of(request), UUID(asked.get("fil", "")))
    except ValueError:
        raise NotFound from None
    return place.forum, place.thread.id


def told(unheard: Sequence[str]) -> list[Fragment]:
    """Who was called in vain, under the form that the writer has before their eyes."""
    known: dict[str, Any] = {"unheard": unheard}
    return [Fragment("forums/_unheard.html", "replace", "unheard", known)]


routes = [Route("/forums/mentions", suggest)]
