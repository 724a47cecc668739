"""Who sorts what, and how a tag is written."""

from entente.people.who import Who
from entente.text import clean_name, slug
from forums.models import Thread

MOST_ON_THREAD = 5
MOST_IN_FORUM = 100
LONGEST = 40


def may_tag(who: Who, thread: Thread, moderates: bool) -> bool:
    """Its author and the moderators say what a thread is about."""
    return thread.deleted_at is None and (moderates or thread.author_id == who.id)


def may_keep(who: Who, moderates: bool) -> bool:
    """Moderators and administrators keep the tags of a forum."""
    return moderates or who.is_administrator


def name_of(typed: str) -> tuple[str, str]:
    """The name of a tag and its address; raises ValueError with a French sentence."""
    name = clean_name(typed)
    if not name:
        raise ValueError("Écrivez un nom d’étiquette, par exemple Déneigement.")
    if len(name) > LONGEST:
        raise ValueError(f"C’est trop long\u00a0: {LONGEST} caractères au plus.")
    found = slug(name)[:LONGEST].strip("-")
    if not found:
        raise ValueError("Une étiquette contient au moins une lettre ou un chiffre.")
    return name, found
