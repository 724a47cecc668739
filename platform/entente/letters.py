"""Letters without their accents, for whoever looks for « Ines » and means « Inès »."""

import unicodedata

_LIGATURES = str.maketrans({"œ": "oe", "æ": "ae", "ø": "o", "ł": "l", "đ": "d"})


def bare(text: str) -> str:
    """A text in small letters, without accents; SQLite knows it as `bare_letters`."""
    apart = unicodedata.normalize("NFKD", text.casefold().translate(_LIGATURES))
    return "".join(letter for letter in apart if not unicodedata.combining(letter))
