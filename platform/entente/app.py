"""The roof: the one module that knows every room."""

import gc
import os
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager

import structlog
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

import booking.room
import entente.account.room
import entente.administration.room
import entente.agendas.room
import entente.centre.room
import entente.directory.room
import entente.finder.room
import entente.home.room
import forums.room
import pistes.room
import planning.room
import realtime.room
from entente import health, logs, mail
from entente.forgetting.service import Forgetting
from entente.house import House
from entente.room import Errand, Room
from entente.search import index
from entente.search.compacting import COMPACT, compact
from entente.search.findable import Findable
from entente.settings import load
from entente.web import errors, static, style
from entente.web.middleware import Calm, Doorkeeper, Guard, Record
from entente.worker import Worker, working_inside


def rooms() -> list[Room]:
    """Every room of the house, in the order of the rail."""
    return [
        entente.home.room.room,
        forums.room.room,
        planning.room.room,
        booking.room.room,
        pistes.room.room,
        entente.directory.room.room,
        entente.finder.room.room,
        realtime.room.room,
        entente.centre.room.room,
        entente.account.room.room,
        entente.agendas.room.room,
        entente.administration.room.room,
    ]


def findables(open_rooms: Sequence[Room]) -> list[Findable]:
    """Everything that the search of the house finds."""
    return [findable for room in open_rooms for findable in room.finds]


def forgetting(open_rooms: Sequence[Room]) -> Forgetting:
    """How all of these rooms forget someone."""
    return Forgetting([room.forgets for room in open_rooms], findables(open_rooms))


def furnish(house: House, open_rooms: Sequence[Room] | None = None) -> House:
    """Tell a house which tasks of its rooms follow the journal, and how they tell what they hold."""
    followers: dict[str, list[str]] = {}
    known = rooms() if open_rooms is None else open_rooms
    for room in known:
        for task, verbs in room.follows.items():
            for verb in verbs:
                followers.setdefault(verb, []).append(task)
    for verb in {verb for findable in findables(known) for verb in findable.verbs}:
        followers.setdefault(verb, []).append(index.INDEX)
    house.followers = followers
    house.talks = next((room.talks for room in known if room.talks), None)
    house.takes = next((room.takes for room in known if room.takes), None)
    house.tellers = {kind: tell for room in known for kind, tell in room.tells.items()}
    return house


def create_app(house: House, rooms_: Sequence[Room] | None = None) -> Starlette:
    """The whole house as one ASGI application."""
    open_rooms = list(rooms() if rooms_ is None else rooms_)
    furnish(house, open_rooms)
    app = Starlette(
        routes=[
            Route("/static/{name:path}", static.serve),
            Route("/style", style.style),
            *health.routes,
            *(route for room in open_rooms for route in room.routes),
        ],
        middleware=[
            Middleware(Record),
            Middleware(GZipMiddleware, minimum_size=1_000, compresslevel=3),
            Middleware(Guard, base_url=house.settings.base_url),
            Middleware(Calm),
            Middleware(Doorkeeper, house=house),
        ],
        exception_handlers={HTTPException: _lost},
        lifespan=_lifespan(house, open_rooms),
    )
    app.state.house = house
    app.state.rooms = open_rooms
    app.state.calendars = {each.kind: each for room in open_rooms for each in room.calendars}
    app.state.forgetting = forgetting(open_rooms)
    app.state.nav = [item for room in open_rooms for item in room.nav]
    app.state.admin_nav = [item for room in open_rooms for item in room.admin_nav]
    return app


def production() -> Starlette:
    """The house that the settings of this process describe: what each of several servers opens."""
    settings = load()
    logs.configure(settings.log_format)
    # Whoever reads the log at two in the morning sees that a process which died was replaced.
    structlog.get_logger().info("process_open", process=os.getpid())
    return create_app(House.build(settings))


def worker_of(house: House, open_rooms: Sequence[Room] | None = None) -> Worker:
    """The worker that knows every room's deferred work."""
    known = rooms() if open_rooms is None else open_rooms
    tasks = {kind: do for room in known for kind, do in room.tasks.items()}
    found = findables(known)
    tasks[index.INDEX] = lambda work, payload: index.follow(work, found, payload)
    errands: dict[str, Errand] = {mail.MAIL: mail.send, COMPACT: compact}
    errands |= {kind: run for room in known for kind, run in room.errands.items()}
    return Worker(furnish(house, known), tasks, errands)


def _lifespan(house: House, open_rooms: Sequence[Room]) -> Callable[[Starlette], AbstractAsyncContextManager[None]]:
    @asynccontextmanager
    async def living(app: Starlette) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            stack.push_async_callback(house.database.close)
            for room in open_rooms:
                if room.lifespan:
                    await stack.enter_async_context(room.lifespan(app))
            if house.settings.worker == "inside":
                await stack.enter_async_context(working_inside(worker_of(house, open_rooms)))
            # What lives as long as the process need not be looked at again: pauses of 45 ms go away.
            gc.collect()
            gc.freeze()
            gc.set_threshold(50_000, 20, 50)
            yield

    return living


async def _lost(request: Request, error: Exception) -> Response:
    return errors.answer(request, error)
