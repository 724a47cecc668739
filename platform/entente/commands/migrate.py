"""`entente migrate`: gives the database today's shape."""

import asyncio

import typer
from alembic.util import CommandError

from entente import schema
from entente.commands.house import opened, settled
from entente.rules import Conflict


def migrate() -> None:
    """Créer la base, ou la mettre au niveau de cette version d’Entente."""
    asyncio.run(_migrate())


async def _migrate() -> None:
    async with opened(settled()) as house:
        try:
            await schema.upgrade(house.database)
        except CommandError:
            raise Conflict(f"La base de données est {schema.ADVICE[schema.Standing.AHEAD]}") from None
    typer.echo("La base de données est à jour.")
