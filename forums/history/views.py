"""Doors to what a post said before."""

from pydantic import BaseModel, Field
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from entente.ids import Ref
from entente.rules import NotFound, require
from entente.web import forms, pages
from entente.web.requests import id_of, reading_of, who_of, work_of
from forums import queries, service
from forums.addresses import HOME, ROOM, address_of, address_of_post, crumb
from forums.history import queries as histories
from forums.history import rules
from forums.models import MOST, EditedPost


class Return(BaseModel):
    """What the button that restores may send: which text, over which."""

    version: int = Field(ge=1, le=MOST)
    over: int = Field(ge=1, le=MOST)


async def history(request: Request) -> Response:
    """Every version of a post, and how each differs from the one before."""
    who = who_of(request)
    async with reading_of(request) as db:
        said, place = await histories.post_with_history(db, who, id_of(request))
        (shown,) = await queries.shown_posts(db, [said.id])
        found = await histories.history_of(db, said.id, _before(request))
    return pages.page(
        request,
        "forums/history.html",
        current=ROOM,
        crumbs=[HOME, crumb(place.forum), (place.thread.title, address_of(place.thread.id)), ("Historique", "")],
        post=shown,
        version=said.version,
        back=address_of_post(place.thread.id, said.number, said.id),
        history=found,
        may_restore=rules.may_restore(who, said, place.thread, place.moderates),
    )


def _before(request: Request) -> int | None:
    asked = request.query_params.get("avant")
    if asked is None:
        return None
    if not (asked.isascii() and asked.isdigit()):
        raise NotFound
    return min(int(asked[:12]), MOST)


async def restore(request: Request) -> Response:
    """Bring an earlier text back, as a new version."""
    back = await forms.read(request, Return)
    async with work_of(request) as work:
        said, place = await queries.post_for(work.db, work.who, id_of(request))
        require(rules.may_restore(work.who, said, place.thread, place.moderates))
        revision = await histories.revision_of(work.db, said.id, back.version)
        await service.write_over(work, place, said, EditedPost(body=revision.body, version=back.over))
        if said.author_id != work.who.id:
            thread = str(queries.stream_of(place.thread.id))
            work.audit("post.restored", Ref("forums/post", said.id), thread=thread, version=back.version)
    here = address_of_post(place.thread.id, said.number, said.id)
    return pages.go(request, here, f"La version {back.version} est rétablie.")


routes = [
    Route("/forums/messages/{id}/historique", history, methods=["GET"]),
    Route("/forums/messages/{id}/historique", restore, methods=["POST"]),
]
