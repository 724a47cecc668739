"""What a view asks of its request."""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import cast
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession
from starlette.requests import Request

from entente.house import House
from entente.notices.queries import Bell
from entente.people.who import Who
from entente.rules import NotFound
from entente.work import Work


def house_of(request: Request) -> House:
    """The house this door belongs to."""
    return cast(House, request.app.state.house)


def visitor_of(request: Request) -> Who | None:
    """Whoever knocks, if they are signed in."""
    return cast(Who | None, getattr(request.state, "who", None))


def bell_of(request: Request) -> Bell | None:
    """The bell of whoever knocks, as it stood before the page looked at anything else."""
    return cast(Bell | None, getattr(request.state, "bell", None))


def has_notices(request: Request) -> bool:
    """Whether something waits for whoever knocks: opening what it is about is reading it."""
    bell = bell_of(request)
    return bell is not None and bell.unread > 0


def who_of(request: Request) -> Who:
    """Whoever is signed in; the doorkeeper lets nobody else reach a private door."""
    who = visitor_of(request)
    if who is None:
        raise NotFound
    return who


def work_of(request: Request) -> AbstractAsyncContextManager[Work]:
    """The one change that this request makes."""
    return house_of(request).working(visitor_of(request))


@asynccontextmanager
async def reading_of(request: Request) -> AsyncIterator[AsyncSession]:
    """A look at the data."""
    async with house_of(request).database.reading() as db:
        yield db


def id_of(request: Request, name: str = "id") -> UUID:
    """The id in the address; anything that is not one is not found."""
    try:
        return UUID(request.path_params[name])
    except ValueError:
        raise NotFound from None


def is_htmx(request: Request) -> bool:
    """Whether a page asks for a piece of itself."""
    return request.headers.get("hx-request") == "true"


def address_of(request: Request) -> str:
    """The network address of whoever knocks; proxies are believed only when declared."""
    return request.client.host if request.client else ""


def safe_next(address: str | None) -> str:
    """A page of this house to go to, or the first one: never another site."""
    if not address or not address.startswith("/") or address[1:2] in ("/", "\\") or "\\" in address:
        return "/"
    return "/" if any(ord(letter) < 32 for letter in address) else address
