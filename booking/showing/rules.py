"""Who describes a unit, how much it may bear, and how accessories are written: plain functions."""

import re
from collections.abc import Sequence
from typing import NamedTuple

from booking import rules
from booking.fleet.models import Unit
from entente.people.who import Who
from entente.rules import Invalid
from entente.settings import Settings
from entente.text import clean_name
from entente.web.uploads import MEGA, in_words
from entente.web.words import NBSP

MOST_FILES = 20
MOST_ACCESSORIES = 40
LONGEST_NAME = 120
MISSING = "Choisissez un fichier sur votre appareil."
WORDS_MISSING = "Dites ce que montre la photo\u00a0: une personne qui ne la voit pas le lira."
TOO_MANY = f"Fichiers d’une unité\u00a0: {MOST_FILES} au plus. Retirez-en un d’abord."
AWAY = "L’endroit où les fichiers sont gardés ne répond pas. Réessayez dans un instant."

_LINE = re.compile(r"(?:(?P<before>\d{1,4})\s*[×x*]\s*)?(?P<name>.*?)(?:\s*[×x*]\s*(?P<after>\d{1,4}))?")


class Piece(NamedTuple):
    """An accessory as it is written: « Harnais × 2 »."""

    name: str
    quantity: int = 1

    @property
    def written(self) -> str:
        """As the form shows it."""
        return f"{self.name}{NBSP}×{NBSP}{self.quantity}" if self.quantity > 1 else self.name


def may_describe(who: Who, unit: Unit) -> bool:
    """Whoever keeps a unit says what it looks like and what it comes with."""
    return rules.may_manage(who, unit.owner_id)


def has_room(used: int, more: int, settings: Settings) -> bool:
    """Whether a person may bring this much more."""
    return used + more <= settings.files_quota_mb * MEGA


def too_much(used: int, settings: Settings) -> str:
    """Why this person may bring no more."""
    quota = f"{in_words(used)} sur {settings.files_quota_mb}{NBSP}Mo"
    return f"Votre espace est plein{NBSP}: {quota}. Retirez d’anciens fichiers du matériel que vous décrivez."


def too_heavy(settings: Settings) -> str:
    """Why a file is not taken."""
    return f"Ce fichier est trop lourd{NBSP}: {settings.files_max_mb}{NBSP}Mo au plus."


def pieces_of(written: str) -> Sequence[Piece]:
    """Accessories, one a line; raises Invalid."""
    lines = [line for line in (clean_name(each) for each in written.split("\n")) if line]
    if len(lines) > MOST_ACCESSORIES:
        raise Invalid({"accessories": f"C’est trop d’accessoires{NBSP}: {MOST_ACCESSORIES} au plus."})
    return [_piece(line) for line in lines]


def _piece(line: str) -> Piece:
    found = _LINE.fullmatch(line)
    name = found["name"].strip() if found else ""
    quantity = int(found["before"] or found["after"] or 1) if found else 1
    if not name or not quantity:
        raise Invalid({"accessories": f"«{NBSP}{line[:60]}{NBSP}»{NBSP}: écrivez un nom, puis «{NBSP}× 2{NBSP}»."})
    if len(name) > LONGEST_NAME:
        raise Invalid({"accessories": f"C’est trop long{NBSP}: {LONGEST_NAME} caractères au plus par accessoire."})
    return Piece(name, quantity)
