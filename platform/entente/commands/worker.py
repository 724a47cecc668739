"""`entente worker`: does what was left for later, apart from the servers."""

import asyncio
import signal

import structlog
import uvloop

from entente import starting
from entente.commands.house import current, settled
from entente.settings import Settings


def worker() -> None:
    """Faire le travail différé\u00a0: envoyer les messages, purger, rappeler."""
    uvloop.run(_work(settled()))


async def _work(settings: Settings) -> None:
    from entente.app import worker_of
    from realtime.bell import Bell

    async with current(settings) as house:
        await starting.require_the_time(house.database)
        await starting.require_let_in(settings)
        bell = Bell(settings, lambda _: None, lambda _: None)
        await bell.open()
        house.announce = bell.ring
        works = worker_of(house)
        house.stir = works.stir
        loop = asyncio.get_running_loop()
        for stop in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(stop, works.stop)
        structlog.get_logger().info("worker_open", kinds=sorted([*works.tasks, *works.errands]))
        try:
            await works.run()
        finally:
            await bell.close()
