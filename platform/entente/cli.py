"""What an operator asks on the command line, answered in French."""

import sys

import sqlalchemy.exc
import typer
import typer.rich_utils
from rich.console import Console

from entente.commands import backup, demo, doctor, migrate, organisations, people, pistes, search, serve, worker
from entente.commands.house import AWAY, away
from entente.rules import Conflict, Invalid, NotFound, Refused
from entente.settings import WrongSettings

typer.rich_utils.COMMANDS_PANEL_TITLE = "Commandes"
typer.rich_utils.ERRORS_PANEL_TITLE = "Erreur"

app = typer.Typer(
    name="entente",
    help="Entente, la maison commune d’une intercommunalité.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.command()(demo.demo)
app.command()(serve.serve)
app.command()(worker.worker)
app.command()(migrate.migrate)
app.command()(doctor.doctor)
app.command()(backup.backup)
app.command()(backup.restore)
app.add_typer(search.search, name="search")
app.add_typer(people.people, name="people")
app.add_typer(organisations.organisations, name="organisations")
app.add_typer(pistes.pistes, name="pistes")


def main() -> None:
    """Run one command; what was foreseen ends in a sentence, never in a traceback."""
    try:
        app()
    except WrongSettings as wrong:
        _stop(str(wrong), 2)
    except (Conflict, Refused) as refusal:
        _stop(refusal.reason, 1)
    except Invalid as invalid:
        _stop("\n".join(invalid.errors.values()), 1)
    except NotFound:
        _stop("Introuvable.", 1)
    except sqlalchemy.exc.IntegrityError:
        _stop("La base de données a refusé ce changement\u00a0: il contredit ce qu’elle contient déjà.", 1)
    except AWAY as error:
        _stop(away(error), 1)


def _stop(sentence: str, code: int) -> None:
    Console(stderr=True, highlight=False, markup=False, soft_wrap=True).print(sentence)
    sys.exit(code)
