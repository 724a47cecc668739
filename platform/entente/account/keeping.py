"""What the room tidies while the house is open: dead links, closed counts, ended sessions, orphan photos."""

import asyncio
from contextlib import AbstractAsyncContextManager

from starlette.applications import Starlette

from entente.account import service
from entente.account.profile import photos, queries
from entente.house import House
from entente.tidying import tidied

EVERY_SECONDS = 600.0


def keeping(app: Starlette) -> AbstractAsyncContextManager[None]:
    """Tidy now and then, for as long as the server lives; several processes may, nothing is lost twice."""
    return tidied(app.state.house, "account", EVERY_SECONDS, tidy)


async def tidy(house: House) -> None:
    """Forget what no longer serves."""
    async with house.working(None) as work:
        await service.sweep(work)
    async with house.database.reading() as db:
        kept = await queries.photos(db)
    await asyncio.to_thread(photos.purge, house.settings.data_dir, kept)
