"""`entente search`: makes the index of the search again from what was said."""

import asyncio

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from entente.commands.house import current, settled
from entente.house import House
from entente.search import rebuild

search = typer.Typer(help="Tenir l’index de la recherche.", no_args_is_help=True)


@search.callback()
def _search() -> None:
    """Tenir l’index de la recherche."""


@search.command("reindex")
def reindex_all() -> None:
    """Refaire l’index de la recherche, serveur ouvert ou non\u202f; interrompu, il reprend où il en était."""
    asyncio.run(_reindex())
    typer.echo("L’index de la recherche est à jour.")


async def _reindex() -> None:
    async with current(settled()) as house:
        await reindex(house)


async def reindex(house: House) -> None:
    """Make the index again, and show how far it has come."""
    from entente.app import findables, rooms

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        for findable in findables(rooms()):
            async with house.database.reading() as db:
                total = await findable.count(db)
            bar = progress.add_task(f"Index des {findable.label[1]}", total=total)

            def tell(count: int, bar: int = bar) -> None:
                progress.advance(bar, count)  # type: ignore[arg-type]

            await rebuild.rebuild(house, findable, tell)
