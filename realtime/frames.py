"""Server-Sent Events as bytes, made once per process whatever the number of readers (WHATWG HTML, §9.2)."""

import json
import random
from typing import Any, NamedTuple

from entente.live import Fragment, Matter
from entente.web import templates


class Frame(NamedTuple):
    """One entry of a stream, as it travels."""

    position: int
    data: bytes
    at: float
    """When the entry was written, as seconds since the epoch."""
    matter: Matter | None = None
    """What it shows, as long as no later frame shows the same."""


def encode(event: str, data: str = "", id_: str = "") -> bytes:
    """One event; whatever the data holds, it cannot become a field of its own."""
    clean = data.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "\N{REPLACEMENT CHARACTER}")
    head = f"event: {event}\n" + (f"id: {id_}\n" if id_ else "")
    return (head + "".join(f"data: {line}\n" for line in clean.split("\n")) + "\n").encode()


def whisper(event: str, **facts: Any) -> bytes:
    """One event of plain facts, which no journal keeps."""
    return encode(event, json.dumps(facts, ensure_ascii=False))


def shown(fragment: Fragment | None, cursor: str) -> bytes:
    """What an entry changes on a page; an entry that shows nothing still moves the reader on."""
    if fragment is None:
        return passed(cursor)
    return encode("fragment", templates.parcel(fragment), cursor)


def passed(cursor: str) -> bytes:
    """Nothing shows: the reader moves on."""
    return encode("passed", cursor, cursor)


def reset(stream: str, cursor: str) -> bytes:
    """What a page shows of a stream is not to be trusted any more: it starts afresh from here."""
    return encode("reset", stream, cursor)


def hello() -> bytes:
    """First bytes of a stream: when to come back if it breaks, never all at once (in milliseconds)."""
    return f"retry: {random.randint(1_000, 4_000)}\n\n".encode()  # noqa: S311


BEAT = encode("beat", "1")
