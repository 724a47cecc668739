"""The page of every component in every state, where eyes and tools look at them together; in the demonstration."""

from starlette.requests import Request
from starlette.responses import Response

from entente.clock import now
from entente.rules import NotFound
from entente.web.pages import page
from entente.web.requests import house_of


async def style(request: Request) -> Response:
    """Every component in every state; nowhere but in the demonstration."""
    if not house_of(request).is_demo:
        raise NotFound
    return page(request, "style.html", crumbs=[("Composants", "")], at=now())
