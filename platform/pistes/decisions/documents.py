"""Documents of decisions: kept before the decision that names them, removed when it fails, handed out to members."""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import timedelta

from sqlmodel import col
from starlette.applications import Starlette
from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import Response

from entente.clock import now
from entente.db import rows
from entente.files import keeping, kinds
from entente.files.keeping import Kept
from entente.files.store import Away, Store
from entente.house import House
from entente.rules import Invalid
from entente.tidying import tidied
from entente.web import uploads
from entente.web.requests import id_of, reading_of, who_of
from entente.web.uploads import MEGA, Limits, Received
from pistes.decisions.models import MOST_FILES, DecisionFile
from pistes.decisions.whole import file_for

SHELF = "decisions"
PATIENCE = timedelta(days=1)
AGAIN = "Choisissez de nouveau les documents\u00a0: le navigateur ne les garde pas."
AWAY = "L’endroit où les fichiers sont gardés ne répond pas. Réessayez dans un instant."


def limits_of(house: House) -> Limits:
    """What the form of a decision may bring."""
    each = house.settings.files_max_mb * MEGA
    return Limits(MOST_FILES, each, 2 * each)


def refused(received: Received, house: House) -> str:
    """What is too much, in French; nothing when all can be taken."""
    if received.refusal:
        return received.refusal
    heavy = ", ".join(f"«\u00a0{kinds.file_name(name)}\u00a0»" for name in received.heavy)
    return f"{heavy}\u00a0: {house.settings.files_max_mb}\u00a0Mo au plus par document." if heavy else ""


@asynccontextmanager
async def kept(house: House, files: list[UploadFile]) -> AsyncIterator[list[Kept]]:
    """Write documents where they lie, for the change made inside; whatever fails, none is left behind."""
    done: list[Kept] = []
    try:
        for file in files:
            done.append(await _keep(house.files, file))
        yield done
    except BaseException:
        await house.files.remove([name for each in done for name in keeping.names_of(each.kept, each.width)])
        raise


async def _keep(store: Store, file: UploadFile) -> Kept:
    name = kinds.file_name(file.filename or "")
    try:
        return await keeping.keep(store, SHELF, file.filename or "", uploads.source_of(file), file.size or 0)
    except Away:
        raise Invalid({"files": AWAY}) from None
    except Invalid as error:
        raise Invalid({"files": f"«\u00a0{name}\u00a0»\u00a0: {error.errors['files']}"}) from None


async def document(request: Request) -> Response:
    """A document of a decision, asked each time for whoever knocks."""
    async with reading_of(request) as db:
        found = await file_for(db, who_of(request), id_of(request), id_of(request, "file"))
    return await uploads.handed(request, found.kept, found.name, found.media_type, found.width > 0)


def tidying(app: Starlette) -> AbstractAsyncContextManager[None]:
    """Forget now and then the bytes that no decision names."""
    return tidied(app.state.house, "pistes.decisions", 600.0, tidy)


async def tidy(house: House) -> None:
    """What lies there for more than a day and belongs to no decision goes."""
    old = [name async for name, at in house.files.names(SHELF) if now() - at > PATIENCE]
    if not old:
        return
    async with house.database.reading() as db:
        known = set((await db.execute(rows(col(DecisionFile.kept)))).scalars())
    await house.files.remove([name for name in old if name.removesuffix(".webp") not in known])
