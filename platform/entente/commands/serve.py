"""`entente serve`: the house, open to everyone the reverse proxy lets in."""

import asyncio
from typing import Annotated

import structlog
import typer
import uvloop

from entente import serving, starting
from entente.commands.house import current, settled
from entente.house import House
from entente.rules import Conflict
from entente.settings import Settings


def serve(
    host: Annotated[str, typer.Option(help="Adresse d’écoute.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port d’écoute.")] = 8000,
    workers: Annotated[int, typer.Option(min=1, max=64, help="Nombre de processus.")] = 1,
) -> None:
    """Ouvrir le serveur."""
    settings = settled()
    _require_a_bell(settings, workers)
    asyncio.run(_check(settings))
    with starting.alone(settings), serving.listening(host, port) as bound:
        if workers > 1:
            serving.serve_in_many(settings, bound, workers)
        else:
            uvloop.run(_open(settings, bound))


def _require_a_bell(settings: Settings, workers: int) -> None:
    if workers > 1 and settings.is_embedded:
        raise Conflict(
            "La base SQLite intégrée ne sert qu’un processus\u00a0: gardez --workers 1, "
            "ou réglez ENTENTE_DATABASE_URL sur une base PostgreSQL."
        )
    if workers > 1 and settings.redis_url is None:
        raise Conflict(
            "Plusieurs processus ne s’entendent qu’avec Redis\u00a0: réglez ENTENTE_REDIS_URL, ou gardez --workers 1."
        )


async def _check(settings: Settings) -> None:
    async with current(settings) as house:
        await starting.tell_the_time(house.database)
    await starting.require_let_in(settings)


async def _open(settings: Settings, bound: serving.Listener) -> None:
    from entente.app import create_app

    def opened() -> None:
        host, port = bound.getsockname()[:2]
        structlog.get_logger().info("open", address=f"http://{host}:{port}", base_url=settings.base_url)

    await serving.serve(create_app(House.build(settings)), settings, bound, opened)
