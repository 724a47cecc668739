"""What every command does first: read the settings, find the database, and say in French what is missing."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
import sqlalchemy.exc
import structlog

from entente import logs, schema, troubles
from entente.files.store import Full
from entente.house import House
from entente.rules import Conflict
from entente.settings import Settings, load

log = structlog.get_logger()

AWAY = (OSError, TimeoutError, Full, sqlalchemy.exc.DBAPIError, asyncpg.PostgresError, asyncpg.InterfaceError)
"""What a driver raises when the database cannot be reached or does not answer as it should."""


def settled() -> Settings:
    """The settings of this process, with its logs open."""
    settings = load()
    logs.configure(settings.log_format)
    return settings


@asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator[House]:
    """A house whose database answers; raises Conflict with the reason otherwise."""
    try:
        house = House.build(settings)
    except AWAY as error:
        raise Conflict(away(error)) from None
    try:
        await _reached(house)
        yield house
    finally:
        await house.database.close()


@asynccontextmanager
async def current(settings: Settings) -> AsyncIterator[House]:
    """A house whose database has today's shape, and whose rooms hear of what is changed."""
    from entente.app import furnish

    async with opened(settings) as house:
        await require_current(house)
        yield furnish(house)


async def require_current(house: House) -> None:
    """Go on if the database has today's shape, or a wider one; raise Conflict otherwise."""
    standing = await schema.standing(house.database)
    if not standing.is_served:
        raise Conflict(f"La base de données est {schema.ADVICE[standing]}")
    if standing is schema.Standing.WIDER:
        log.warning("base_wider", advice=f"elle est {schema.ADVICE[standing]}")


async def _reached(house: House) -> None:
    try:
        async with house.database.engine.connect() as connection:
            await schema.shape_of(connection)
    except AWAY as error:
        raise Conflict(away(error)) from None
    except schema.Tangled:
        raise Conflict("La base de données vient d’une version plus récente d’Entente.") from None


def away(error: BaseException) -> str:
    """Why the database cannot be used, without the words of its address."""
    if troubles.is_full(error):
        return "Il n’y a plus de place sur le disque\u00a0: libérez-en, puis recommencez. Rien n’a été enregistré."
    reason = troubles.reason_of(error)
    return f"La base de données ne répond pas\u00a0: {reason}. Vérifiez ENTENTE_DATABASE_URL et le serveur."
