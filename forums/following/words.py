"""How the levels are said on screen, and what each means."""

from typing import NamedTuple

from forums.following.models import Level
from forums.following.rules import Effective, Source


class Choice(NamedTuple):
    """One line of the menu."""

    value: str
    title: str
    meaning: str
    symbol: str


TITLES = {
    Level.WATCHING: "Tout suivre",
    Level.NORMAL: "Normal",
    Level.MENTIONS: "Mentions seulement",
    Level.MUTED: "En sourdine",
}
SYMBOLS = {
    Level.WATCHING: "bell-alert",
    Level.NORMAL: "bell",
    Level.MENTIONS: "at-symbol",
    Level.MUTED: "bell-slash",
}
_OF_FORUM = {
    Level.WATCHING: "Chaque nouveau fil et chaque réponse.",
    Level.NORMAL: "Quand on vous mentionne ou vous cite, et les réponses aux fils que vous ouvrez.",
    Level.MENTIONS: "Quand on vous mentionne, vous, votre commune ou votre instance.",
    Level.MUTED: "Rien, pas même les mentions.",
}
_OF_THREAD = _OF_FORUM | {
    Level.WATCHING: "Chaque réponse.",
    Level.NORMAL: "Quand on vous mentionne ou vous cite, et les réponses si le fil est le vôtre.",
}
_SOURCES = {
    Source.THREAD: "",
    Source.OPENED: "Vous avez ouvert ce fil.",
    Source.FORUM: "Comme le forum.",
    Source.DEFAULT: "",
}


def choices_for_forum() -> list[Choice]:
    """What may be wanted of a forum."""
    return [Choice(level, TITLES[level], _OF_FORUM[level], SYMBOLS[level]) for level in TITLES]


def choices_for_thread(has_choice: bool) -> list[Choice]:
    """What may be wanted of a thread; whoever chose may go back to what was said of the forum."""
    own = [Choice(level, TITLES[level], _OF_THREAD[level], SYMBOLS[level]) for level in TITLES]
    back = Choice("", "Ne plus choisir ici", "Ce que vous avez choisi pour le forum.", "arrow-uturn-left")
    return [*own, back] if has_choice else own


def why(wish: Effective) -> str:
    """What decided, when it is not the menu itself."""
    return _SOURCES[wish.source]
