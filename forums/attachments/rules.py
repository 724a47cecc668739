"""How many files and how heavy: plain functions, with the sentence that says so."""

from entente.settings import Settings
from entente.web.uploads import MEGA, Limits, in_words
from forums.attachments.models import MOST_PER_POST

TOO_MANY = f"C’est trop de fichiers pour un message\u00a0: {MOST_PER_POST} au plus."
GONE = "Un fichier joint a été retiré ou a attendu plus d’un jour\u00a0: joignez-le de nouveau."
AWAY = "L’endroit où les fichiers sont gardés ne répond pas. Réessayez dans un instant."
WHOLE = 4
"""How many of the heaviest files one form may bring at once."""


def limits_of(settings: Settings) -> Limits:
    """What one form may bring."""
    each = settings.files_max_mb * MEGA
    return Limits(MOST_PER_POST, each, WHOLE * each)


def too_heavy(name: str, settings: Settings) -> str:
    """Why a file is not taken."""
    return f"«\u00a0{name}\u00a0» est trop lourd\u00a0: {settings.files_max_mb}\u00a0Mo au plus par fichier."


def too_much(used: int, settings: Settings) -> str:
    """Why this person may bring no more."""
    return (
        f"Votre espace est plein\u00a0: {in_words(used)} sur {settings.files_quota_mb}\u00a0Mo. "
        "Retirez des fichiers de vos anciens messages, ou mettez un lien."
    )


def has_room(used: int, more: int, settings: Settings) -> bool:
    """Whether a person may bring this much more."""
    return used + more <= settings.files_quota_mb * MEGA
