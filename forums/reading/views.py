"""The door through which one calls a thread unread again."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from entente.web import pages
from entente.web.requests import id_of, work_of
from forums import queries
from forums.reading import service


async def leave_unread(request: Request) -> Response:
    """Call a post and what follows unread, and go back to the forum: staying would be reading."""
    async with work_of(request) as work:
        post, place = await queries.post_for(work.db, work.who, id_of(request))
        await service.hold_back(work, post)
    said = f"Le fil «\u00a0{place.thread.title}\u00a0» est non lu pour vous à partir du message {post.number}."
    return pages.go(request, f"/forums/{place.forum.slug}", said)


routes = [Route("/forums/messages/{id}/non-lu", leave_unread, methods=["POST"])]
