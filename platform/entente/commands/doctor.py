"""`entente doctor`: is everything in order, and what to do otherwise."""

import asyncio
import logging

import typer
from rich.console import Console
from rich.text import Text

from entente import doctor as doctors
from entente import logs
from entente.commands.house import AWAY, away
from entente.db import Database
from entente.rules import Conflict
from entente.settings import load


def doctor() -> None:
    """Vérifier la base, Redis, la messagerie, l’horloge et les dossiers, et dire quoi faire."""
    if not asyncio.run(_doctor()):
        raise typer.Exit(1)


async def _doctor() -> bool:
    settings = load()
    logs.configure(settings.log_format, logging.ERROR)
    try:
        database = Database(settings)
    except AWAY as error:
        raise Conflict(away(error)) from None
    console = Console(highlight=False, soft_wrap=True)
    is_well = True
    try:
        async for finding in doctors.look(settings, database):
            is_well = is_well and finding.is_well
            mark = Text("✓ ", "green") if finding.is_well else Text("✗ ", "bold red")
            console.print(mark + Text(finding.title + (f"\u00a0: {finding.advice}" if finding.advice else "")))
    finally:
        await database.close()
    return is_well
