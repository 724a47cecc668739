"""`entente pistes`: the register as files, with the same results as on screen."""

import asyncio
import sys
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table as Shown

from entente.commands.house import current, settled
from entente.rules import Conflict, Invalid
from entente.web.words import plural
from pistes.imports import exports, service
from pistes.imports.readers import text_of
from pistes.imports.rules import Judged, Outcome
from pistes.models import TieRule
from pistes.ranking.queries import board
from pistes.ranking.rules import runs
from pistes.words import TIE_RULES

pistes = typer.Typer(help="Tenir le registre des pistes.", no_args_is_help=True)
_FILE = typer.Argument(metavar="FICHIER")


@pistes.callback()
def _pistes() -> None:
    """Tenir le registre des pistes."""


@pistes.command("import")
def import_file(
    file: Annotated[Path, _FILE],
    since: Annotated[
        datetime | None,
        typer.Option("--date", formats=["%Y-%m-%d"], help="Date des notes et des positions (aujourd’hui)."),
    ] = None,
    reason: Annotated[str, typer.Option("--motif", help="Pourquoi l’ordre du fichier départage les ex aequo.")] = "",
    dry: Annotated[bool, typer.Option("--essai", help="Dire ce qui changerait, sans rien enregistrer.")] = False,
) -> None:
    """Importer une liste hiérarchisée ou un arbre (CSV ou XLSX)\u202f: tout le fichier, ou rien."""
    received = text_of(_read(file))
    if received.note:
        typer.echo(received.note, err=True)
    judged = asyncio.run(_import(received.text, since, reason, dry))
    for each in judged:
        if each.said:
            typer.echo(f"Ligne {each.line.number}, {each.outcome}\u00a0: {' '.join(each.said)}")
    typer.echo(_summary(judged))
    if any(each.outcome is Outcome.WRONG for each in judged):
        raise typer.Exit(1)


@pistes.command("export")
def export_file(
    file: Annotated[Path, _FILE],
    tree: Annotated[bool, typer.Option("--arbre", help="L’arbre (annexe 1) plutôt que la liste (annexe 2).")] = False,
) -> None:
    """Exporter la liste ou l’arbre (.csv ou .xlsx)\u202f; importé de nouveau, le fichier ne change rien."""
    if file.suffix.lower() not in (".csv", ".xlsx"):
        raise Invalid({"file": "Le nom du fichier finit par .csv ou .xlsx."})
    table = asyncio.run(_table(tree))
    try:
        file.write_bytes(table.bytes_for(file.name))
    except OSError as error:
        raise Conflict(f"Le fichier {file} ne peut pas être écrit\u00a0: {error.strerror}.") from None
    typer.echo(f"{plural(len(table.lines), 'ligne exportée', 'lignes exportées')} dans {file}.")


@pistes.command("classement")
def show_ranking(
    csv: Annotated[bool, typer.Option("--csv", help="En CSV, sur la sortie standard.")] = False,
) -> None:
    """Montrer le classement, comme à l’écran."""
    asyncio.run(_ranking(csv))


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise Conflict(f"Le fichier {file} ne peut pas être lu\u00a0: {error.strerror}.") from None


async def _import(text: str, since: datetime | None, reason: str, dry: bool) -> list[Judged]:
    async with current(settled()) as house:
        if dry:
            async with house.database.reading() as db:
                return (await service.examine(db, text))[1]
        async with house.working(None) as work:
            return await service.bring_in(work, text, since.date() if since else None, reason)


def _summary(judged: list[Judged]) -> str:
    counts = {outcome: sum(each.outcome is outcome for each in judged) for outcome in Outcome}
    return (
        f"{plural(counts[Outcome.NEW], 'ligne nouvelle', 'lignes nouvelles')}, "
        f"{plural(counts[Outcome.CHANGED], 'mise à jour', 'mises à jour')}, "
        f"{plural(counts[Outcome.SAME], 'inchangée', 'inchangées')}, "
        f"{plural(counts[Outcome.WRONG], 'erreur', 'erreurs')}."
    )


async def _table(tree: bool) -> exports.Table:
    async with current(settled()) as house, house.database.reading() as db:
        return await (exports.whole_tree(db) if tree else exports.ranked_list(db))


async def _ranking(csv: bool) -> None:
    async with current(settled()) as house, house.database.reading() as db:
        found = await board(db)
    table = exports.ranking(found)
    if csv:
        # A spreadsheet's line ends, whatever the terminal makes of them.
        sys.stdout.write(table.csv(",").replace("\r\n", "\n"))
        return
    shown = Shown(title=f"{plural(len(found.lines), 'ligne', 'lignes')}, {plural(found.levels, 'niveau', 'niveaux')}")
    for name in table.header:
        shown.add_column(name)
    for line, cells in zip(found.lines, table.lines, strict=True):
        mark = "=" if line.placed.is_tied else ""
        shown.add_row(*(f"{mark}{cell}" if place == 1 else str(cell or "") for place, cell in enumerate(cells)))
    console = Console()
    console.print(shown)
    console.print(f"À égalité, {TIE_RULES[found.standing.tie_rule]} départage. {found.standing.tie_reason}".strip())
    if places := found.displaced_by(TieRule.TREE):
        console.print(f"Selon {TIE_RULES[TieRule.TREE]}, ces rangs changeraient\u00a0: {runs(places)}.")
