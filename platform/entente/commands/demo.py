"""`entente demo`: a lively house on this machine, where one signs in with one click."""

import logging
from pathlib import Path
from typing import Annotated

import typer
import uvloop
from rich.console import Console
from rich.table import Table

from entente import logs, schema, serving
from entente.demo import folder, seeds
from entente.house import House
from entente.people.queries import Face, demo_people
from entente.settings import Settings


def demo(
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port d’écoute.")] = 8000,
    host: Annotated[str, typer.Option(help="Adresse d’écoute.")] = "127.0.0.1",
    reset: Annotated[bool, typer.Option("--reset", help="Repartir de zéro.")] = False,
    data: Annotated[Path, typer.Option(help="Dossier de la démonstration.")] = Path("var/demo"),
) -> None:
    """Ouvrir la démonstration\u00a0: GrandAngoulême en 2016, connexion en un clic."""
    logs.configure(level=logging.WARNING)
    with folder.opened(data, reset), serving.listening(host, port) as bound:
        uvloop.run(_open(folder.settings(data, host, port), bound))


async def _open(settings: Settings, bound: serving.Listener) -> None:
    from entente.app import create_app

    house = House.build(settings, is_demo=True)
    await schema.upgrade(house.database)
    await seeds.seed(house)
    async with house.database.reading() as db:
        people = await demo_people(db)
    await serving.serve(create_app(house), settings, bound, lambda: _welcome(settings.base_url, people))


def _welcome(address: str, people: list[Face]) -> None:
    console = Console(highlight=False)
    console.print(f"\nEntente est ouverte\u00a0: [bold]{address}[/bold]\n")
    table = Table("Se connecter en un clic", "Fonction", "Pour", box=None, pad_edge=False)
    for person in people:
        table.add_row(person.name, person.title, person.commune)
    console.print(table)
    console.print("\nCtrl+C pour fermer.\n")
