"""A house of several processes, the ways to it, and what a test does there."""

import asyncio
import random
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from uuid import UUID

import asyncpg
import httpx
from sqlmodel import col, select

from bench.chaos.following import Follower, cursors_in
from bench.cluster import Cluster
from bench.ground import HOST
from entente.house import House
from entente.ids import new_id
from entente.people.models import Function, FunctionKind, Organisation, Person, PersonStatus
from entente.people.queries import who_is
from entente.people.who import Who
from entente.settings import load
from world import LONG_AGO, World

PATIENCE = 90.0
"""How long, in seconds, a slow and loaded machine may take to do what is waited for."""


@dataclass
class Village:
    """The processes, and the ways to them."""

    cluster: Cluster

    @property
    def base(self) -> str:
        """The address that people type."""
        return self.cluster.base

    @asynccontextmanager
    async def lived_in(self) -> AsyncIterator["Life"]:
        """What a test does there, with everything that it opens closed at its end."""
        house = House.build(load(**self.cluster.settings()))
        wire = httpx.AsyncHTTPTransport(verify=False, limits=httpx.Limits(max_connections=None))
        origin = {"Origin": self.base, "Sec-Fetch-Site": "same-origin"}
        async with httpx.AsyncClient(
            base_url=self.base, transport=wire, headers=origin, timeout=PATIENCE, trust_env=False
        ) as client:
            life = Life(self.cluster, house, client)
            yield life
            await life.end()
        await house.database.close()


class Life:
    """One test's people, their requests through nginx, and the pages that they keep open."""

    def __init__(self, made: Cluster, house: House, client: httpx.AsyncClient) -> None:
        self.cluster = made
        self.house = house
        self.client = client
        self.followers: list[Follower] = []
        self._following: list[asyncio.Task[None]] = []
        self._draw = random.Random(7)

    async def someone(self, email: str) -> Who:
        """One of the world's people, by the beginning of their address."""
        async with self.house.database.reading() as db:
            id_ = (await db.exec(select(Person.id).where(col(Person.email).startswith(f"{email}@")))).one()
            who = await who_is(db, id_)
        assert who
        return who

    async def newcomer(self) -> Who:
        """Somebody new in Brioude, whom no other test knows."""
        async with self.house.database.writing() as db:
            town = (await db.exec(select(Organisation.id).where(col(Organisation.name) == "Brioude"))).one()
            person = Person(
                email=f"{new_id()}@brioude.example", given_name="Noé", family_name="Venu", status=PersonStatus.ACTIVE
            )
            db.add(person)
            await db.flush()
            db.add(Function(person_id=person.id, organisation_id=town, kind=FunctionKind.AGENT, since=LONG_AGO))
        async with self.house.database.reading() as db:
            who = await who_is(db, person.id)
        assert who
        return who

    async def leaves(self, who: Who) -> None:
        """Someone's functions end."""
        await World(self.house, None).end_functions(who)  # type: ignore[arg-type]

    async def cookie(self, who: Who) -> str:
        """A device on which this person has just signed in."""
        return (await World(self.house, None).cookie(who))["entente"]  # type: ignore[arg-type]

    async def thread(self, title: str) -> str:
        """Awa opens a thread, through nginx; returns its address."""
        awa = await self.cookie(await self.someone("awa"))
        answer = await self.post(awa, "/forums/technique", {"title": title, "body": "Bonjour."})
        assert answer.status_code == 303, answer.text
        return answer.headers["location"].partition("?")[0].partition("#")[0]

    async def get(self, cookie: str, path: str) -> httpx.Response:
        """A page, over a connection of its own: whichever process takes it."""
        headers = {"Cookie": f"entente={cookie}", "Connection": "close"}
        return await self.client.get(path, headers=headers)

    async def post(self, cookie: str, path: str, form: dict[str, str]) -> httpx.Response:
        """A form that is sent."""
        return await self.client.post(path, data=form, headers={"Cookie": f"entente={cookie}"})

    async def direct(self, cookie: str, path: str, form: dict[str, str] | None = None) -> httpx.Response:
        """A request past nginx, over a connection of its own."""
        headers = {"Cookie": f"entente={cookie}", "Host": f"{HOST}:{self.cluster.nginx.port}", "Connection": "close"}
        method = "POST" if form else "GET"
        return await self.client.request(
            method, f"http://{HOST}:{self.cluster.servers.port}{path}", data=form, headers=headers
        )

    async def follow(
        self, who: Who, page: str, count: int, port: int | None = None, is_silent: bool = False
    ) -> list[Follower]:
        """So many devices of someone keep a page open; returns once all of them hear something, unless it is kept."""
        made = []
        for _ in range(count):
            cookie = await self.cookie(who)
            answer = await self.get(cookie, page)
            assert answer.status_code == 200, answer.text
            client = self.client if port is None else self._through(port)
            follower = Follower(client, cookie, self._draw)
            follower.begin(cursors_in(answer.text))
            self._following.append(asyncio.create_task(follower.follow()))
            made.append(follower)
        self.followers += made
        if not is_silent:
            await until(lambda: all(each.is_open for each in made))
        return made

    def _through(self, port: int) -> httpx.AsyncClient:
        client = httpx.AsyncClient(base_url=f"http://{HOST}:{port}", timeout=PATIENCE, trust_env=False)
        client.headers["Host"] = f"{HOST}:{self.cluster.nginx.port}"
        return client

    async def tip(self, stream: str) -> tuple[str, int]:
        """Where a stream stands: its epoch and its last position."""
        server = await asyncpg.connect(self.cluster.postgres.url)
        row = await server.fetchrow("SELECT epoch, position FROM stream WHERE name = $1", stream)
        await server.close()
        return row["epoch"], row["position"]

    async def all_catch_up(self, stream: str) -> None:
        """Wait until every open page has seen what is the last word just now; none may have missed one before it."""
        epoch, last = await self.tip(stream)

        def has_caught_up(follower: Follower) -> bool:
            known, position = follower.at.get(stream, ("", 0))
            # Others may have spoken since.
            return known == epoch and position >= last

        await until(lambda: all(has_caught_up(each) for each in self.followers))
        assert [each.gaps for each in self.followers if each.gaps] == []

    async def end(self) -> None:
        """Close every page."""
        for task in self._following:
            task.cancel()
        if self._following:
            await asyncio.wait(self._following)


async def until(holds: Callable[[], bool], seconds: float = PATIENCE) -> None:
    """Wait until something holds."""
    try:
        async with asyncio.timeout(seconds):
            while not holds():
                await asyncio.sleep(0.2)
    except TimeoutError:
        raise AssertionError("it never came to hold") from None


def stream_of(thread: str) -> str:
    """The stream of a thread, by its address."""
    return f"forums/thread/{UUID(thread.rpartition('/')[2])}"
