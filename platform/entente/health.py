"""Doors for those who watch over the house: is it alive, is it ready, how does it do?"""

import asyncio
import shutil

from prometheus_client import CONTENT_TYPE_LATEST, Metric
from prometheus_client.core import GaugeMetricFamily
from sqlalchemy import text
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from entente import metering, outbox
from entente.house import House
from entente.rules import NotFound
from entente.web.requests import address_of, house_of, visitor_of

PATIENCE = 3
"""Seconds that a question to the database may take before figures are told without its answer."""


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
    house = house_of(request)
    return Response(metering.figures([*await _work(house), *_room(house)]), media_type=CONTENT_TYPE_LATEST)


async def _work(house: House) -> list[Metric]:
    """Whether the database answers and, if so, how deferred work stands."""
    try:
        async with asyncio.timeout(PATIENCE), house.database.reading() as db:
            standing = await outbox.standing(db)
    except Exception:
        return [_answers(0)]
    tasks = GaugeMetricFamily("entente_tasks", "Deferred tasks that wait for help.", labels=["state"])
    for state, count in vars(standing).items():
        tasks.add_metric([state], count)
    return [_answers(1), tasks]


def _answers(value: int) -> Metric:
    return GaugeMetricFamily("entente_database_up", "Whether the database answers.", value=value)


def _room(house: House) -> list[Metric]:
    try:
        free = shutil.disk_usage(house.settings.data_dir).free
    except OSError:
        return []
    return [GaugeMetricFamily("entente_data_free_bytes", "Room left on the disk of the data folder.", value=free)]


routes = [
    Route("/sante/vivant", alive),
    Route("/sante/pret", ready),
    Route("/metriques", metrics),
]
