"""The one guard of this room: whoever does not keep the house finds nothing here."""

from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from entente.rules import NotFound
from entente.web.requests import who_of


class KeepersOnly:
    """Stands before every door of the room, so that a new one cannot be forgotten."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let administrators in; for anybody else there is nothing, not even a wrong method."""
        if not who_of(Request(scope)).is_administrator:
            raise NotFound
        await self.app(scope, receive, send)
