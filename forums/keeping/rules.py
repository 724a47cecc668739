"""Where a forum may be found."""

from entente.text import slug

LONGEST = 60
RESERVED = frozenset(
    [
        "apercu",
        "brouillons",
        "documents",
        "fichiers",
        "fils",
        "flux",
        "mentions",
        "messages",
        "nouveau",
        "raccourcis",
        "suivis",
    ]
)
"""Words that already lead elsewhere."""


def slug_of(words: str) -> str:
    """These words as an address writes them; raises ValueError with a French sentence."""
    found = slug(words)[:LONGEST].strip("-")
    if not found:
        raise ValueError("Écrivez une adresse en lettres sans accent et en chiffres, par exemple voirie-et-ateliers.")
    if found in RESERVED:
        raise ValueError(f"L’adresse «\u00a0{found}\u00a0» mène déjà ailleurs\u00a0: choisissez-en une autre.")
    return found
