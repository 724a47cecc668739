"""`entente backup` and `entente restore`: the whole house in one file, and back."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from entente import backup as archives
from entente.clock import now
from entente.commands.house import current, opened, settled
from entente.commands.search import reindex
from entente.settings import Settings


def backup(
    file: Annotated[
        Path | None,
        typer.Argument(metavar="[FICHIER]", help="Archive à écrire\u202f; par défaut, dans le dossier des données."),
    ] = None,
) -> None:
    """Écrire une sauvegarde complète (base et fichiers), serveur ouvert ou non."""
    settings = settled()
    asyncio.run(_backup(settings, _named(settings, file)))


def _named(settings: Settings, file: Path | None) -> Path:
    """The file that was asked for, or a dated one in the folder that was asked for."""
    folder = settings.data_dir / "backups" if file is None else file
    if file is None or file.is_dir():
        return folder / f"entente-{now().strftime('%Y-%m-%d-%H%M%S')}.tar.gz"
    return file


async def _backup(settings: Settings, file: Path) -> None:
    async with current(settings) as house:
        taken = await archives.take(house.database, settings.data_dir, file)
    bucket = ", ceux du seau S3 compris" if settings.files_url else ""
    typer.echo(f"Sauvegarde écrite\u00a0: {file} ({_measured(taken)}{bucket}, {taken.size / 1e6:.1f}\u00a0Mo).")


def restore(file: Annotated[Path, typer.Argument(metavar="FICHIER", help="Archive à lire.")]) -> None:
    """Restaurer une sauvegarde dans une base vide."""
    asyncio.run(_restore(settled(), file))


async def _restore(settings: Settings, file: Path) -> None:
    async with opened(settings) as house:
        taken = await archives.restore(house.database, settings.data_dir, file)
        await reindex(house)
    typer.echo(
        f"Sauvegarde restaurée et vérifiée\u00a0: {_measured(taken)}.\n"
        "Chacun devra se connecter de nouveau\u202f; les invitations et les liens en attente ne valent plus."
    )


def _measured(taken: archives.Taken) -> str:
    return f"lignes\u00a0: {taken.rows}, fichiers\u00a0: {taken.files}"
