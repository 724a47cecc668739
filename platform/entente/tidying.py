"""What a room tidies now and then while the house is open; several processes may, so nothing is lost twice."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import structlog

from entente.house import House

Tidy = Callable[[House], Awaitable[None]]

log = structlog.get_logger()


@asynccontextmanager
async def tidied(house: House, name: str, seconds: float, tidy: Tidy) -> AsyncIterator[None]:
    """Tidy every so many seconds, for as long as the server lives."""
    running = asyncio.create_task(_tidy_often(house, name, seconds, tidy), name=f"tidying {name}")
    try:
        yield
    finally:
        running.cancel()
        await asyncio.wait([running])


async def _tidy_often(house: House, name: str, seconds: float, tidy: Tidy) -> None:
    while True:
        await asyncio.sleep(seconds)
        try:
            await tidy(house)
        except Exception as error:
            # A database that restarts, a full disk, a bucket that is away: it will be tidied next time.
            # Not its words: those of a bucket may hold its secret.
            log.warning("tidying_failed", what=name, error=type(error).__name__)
