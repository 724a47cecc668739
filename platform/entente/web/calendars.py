"""A calendar as it is handed out: unchanged, it costs a question; in trouble, the last good one is given again."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from hashlib import sha256
from pathlib import Path

import structlog
from sqlalchemy.exc import SQLAlchemyError
from starlette.requests import Request
from starlette.responses import Response

from entente import ical
from entente.ical import EventsOf, Head, Key
from entente.web.requests import house_of

FOLDER = "feeds"
HEADERS = {
    "Cache-Control": "private, no-cache",
    "Referrer-Policy": "no-referrer",
    "X-Robots-Tag": "noindex",
    "X-Content-Type-Options": "nosniff",
}

Read = Callable[[], Awaitable[tuple[Head, Sequence[Key], EventsOf]]]
"""What stands in the calendar now."""

AWAY = (SQLAlchemyError, OSError, TimeoutError)
"""What a database that is away or a full disk raises."""

log = structlog.get_logger()


async def answer(request: Request, name: str, read: Read) -> Response:
    """The calendar of this name, or 304 when the client has it; an incident gives the last good one (C9).

    `name` is secret or not: only its hash becomes the name of a file. What `read` refuses goes through.
    """
    place = house_of(request).settings.data_dir / FOLDER / f"{sha256(name.encode()).hexdigest()}.ics"
    try:
        head, keys, events_of = await read()
        tag = ical.tag_of(head, keys)
        if tag in request.headers.get("if-none-match", ""):
            return Response(status_code=304, headers={**HEADERS, "ETag": tag})
        body = await ical.calendar(head, keys, events_of)
        await asyncio.to_thread(_keep, place, body)
    except AWAY as error:
        # A client that gets an error page disables the calendar, or empties it: better old than nothing.
        log.warning("calendar_is_old", error=repr(error))
        body = await asyncio.to_thread(_last_good, place, error)
        tag = f'"{sha256(body).hexdigest()[:32]}"'
    return Response(body, headers={**HEADERS, "ETag": tag}, media_type=ical.MEDIA_TYPE)


def _keep(place: Path, body: bytes) -> None:
    if place.is_file() and place.stat().st_size == len(body) and place.read_bytes() == body:
        return
    place.parent.mkdir(parents=True, exist_ok=True)
    half = place.with_suffix(".part")
    half.write_bytes(body)
    half.replace(place)


def _last_good(place: Path, error: Exception) -> bytes:
    try:
        return place.read_bytes()
    except OSError:
        raise error from None
