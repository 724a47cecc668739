"""What the room tidies while the house is open: dead links, closed counts, ended sessions, orphan photos."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.applications import Starlette

from entente.account import service
from entente.account.profile import former, photos, queries
from entente.house import House
from entente.tidying import tidied

EVERY_SECONDS = 600.0


@asynccontextmanager
async def keeping(app: Starlette) -> AsyncIterator[None]:
    """Tidy now and then, for as long as the server lives; several processes may, nothing is lost twice."""
    async with tidied(app.state.house, "account", EVERY_SECONDS, tidy), former.emptying(app):
        yield


async def tidy(house: House) -> None:
    """Forget what no longer serves."""
    async with house.working(None) as work:
        await service.sweep(work)
    async with house.database.reading() as db:
        kept = await queries.photos(db)
    await photos.purge(house.files, kept)
