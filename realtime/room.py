"""What the room shows the house: two doors, and a hub that lives as long as the process."""

import asyncio
import signal
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from types import FrameType
from typing import Any

from starlette.applications import Starlette
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from entente.rights import person_feed
from entente.room import Room
from realtime import views
from realtime.hub import Hub


@asynccontextmanager
async def living(app: Starlette) -> AsyncIterator[None]:
    """Open the hub, let the house ring its bell, and leave nothing behind."""
    house = app.state.house
    hub = Hub(house, {feed.kind: feed for room in app.state.rooms for feed in room.feeds})
    app.state.hub = hub
    house.announce = hub.bell.ring
    house.hears_the_bell = lambda: not hub.bell.is_deaf and not hub.is_closing
    # Built by now, since the lifespan itself goes through it.
    app.middleware_stack = _Wired(app.middleware_stack) if app.middleware_stack else None
    await hub.open()
    try:
        with _refusing_at_sigterm(hub):
            yield
    finally:
        await hub.close()


class _Wired:
    """Keeps the server's own `send` for streams: Starlette wraps it before any middleware of ours is asked.

    No wrapper stands between a page and its news, and the socket behind it can be bounded and cut.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on, with the wire."""
        scope["realtime.wire"] = send
        await self.app(scope, receive, send)


@contextmanager
def _refusing_at_sigterm(hub: Hub) -> Iterator[None]:
    """Streams never end by themselves, and the server waits for them before it tells us: listen too."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    loop = asyncio.get_running_loop()
    before: dict[int, Any] = {}

    def stop(number: int, frame: FrameType | None) -> None:
        loop.call_soon_threadsafe(hub.refuse)
        handler = before[number]
        if callable(handler):
            handler(number, frame)

    for number in (int(signal.SIGTERM), int(signal.SIGINT)):
        before[number] = signal.getsignal(number)
        if callable(before[number]):
            signal.signal(number, stop)
    try:
        yield
    finally:
        for number, handler in before.items():
            if signal.getsignal(number) is stop:
                signal.signal(number, handler)


room = Room(
    "realtime",
    routes=[Route("/live", views.live), Route("/live/frappe", views.typing, methods=["POST"])],
    feeds=[person_feed],
    lifespan=living,
)
