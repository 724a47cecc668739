"""What is tidied while the house is open: files that nobody took, and bytes that nobody names."""

from collections.abc import Awaitable, Callable, Collection
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass

from starlette.applications import Starlette

from entente.clock import now
from entente.house import House
from entente.tidying import tidied
from entente.work import Work
from forums.attachments import service
from forums.attachments.taking import ROOM
from forums.documents import service as documents
from forums.documents.views import SHELF

EVERY_SECONDS = 600.0
BATCH = 500


def keeping(app: Starlette) -> AbstractAsyncContextManager[None]:
    """Tidy now and then, for as long as the server lives; several processes may, nothing is lost twice."""
    return tidied(app.state.house, "forums.attachments", EVERY_SECONDS, tidy)


@dataclass(frozen=True)
class Shelf:
    """Where one kind of files lies, and who knows which of them serve."""

    name: str
    sweep: Callable[[Work], Awaitable[list[str]]]
    known: Callable[[Work, Collection[str]], Awaitable[set[str]]]


SHELVES = (Shelf(ROOM, service.sweep, service.known), Shelf(SHELF, documents.sweep, documents.known))


async def tidy(house: House) -> None:
    """Forget what waited or was removed for more than a day, then the bytes that nobody names."""
    for shelf in SHELVES:
        async with house.working(None) as work:
            gone = await shelf.sweep(work)
        await house.files.remove(gone)
        old: list[str] = []
        async for name, at in house.files.names(shelf.name):
            if now() - at > service.PATIENCE:
                old.append(name)
            if len(old) == BATCH:
                await _forget(house, shelf, old)
                old = []
        await _forget(house, shelf, old)


async def _forget(house: House, shelf: Shelf, old: list[str]) -> None:
    async with house.working(None) as work:
        known = await shelf.known(work, old)
    await house.files.remove([name for name in old if name.removesuffix(".webp") not in known])
