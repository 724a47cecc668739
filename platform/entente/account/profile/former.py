"""Where photos lay until 0.4: a folder that one machine alone could read. They are brought to where files lie.

What was brought stays here for a week, for the version before, which reads nowhere else.
"""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from io import BytesIO
from pathlib import Path

import structlog
from starlette.applications import Starlette

from entente.account.profile import photos, queries
from entente.clock import now
from entente.house import House

EVERY_SECONDS = 600.0
STAYS = timedelta(days=7)

log = structlog.get_logger()


@asynccontextmanager
async def emptying(app: Starlette) -> AsyncIterator[None]:
    """Bring what lies here, for as long as the server lives: the version before may still write to this folder."""
    bringing = asyncio.create_task(_often(app.state.house), name="former photos")
    try:
        yield
    finally:
        bringing.cancel()
        await asyncio.wait([bringing])


async def _often(house: House) -> None:
    while True:
        try:
            await bring(house)
        except Exception as error:
            # Not its words: those of a bucket may hold its secret.
            log.warning("photos_wait", error=type(error).__name__)
        await asyncio.sleep(EVERY_SECONDS)


async def bring(house: House) -> None:
    """Copy what is somebody's to where files lie, and remove what has served; begun again, it ends the same."""
    data_dir = house.settings.data_dir
    folder = data_dir / photos.FORMER_FOLDER
    files = await asyncio.to_thread(lambda: sorted(folder.iterdir()) if folder.is_dir() else [])
    if not files:
        return
    async with house.database.reading() as db:
        kept = {photos.former_place(data_dir, each): photos.name_of(each) for each in await queries.photos(db)}
    brought = {name: at async for name, at in house.files.names(photos.ROOM)}
    for file in files:
        name = kept.get(file, "")
        if name and name not in brought:
            content = await asyncio.to_thread(file.read_bytes)
            await house.files.put(name, BytesIO(content), len(content))
            continue
        has_served = now() - brought[name] > STAYS if name else _is_orphan(file)
        if has_served:
            file.unlink(missing_ok=True)


def _is_orphan(file: Path) -> bool:
    """Whether nobody will name this file any more: whoever writes one names it at once."""
    return time.time() - file.stat().st_mtime > photos.ORPHAN.total_seconds()
