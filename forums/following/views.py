"""Which door of following opens on what."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from entente.rules import Invalid
from entente.web import forms, pages
from entente.web.requests import id_of, reading_of, who_of, work_of
from forums import queries as forum_queries
from forums.addresses import HOME, ROOM, address_of
from forums.following import feed, queries, service, words
from forums.following.models import Chosen

MINE = "/forums/suivis"
TITLE = "Ce que je suis"


async def follow_thread(request: Request) -> Response:
    """Choose how much one is told of a thread."""
    chosen = await _chosen(request)
    async with work_of(request) as work:
        place = await forum_queries.thread_for(work.db, work.who, id_of(request))
        await service.follow_thread(work, place.thread, chosen.level)
        wish = await queries.wish_for_thread(work.db, work.who.id, place.thread)
    menu = feed.thread_menu(place.thread.id, wish)
    return pages.done(request, menu, otherwise=f"{address_of(place.thread.id)}?depuis=non-lus")


async def follow_forum(request: Request) -> Response:
    """Choose how much one is told of a forum."""
    chosen = await _chosen(request)
    if chosen.level is None:
        raise Invalid({"level": "Choisissez dans la liste."})
    async with work_of(request) as work:
        here, _ = await forum_queries.forum_for(work.db, work.who, request.path_params["slug"])
        await service.follow_forum(work, here, chosen.level)
    return pages.done(request, feed.forum_menu(here, chosen.level), otherwise=f"/forums/{here.slug}")


async def _chosen(request: Request) -> Chosen:
    fields = await forms.typed_fields(request)
    # The empty choice is a choice: it goes back to the forum's.
    return await forms.read(request, Chosen, level=fields.get("level") or None)


async def mine(request: Request) -> Response:
    """The forums and threads about which one said how much one wants to be told."""
    async with reading_of(request) as db:
        forums, threads = await queries.followed_by(db, who_of(request))
    crumbs = [HOME, (TITLE, "")]
    return pages.page(
        request,
        "forums/followed.html",
        current=ROOM,
        crumbs=crumbs,
        forums=forums,
        threads=threads,
        titles=words.TITLES,
        symbols=words.SYMBOLS,
    )


routes = [
    Route(MINE, mine),
    Route("/forums/fils/{id}/suivi", follow_thread, methods=["POST"]),
    Route("/forums/{slug}/suivi", follow_forum, methods=["POST"]),
]
