"""What is tidied while the house is open: documents taken off, and bytes that nobody names."""

from contextlib import AbstractAsyncContextManager

from starlette.applications import Starlette

from entente.clock import now
from entente.house import House
from entente.tidying import tidied
from planning.agenda import service

SHELF = "planning"
"""The room's own folder in the store."""
EVERY_SECONDS = 600.0
BATCH = 500


def keeping(app: Starlette) -> AbstractAsyncContextManager[None]:
    """Tidy now and then, for as long as the server lives; several processes may, nothing is lost twice."""
    return tidied(app.state.house, "planning.agenda", EVERY_SECONDS, tidy)


async def tidy(house: House) -> None:
    """Forget what was taken off for more than a day, then the bytes that nobody names."""
    async with house.working(None) as work:
        gone = await service.sweep(work)
    await house.files.remove(gone)
    old = [name async for name, at in house.files.names(SHELF) if now() - at > service.PATIENCE]
    for start in range(0, len(old), BATCH):
        batch = old[start : start + BATCH]
        async with house.working(None) as work:
            known = await service.known(work, batch)
        await house.files.remove([name for name in batch if name.removesuffix(".webp") not in known])
