"""Doors for those who watch over the house: is it alive, is it ready, how does it do?"""

from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from sqlalchemy import text
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from entente.rules import NotFound
from entente.web.requests import address_of, house_of, visitor_of


async def alive(_request: Request) -> Response:
    """The process answers: nothing else is asked."""
    return PlainTextResponse("vivant\n")


async def ready(request: Request) -> Response:
    """The process can serve: its database answers, and it hears the bell."""
    try:
        async with house_of(request).database.reading() as db:
            await db.execute(text("SELECT 1"))
    except Exception:
        return PlainTextResponse("base de données absente\n", 503)
    if not house_of(request).hears_the_bell():
        return PlainTextResponse("sourd à la cloche\n", 503)
    return PlainTextResponse("prêt\n")


async def metrics(request: Request) -> Response:
    """Figures for Prometheus, for an administrator or from the machine itself."""
    who = visitor_of(request)
    if not (who and who.is_administrator) and address_of(request) not in ("127.0.0.1", "::1"):
        raise NotFound
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)


routes = [
    Route("/sante/vivant", alive),
    Route("/sante/pret", ready),
    Route("/metriques", metrics),
]
