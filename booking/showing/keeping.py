"""What is tidied while the house is open: files of units that were taken away, and bytes that nobody names."""

from contextlib import AbstractAsyncContextManager

from starlette.applications import Starlette

from booking.showing import service
from entente.clock import now
from entente.house import House
from entente.tidying import tidied

SHELF = "units"
EVERY_SECONDS = 600.0
BATCH = 500


def keeping(app: Starlette) -> AbstractAsyncContextManager[None]:
    """Tidy now and then, for as long as the server lives."""
    return tidied(app.state.house, "booking.showing", EVERY_SECONDS, tidy)


async def tidy(house: House) -> None:
    """Forget what was taken away more than a day ago, then the bytes that nobody names."""
    async with house.working(None) as work:
        gone = await service.sweep(work)
    await house.files.remove(gone)
    old: list[str] = []
    async for name, at in house.files.names(SHELF):
        if now() - at > service.PATIENCE:
            old.append(name)
        if len(old) == BATCH:
            await _forget(house, old)
            old = []
    await _forget(house, old)


async def _forget(house: House, old: list[str]) -> None:
    async with house.working(None) as work:
        known = await service.known(work, old)
    await house.files.remove([name for name in old if name.removesuffix(".webp") not in known])
