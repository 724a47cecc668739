"""Who may do what with the documents of a forum."""

from entente.people.who import Who
from forums.documents.models import Document

MISSING = "Choisissez un fichier sur votre appareil."


def may_remove(who: Who, document: Document, moderates: bool) -> bool:
    """One removes what one brought; a moderator removes any."""
    return document.removed_at is None and (document.author_id == who.id or moderates)
