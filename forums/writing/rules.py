"""How the words of someone else are quoted: under their name, with a link to the very post."""

import re
from uuid import UUID

_MARKS = re.compile(r"([\\`*_\[\]<>~&|])")


def as_words(text: str) -> str:
    """The same words on one line, in which nothing is formatting any more."""
    return _MARKS.sub(r"\\\1", " ".join(text.split("\n")))


def quoted(post_id: UUID, name: str, body: str) -> str:
    """A post as a quote, ready to be answered below."""
    lines = [f"**{as_words(name)}** [a écrit](/forums/messages/{post_id})\u00a0:", "", *body.split("\n")]
    return "\n".join(f"> {line}".rstrip() for line in lines) + "\n\n"
