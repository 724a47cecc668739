"""What the room tidies while the house is open: drafts that nobody came back to."""

from contextlib import AbstractAsyncContextManager

from starlette.applications import Starlette

from entente.house import House
from entente.tidying import tidied
from forums.drafts import service

EVERY_SECONDS = 3_600.0


def tidying(app: Starlette) -> AbstractAsyncContextManager[None]:
    """Tidy now and then, for as long as the server lives."""
    return tidied(app.state.house, "forums.drafts", EVERY_SECONDS, tidy)


async def tidy(house: House) -> None:
    """Forget what is too old."""
    async with house.working(None) as work:
        await service.sweep(work)
