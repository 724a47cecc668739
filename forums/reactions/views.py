"""The door through which one answers a post with a sign."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from entente.web import forms, pages
from entente.web.requests import id_of, work_of
from forums import feed, queries
from forums.addresses import address_of_post
from forums.reactions import service
from forums.reactions.models import Reacted


async def react(request: Request) -> Response:
    """Make a sign to a post, or take it back; every page shows it, this one first."""
    reacted = await forms.read(request, Reacted)
    async with work_of(request) as work:
        post, place = await queries.post_for(work.db, work.who, id_of(request))
        await service.toggle(work, place, post, reacted.sign)
        (shown,) = await queries.shown_posts(work.db, [post.id])
    here = address_of_post(shown.thread_id, shown.number, shown.id)
    return pages.done(request, feed.shown(shown, "replace"), otherwise=here)


routes = [Route("/forums/messages/{id}/reactions", react, methods=["POST"])]
