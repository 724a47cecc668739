"""Doors to feeds: the page where someone asks for one, and the address that a reader elsewhere opens."""

from hashlib import sha256

from pydantic import BaseModel, Field
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from entente.rules import NotFound
from entente.web import forms, pages
from entente.web.requests import house_of, id_of, reading_of, who_of, work_of
from forums import queries as forums
from forums.addresses import HOME, ROOM
from forums.atom import queries, service
from forums.atom.documents import document
from forums.atom.queries import Source

MINE = "/forums/flux"
OUTSIDE = "/flux"
"""Outside the forums: whoever knows the secret needs no session."""


class Asked(BaseModel):
    """What is to be followed: a forum, or everything."""

    forum: str = Field(default="", max_length=60)


async def mine(request: Request) -> Response:
    """What I may follow from outside."""
    return await _mine(request)


async def _mine(request: Request, secret: str = "", of: str = "") -> Response:
    async with reading_of(request) as db:
        everything, each = await queries.offers(db, who_of(request))
    address = f"{house_of(request).settings.base_url}{OUTSIDE}/{secret}" if secret else ""
    return pages.page(
        request,
        "forums/feeds.html",
        current=ROOM,
        crumbs=[HOME, ("Mes flux", "")],
        everything=everything,
        forums=each,
        action=MINE,
        address=address,
        of=of,
    )


async def give(request: Request) -> Response:
    """A new address, shown here and never again."""
    asked = await forms.read(request, Asked)
    async with work_of(request) as work:
        forum = (await forums.forum_for(work.db, work.who, asked.forum))[0] if asked.forum else None
        secret = await service.give_address(work, forum)
    return await _mine(request, secret, f"le forum «\u00a0{forum.title}\u00a0»" if forum else "tous vos forums")


async def revoke(request: Request) -> Response:
    """An address that is to open nothing any more."""
    async with work_of(request) as work:
        await service.revoke(work, await queries.address_of_mine(work.db, work.who, id_of(request)))
    return pages.go(request, MINE, "L’adresse est révoquée\u00a0: elle ne donne plus rien à lire.")


async def feed(request: Request) -> Response:
    """The feed itself: rights are asked each time, and to whoever has none there is nothing here at all."""
    secret, base = request.path_params["secret"], house_of(request).settings.base_url
    try:
        async with reading_of(request) as db:
            source = await queries.source_at(db, secret)
            entries = await queries.newest(db, source)
    except NotFound:
        return Response(status_code=404, headers={"Cache-Control": "no-store"})
    body = document(
        id_=source.forum.id if source.forum else source.who.id,
        title=_title(source, house_of(request).settings.name),
        here=f"{base}{OUTSIDE}/{secret}",
        page=f"{base}/forums/{source.forum.slug}" if source.forum else f"{base}/forums",
        base=base,
        since=source.address.created_at,
        entries=entries,
    )
    return _conditional(request, body)


def _title(source: Source, house: str) -> str:
    return f"{source.forum.title}, {house}" if source.forum else f"Forums, {house}"


def _conditional(request: Request, body: bytes) -> Response:
    """The document, or the news that it has not changed.

    By its content, not by date: what is hidden, or closed to its reader, leaves without anything being newer.
    """
    tag = f'"{sha256(body).hexdigest()[:32]}"'
    headers = {"ETag": tag, "Cache-Control": "private, no-cache"}
    known = [each.strip().removeprefix("W/") for each in request.headers.get("if-none-match", "").split(",")]
    if tag in known or "*" in known:
        return Response(status_code=304, headers=headers)
    return Response(body, media_type="application/atom+xml", headers=headers)


routes = [
    Route(MINE, mine, methods=["GET"]),
    Route(MINE, give, methods=["POST"]),
    Route(f"{MINE}/{{id}}/revocation", revoke, methods=["POST"]),
    Route(f"{OUTSIDE}/{{secret}}", feed),
]
