"""A child: the real house behind the real server, whose publisher posts through the forums' service."""

import asyncio
import json
import logging
import socket
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from uuid import UUID

import uvloop
from jinja2 import ChoiceLoader, DictLoader
from sqlalchemy import event
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from bench import houses
from bench.ground import HOST, obey
from entente import logs, serving
from entente.app import create_app
from entente.house import House
from entente.people.queries import who_is
from entente.web import templates
from forums import queries, service
from forums.models import NewPost

BRIEF = """<li id="post-{{ post.id }}" data-order="{{ post.number }}">{{ post.html | safe }}</li>"""
"""A post reduced to its words, so that a frame weighs what the figures of other senders were taken with."""


class Publisher:
    """Posts as a person would: right asked, row and journal written, bell rung."""

    def __init__(self, house: House, filled: Mapping[str, Any]) -> None:
        self.house = house
        self.thread = UUID(filled["thread"])
        self.person = UUID(filled["people"][0])
        self._posting: set[asyncio.Task[None]] = set()

    async def publish(self, count: int, body: str) -> Mapping[str, Any]:
        """That many posts in one change."""
        await self._post(count, body)
        return {}

    async def pace(self, every: float, seconds: float, body: str) -> Mapping[str, Any]:
        """One post after the other at a steady pace, each stamped before its transaction begins."""
        loop = asyncio.get_running_loop()
        started = loop.time()
        count = int(seconds / every)
        for number in range(count):
            await asyncio.sleep(max(0.0, started + number * every - loop.time()))
            task = asyncio.create_task(self._post(1, body))
            self._posting.add(task)
            task.add_done_callback(self._posting.discard)
        await asyncio.gather(*self._posting)
        return {"published": count}

    async def _post(self, count: int, body: str) -> None:
        said = NewPost(body=f"~{time.monotonic_ns():019d} {body}")
        async with self.house.database.reading() as db:
            who = await who_is(db, self.person)
        async with self.house.working(who) as work:
            place = await queries.thread_for(work.db, work.who, self.thread)
            for _ in range(count):
                await service.post(work, place, said)


class Counted:
    """How many statements the database was sent, and whether fragments are kept."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.seen = 0
        event.listen(house.database.engine.sync_engine, "before_cursor_execute", self._note)

    def _note(self, _connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if not statement.startswith(("BEGIN", "COMMIT", "ROLLBACK", "PRAGMA")):
            self.seen += 1

    async def statements(self) -> Mapping[str, Any]:
        """Statements since the last time this was asked."""
        seen, self.seen = self.seen, 0
        return {"statements": seen}

    async def chill(self, cold: bool) -> Mapping[str, Any]:
        """Keep no fragment, or keep them again."""
        templates._kept.clear()
        templates.KEPT_FRAGMENTS = 0 if cold else 20_000
        return {}


async def _empty_answer(_request: Any) -> PlainTextResponse:
    return PlainTextResponse("")


def _brief() -> None:
    made = templates.ENVIRONMENT
    assert made.loader
    made.loader = ChoiceLoader([DictLoader({"forums/_post.html": BRIEF}), made.loader])


async def _serve(known: dict[str, Any]) -> None:
    port, filled = known["port"], known.get("filled")
    if known.get("brief"):
        _brief()
    url = filled["database_url"] if filled else f"sqlite:///{known['folder']}/nothing.sqlite3"
    settings = houses.settings_of(url, port, Path(known["folder"]), known.get("redis_url"))
    house = House.build(settings)
    app = create_app(house) if filled else Starlette(routes=[Route("/", _empty_answer)])
    commands: dict[str, Any] = {}
    if filled:
        publisher, counted = Publisher(house, filled), Counted(house)
        commands = {
            "publish": publisher.publish,
            "pace": publisher.pace,
            "statements": counted.statements,
            "chill": counted.chill,
        }
    with serving.listening(HOST, port) as bound:
        await _until_the_end(app, settings, bound, commands)


async def _until_the_end(app: Starlette, settings: Any, bound: socket.socket, commands: dict[str, Any]) -> None:
    opened = asyncio.Event()
    running = asyncio.create_task(serving.serve(app, settings, bound, opened.set))
    await opened.wait()
    print(json.dumps({"open": True}), flush=True)
    asking = asyncio.create_task(obey(commands))
    await asyncio.wait([running, asking], return_when=asyncio.FIRST_COMPLETED)
    asking.cancel()


if __name__ == "__main__":
    # As in production: each request writes its line.
    logs.configure("json", logging.INFO)
    uvloop.run(_serve(json.loads(sys.argv[1])))
