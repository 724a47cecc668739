"""How much one is told, and why: plain functions, asked by the task that follows the journal."""

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID

from forums.following.models import Level


class Source(StrEnum):
    """What decided."""

    THREAD = "thread"
    OPENED = "opened"
    FORUM = "forum"
    DEFAULT = "default"


class Effective(NamedTuple):
    """How much someone is told of a thread, and what decided."""

    level: Level
    source: Source


def effective(thread: Level | None, has_opened: bool, forum: Level | None) -> Effective:
    """The nearest choice wins: of the thread, then having opened it, then of the forum, then normal."""
    if thread is not None:
        return Effective(thread, Source.THREAD)
    if has_opened:
        return Effective(Level.WATCHING, Source.OPENED)
    if forum is not None:
        return Effective(forum, Source.FORUM)
    return Effective(Level.NORMAL, Source.DEFAULT)


@dataclass(frozen=True)
class Ties:
    """What ties a person to a message."""

    wish: Effective
    mention: str | None = None
    """How they are called: « vous », « votre commune, Brioude »."""
    is_quoted: bool = False
    has_opened: bool = False
    """Whether the thread is theirs."""
    is_first: bool = False
    """Whether the message opens its thread."""


def reason(ties: Ties, forum: str) -> str | None:
    """Why someone is told of a message, in French; none when they are not.

    Muted means nothing, not even a mention: what is said on the menu is what happens.
    """
    level = ties.wish.level
    if level == Level.MUTED:
        return None
    if ties.mention:
        return "Vous êtes mentionné." if ties.mention == "vous" else f"Ce message mentionne {ties.mention}."
    if level == Level.MENTIONS:
        return None
    if ties.is_quoted:
        return "Ce message cite le vôtre."
    if ties.has_opened:
        return "Vous avez ouvert ce fil."
    if level != Level.WATCHING:
        return None
    if ties.wish.source == Source.FORUM:
        what = "c’est un nouveau fil" if ties.is_first else "c’est une nouvelle réponse"
        return f"Vous suivez tout le forum « {forum} »\u00a0: {what}."
    return "Vous suivez ce fil."


_QUOTED = re.compile(r"^> \*\*[^\n]{0,200}\]\(/forums/messages/([0-9a-f-]{36})\)", re.MULTILINE)


def quoted_in(body: str) -> set[UUID]:
    """The messages that this one answers with a quote of its own; those quoted inside a quote are not."""
    found: set[UUID] = set()
    for each in _QUOTED.findall(body):
        try:
            found.add(UUID(each))
        except ValueError:
            continue
    return found
