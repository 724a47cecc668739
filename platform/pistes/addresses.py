"""Where the things of the register are read."""

from uuid import UUID

ROOM = "pistes"
HOME = ("Pistes", "/pistes")
TREE = ("Arbre", "/pistes/arbre")
MAP = ("Carte", "/pistes/carte")
BOARD = ("Phases", "/pistes/phases")
MINE = ("Communes", "/pistes/communes")
SHEETS = ("Fiches", "/pistes/fiches")
LABELS = ("Objectifs et déclinaisons", "/pistes/arbre/rubriques")
TEXTS = ("Phrases et parts", "/pistes/textes")
CRITERIA = ("Critères", "/pistes/criteres")
CUT = ("À résoudre", "/pistes/a-resoudre")
RULES = ("Règles du classement", "/pistes/regles")


def address_of(piste_id: UUID | str) -> str:
    """The page of a piste."""
    return f"/pistes/{piste_id}"
