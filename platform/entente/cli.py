"""What an operator asks on the command line, answered in French."""

import sys
from importlib import import_module
from typing import Any

import typer
import typer.rich_utils
from rich.console import Console
from typer.core import TyperGroup
from typer.main import get_command, get_group

typer.rich_utils.COMMANDS_PANEL_TITLE = "Commandes"
typer.rich_utils.ERRORS_PANEL_TITLE = "Erreur"

COMMANDS = {
    "demo": "Ouvrir la démonstration\u00a0: GrandAngoulême en 2016, connexion en un clic.",
    "serve": "Ouvrir le serveur.",
    "worker": "Faire le travail différé\u00a0: envoyer les messages, purger, rappeler.",
    "migrate": "Créer la base, ou la mettre au niveau de cette version d’Entente.",
    "doctor": "Vérifier la base, Redis, la messagerie, l’horloge et les dossiers, et dire quoi faire.",
    "backup": "Écrire une sauvegarde complète (base et fichiers), serveur ouvert ou non.",
    "restore": "Restaurer une sauvegarde dans une base vide.",
    "search": "Tenir l’index de la recherche.",
    "people": "Lister, inviter et suspendre les personnes.",
    "organisations": "Lister et importer les organisations.",
    "pistes": "Tenir le registre des pistes.",
}
"""Every command, as its own file says it: the page of help asks none of them to be read."""
ELSEWHERE = {"restore": "backup"}
"""Commands that live in the file of another."""


class OneAtATime(TyperGroup):
    """Reads the file of the command that is asked for, and of no other: half of them would bring the whole house."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """The command itself, instead of what the page of help knows of it."""
        name, _, rest = super().resolve_command(ctx, args)
        return name, command(name) if name else None, rest


def command(name: str) -> Any:
    """A command or a group of commands, read from its file."""
    asked = getattr(import_module(f"entente.commands.{ELSEWHERE.get(name, name)}"), name)
    if isinstance(asked, typer.Typer):
        found: Any = get_group(asked)
    else:
        alone = typer.Typer(add_completion=False)
        alone.command()(asked)
        found = get_command(alone)
    found.name = name
    return found


def _entente() -> None:
    """Stands for a command on the page of help."""


app = typer.Typer(
    name="entente",
    cls=OneAtATime,
    help="Entente, la maison commune d’une intercommunalité.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
for _name, _sentence in COMMANDS.items():
    app.command(_name, help=_sentence)(_entente)


def main() -> None:
    """Run one command; what was foreseen ends in a sentence, never in a traceback."""
    try:
        app()
    except Exception as error:
        from entente.commands.foreseen import foreseen

        said = foreseen(error)
        if said is None:
            raise
        Console(stderr=True, highlight=False, markup=False, soft_wrap=True).print(said.sentence)
        sys.exit(said.code)
