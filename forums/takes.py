"""The door from a message to the room that makes a thing of it."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from entente.rules import NotFound
from entente.web import pages
from entente.web.requests import house_of, id_of, reading_of, who_of
from forums import queries


async def take_up(request: Request) -> Response:
    """Go and make something of a message that one reads."""
    takes, who = house_of(request).takes, who_of(request)
    async with reading_of(request) as db:
        said, _ = await queries.post_for(db, who, id_of(request))
        if takes is None or not await takes.may(db, who):
            raise NotFound
    return pages.go(request, takes.address(said.id))


routes = [Route("/forums/messages/{id}/suite", take_up)]
