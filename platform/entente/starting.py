"""What is looked at before the house opens: what no patience mends, and would harm those who come in."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

import structlog
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from entente import troubles
from entente.clock import now
from entente.db import Database
from entente.outbox import LEASE
from entente.rules import Conflict
from entente.settings import Settings

LOCK = ".serveur"
CLOCK_SECONDS = LEASE.total_seconds() / 2
"""How far a clock may be from the database's: beyond it, a worker would take tasks that another one is doing."""
REDIS_SECONDS = 3

log = structlog.get_logger()


async def seconds_ahead(connection: AsyncConnection) -> float:
    """How far this machine's clock is ahead of the database's, in seconds; negative when it is behind."""
    before = now()
    sentence = (
        "SELECT strftime('%Y-%m-%d %H:%M:%f', 'now')"
        if connection.dialect.name == "sqlite"
        else "SELECT to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.MS')"
    )
    told = datetime.fromisoformat((await connection.execute(text(sentence))).scalar_one()).replace(tzinfo=UTC)
    middle = before + (now() - before) / 2
    return (middle - told).total_seconds()


def clock_advice(ahead: float) -> str:
    """What to do about a clock that is not the database's."""
    way = "avance" if ahead > 0 else "retarde"
    return (
        f"{abs(ahead):.0f}\u00a0s d’écart avec celle de la base (celle d’ici {way})\u00a0: "
        "réglez les deux machines avec NTP (timedatectl)."
    )


async def tell_the_time(database: Database) -> None:
    """Say in the log that the clock is far from the database's: links and sessions would end too soon or too late."""
    async with database.engine.connect() as connection:
        ahead = await seconds_ahead(connection)
    if abs(ahead) > CLOCK_SECONDS:
        log.error("clock_apart", seconds=round(ahead), advice=clock_advice(ahead))


async def require_the_time(database: Database) -> None:
    """Go on if the clock is the database's, or near: a worker that is far ahead would do what another one is doing."""
    async with database.engine.connect() as connection:
        ahead = await seconds_ahead(connection)
    if abs(ahead) > CLOCK_SECONDS:
        raise Conflict(f"L’horloge n’est pas à l’heure\u00a0: {clock_advice(ahead)} Rien n’est envoyé d’ici là.")


async def require_let_in(settings: Settings) -> None:
    """Go on unless Redis asks for a password, or refuses ours; one that is only away is waited for, and told."""
    if settings.redis_url is None:
        return
    # Only a house with several processes pays for these imports.
    from redis.asyncio import Redis

    client = Redis.from_url(settings.redis_url, socket_connect_timeout=REDIS_SECONDS, socket_timeout=REDIS_SECONDS)
    try:
        await client.ping()
    except Exception as error:
        reason = troubles.reason_of(error)
        if troubles.is_about_a_password(error):
            raise Conflict(f"Redis ne nous laisse pas entrer ({reason})\u00a0: {LET_US_IN}") from None
        log.warning("redis_away", reason=reason, advice="le direct a deux secondes de retard en attendant")
    finally:
        with suppress(Exception):
            await client.aclose()


LET_US_IN = (
    "écrivez son mot de passe dans ENTENTE_REDIS_URL, comme redis://:mot-de-passe@127.0.0.1:6379/0 "
    "(il est dans requirepass, de redis.conf)."
)


@contextmanager
def alone(settings: Settings) -> Iterator[None]:
    """Hold the embedded database as its one server; raises Conflict when another one has it."""
    if not settings.is_embedded:
        yield
        return
    folder = Path(settings.database_url.split("///", 1)[1]).parent
    with (folder / LOCK).open("w") as mark:
        try:
            fcntl.flock(mark, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Conflict(
                f"Un autre serveur est déjà ouvert sur la base SQLite de {folder}, qui n’en sert qu’un\u00a0: "
                "fermez-le, ou réglez ENTENTE_DATABASE_URL sur une base PostgreSQL."
            ) from None
        yield
