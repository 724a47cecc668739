"""What may go wrong with any command, and how it is said."""

from typing import NamedTuple

import sqlalchemy.exc

from entente.commands.house import AWAY, away
from entente.rules import Conflict, Invalid, NotFound, Refused
from entente.settings import WrongSettings


class Said(NamedTuple):
    """A sentence for the operator, and the code of the process."""

    sentence: str
    code: int


def foreseen(error: Exception) -> Said | None:
    """How an error is said; nothing when nobody foresaw it."""
    match error:
        case WrongSettings():
            return Said(str(error), 2)
        case Conflict() | Refused():
            return Said(error.reason, 1)
        case Invalid():
            return Said("\n".join(error.errors.values()), 1)
        case NotFound():
            return Said("Introuvable.", 1)
        case sqlalchemy.exc.IntegrityError():
            return Said("La base de données a refusé ce changement\u00a0: il contredit ce qu’elle contient déjà.", 1)
        case _ if isinstance(error, AWAY):
            return Said(away(error), 1)
    return None
