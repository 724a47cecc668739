"""The doors of real time: one stream per browser, and the sign that someone is writing."""

import asyncio
import random

import structlog
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.types import Receive, Scope, Send

from entente.ids import Ref
from entente.journal import Cursor
from entente.rights import stream_of_person
from entente.rules import NotFound
from entente.web import forms
from entente.web.requests import address_of, reading_of, who_of
from realtime import metrics
from realtime.frames import hello
from realtime.hub import Hub
from realtime.page import Page

STREAMS = 64
JOIN_SECONDS = 10.0
"""Far less than a topic without pages is kept."""

log = structlog.get_logger()


def hub_of(request: Request) -> Hub:
    """The hub of this process."""
    hub: Hub = request.app.state.hub
    return hub


async def live(request: Request) -> Response:
    """Everything a browser's pages follow, in one stream; each cursor is in the address."""
    hub = hub_of(request)
    try:
        cursors = _cursors(request)
    except ValueError:
        return PlainTextResponse("Ce n’est pas un curseur.", 400)
    if hub.is_closing:
        return _later(503)
    wire = request.scope["realtime.wire"]
    page = Page(who_of(request), address_of(request), wire, asyncio.get_running_loop().time(), hub.feed_again)
    if not await hub.admit(page):
        return _later(429)
    if "last-event-id" in request.headers or request.query_params.get("try"):
        metrics.RECONNECTIONS.inc()
    try:
        async with hub.turns, asyncio.timeout(JOIN_SECONDS):
            refused = await hub.join(page, cursors)
    except BaseException as error:
        hub.leave(page)
        if not isinstance(error, Exception):
            raise
        log.warning("join_failed", error=repr(error))
        return _later(503)
    if cursors and len(refused) == len(cursors):
        hub.leave(page)
        return PlainTextResponse("Cette page ne vous est plus ouverte.", 403)
    return LiveResponse(hub, page)


def _cursors(request: Request) -> list[Cursor]:
    """The cursors of the address, moved on by Last-Event-ID when a browser reconnects by itself."""
    asked = request.query_params.getlist("s")
    if len(asked) > STREAMS:
        raise ValueError("too many streams")
    cursors = {cursor.stream: cursor for cursor in map(Cursor.parse, asked)}
    last = request.headers.get("last-event-id")
    if last:
        seen = Cursor.parse(last)
        known = cursors.get(seen.stream)
        if known and (seen.epoch != known.epoch or seen.position > known.position):
            cursors[seen.stream] = seen
    return list(cursors.values())


def _later(status: int) -> Response:
    wait = random.randint(2, 15)  # noqa: S311
    return PlainTextResponse("Trop de connexions, réessayez.", status, headers={"Retry-After": str(wait)})


class LiveResponse(Response):
    """Lends the server's own `send` to the hub and waits; it pulls nothing and buffers nothing."""

    def __init__(self, hub: Hub, page: Page) -> None:
        headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        super().__init__(headers=headers, media_type="text/event-stream")
        del self.headers["content-length"]
        self._hub = hub
        self._page = page

    async def __call__(self, _scope: Scope, receive: Receive, send: Send) -> None:
        """Stay until the browser leaves or the hub says goodbye."""
        page = self._page
        try:
            await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
            await send({"type": "http.response.body", "body": hello(), "more_body": True})
            page.task = asyncio.current_task()
            self._hub.flow(page)
            while not page.is_leaving and (await receive())["type"] != "http.disconnect":
                pass
            if page.is_leaving:
                await page.say_goodbye()
        except asyncio.CancelledError:
            if not page.is_leaving or page.task is None:
                raise
            page.task.uncancel()
            await page.say_goodbye()
        finally:
            self._hub.leave(page)


class Typing(BaseModel):
    """Where someone is writing."""

    stream: str


async def typing(request: Request) -> Response:
    """Say to whoever reads the same thing that someone is writing there."""
    hub, who = hub_of(request), who_of(request)
    form = await forms.read(request, Typing)
    try:
        ref = Ref.parse(form.stream)
    except ValueError:
        raise NotFound from None
    async with reading_of(request) as db:
        if ref == stream_of_person(who.id) or not await hub.may_follow(db, who, ref):
            raise NotFound
    if hub.feeds[ref.kind].has_presence and not who.is_discreet and hub.presence.may_type(who.id, str(ref)):
        hub.whisper({"kind": "typing", "stream": str(ref), "id": str(who.id), "name": who.name})
    return Response(status_code=204)
