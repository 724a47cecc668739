"""One small world for every test: Awa acts for Aubrac, Bruno for Brioude."""

import os
import secrets
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import httpx
from sqlalchemy import delete, event
from sqlmodel.ext.asyncio.session import AsyncSession
from starlette.applications import Starlette

from entente.app import create_app
from entente.clock import now, today
from entente.house import House
from entente.journal import Rung
from entente.outbox import Task
from entente.people.models import (
    Body,
    BodyKind,
    Function,
    FunctionKind,
    Group,
    GroupMember,
    Membership,
    Organisation,
    OrganisationKind,
    Person,
    PersonStatus,
    Seat,
    Session,
)
from entente.people.queries import hash_of, who_is
from entente.people.who import Who
from entente.search import rebuild
from entente.settings import Settings
from entente.work import Work
from forums import queries as forum_queries
from forums import service as forums
from forums.models import Forum, Moderator, NewPost, NewThread, Post, Reading, Thread
from forums.search.findable import posts

BASE = "http://entente.test"
LONG_AGO = date(2016, 1, 1)


def require_services() -> bool:
    """Whether a missing service is a failure (CI) rather than a skip (a laptop)."""
    return os.environ.get("ENTENTE_REQUIRE_SERVICES") == "1"


@dataclass
class World:
    """A house with a few people in it, and what a test asks of them."""

    house: House
    app: Starlette
    rung: list[Rung] = field(default_factory=list)
    people: dict[str, Who] = field(default_factory=dict)
    aubrac: Organisation = field(init=False)
    brioude: Organisation = field(init=False)
    copil: Body = field(init=False)
    guests: Group = field(init=False)
    technique: Forum = field(init=False)
    """Open to all members; Camille moderates it."""
    closed: Forum = field(init=False)
    """Open to the CoPil: Awa sits there, Bruno does not."""
    invited: Forum = field(init=False)
    """Open to guests: Bruno is one."""
    snow: Thread = field(init=False)
    """Awa's thread in the open forum, with one post."""
    secret: Thread = field(init=False)
    """Awa's thread in the closed forum, with one post."""

    def __getattr__(self, name: str) -> Who:
        try:
            return self.__dict__["people"][name]  # type: ignore[no-any-return]
        except KeyError:
            raise AttributeError(name) from None

    def working(self, who: Who | None) -> AbstractAsyncContextManager[Work]:
        """One change by someone."""
        return self.house.working(who)

    def reading(self) -> AbstractAsyncContextManager[AsyncSession]:
        """A look at the data."""
        return self.house.database.reading()

    async def again(self, who: Who) -> Who:
        """The same person with their present rights."""
        async with self.reading() as db:
            found = await who_is(db, who.id)
        assert found is not None
        return found

    async def cookie(self, who: Who) -> dict[str, str]:
        """The cookie of a device on which this person has just signed in."""
        secret = secrets.token_urlsafe(32)
        async with self.house.database.writing() as db:
            db.add(
                Session(hash=hash_of(secret), person_id=who.id, device="Essai", expires_at=now() + timedelta(days=1))
            )
        return {"entente": secret}

    @asynccontextmanager
    async def browser(self, who: Who | None = None, htmx: bool = False) -> AsyncIterator[httpx.AsyncClient]:
        """A browser without JavaScript (or htmx itself), signed in as someone."""
        cookies = await self.cookie(who) if who else {}
        headers = {"Sec-Fetch-Site": "same-origin"} | ({"HX-Request": "true"} if htmx else {})
        transport = httpx.ASGITransport(self.app, client=("192.0.2.7", 50_000))
        async with httpx.AsyncClient(transport=transport, base_url=BASE, cookies=cookies, headers=headers) as client:
            yield client

    async def post(self, who: Who, thread: Thread, body: str) -> Post:
        """Someone answers in a thread."""
        async with self.working(who) as work:
            place = await forum_queries.thread_for(work.db, who, thread.id)
            return await forums.post(work, place, NewPost(body=body))

    async def open(self, who: Who, forum: Forum, title: str, body: str) -> Thread:
        """Someone opens a thread."""
        async with self.working(who) as work:
            return await forums.open_thread(work, forum, True, NewThread(title=title, body=body))

    async def end_functions(self, who: Who, announce: bool = True) -> None:
        """Someone leaves: their functions and seats end yesterday."""
        from sqlalchemy import text

        from entente.rights import rights_changed

        async with self.working(None) as work:
            for table, column in (("function", "person_id"), ("seat", "holder_id")):
                await work.db.execute(
                    text(f'UPDATE "{table}" SET until = :day WHERE {column} = :id'),
                    {"day": _sql_day(self, today()), "id": _sql_id(self, who.id)},
                )
            if announce:
                await rights_changed(work, who.id)

    @contextmanager
    def counting(self) -> Iterator[list[str]]:
        """The statements sent to the database meanwhile, transactions' own aside."""
        seen: list[str] = []

        def note(_c: Any, _k: Any, statement: str, *_rest: Any) -> None:
            if not statement.startswith(("BEGIN", "PRAGMA", "COMMIT", "ROLLBACK")):
                seen.append(statement)

        engine = self.house.database.engine.sync_engine
        event.listen(engine, "before_cursor_execute", note)
        try:
            yield seen
        finally:
            event.remove(engine, "before_cursor_execute", note)


def _sql_day(world: World, day: date) -> object:
    return day.isoformat() if world.house.settings.is_embedded else day


def _sql_id(world: World, id_: UUID) -> object:
    return id_.hex if world.house.settings.is_embedded else id_


def open_world(settings: Settings, is_demo: bool = False) -> World:
    """A house over a database that already has its shape, and nobody known yet."""
    house = House.build(settings, is_demo)
    world = World(house, create_app(house))

    def note(rungs: Sequence[Rung]) -> None:
        world.rung.extend(rungs)

    house.announce = note
    return world


async def build_world(settings: Settings, is_demo: bool = False) -> World:
    """A house with its people."""
    world = open_world(settings, is_demo)
    await _settle(world)
    await _talk(world)
    world.rung.clear()
    return world


_PEOPLE = {
    "awa": ("Awa", "Diallo", "aubrac", FunctionKind.ACHETEUR),
    "bruno": ("Bruno", "Chassagne", "brioude", FunctionKind.TECHNICIEN),
    "camille": ("Camille", "Rey", "aubrac", FunctionKind.AGENT),
    "denise": ("Denise", "Astruc", "brioude", FunctionKind.MAIRE),
    "ines": ("Inès", "Vidal", "aubrac", FunctionKind.ADMINISTRATEUR),
    "gone": ("Gaspard", "Parti", "brioude", FunctionKind.AGENT),
}
"""Awa buys for Aubrac and sits in the CoPil, Bruno is a technician in Brioude and a guest, Camille moderates,
Denise is mayor of the other commune, Inès keeps the house, Gaspard has left."""


async def _settle(world: World) -> None:
    async with world.house.database.writing() as db:
        world.aubrac = Organisation(kind=OrganisationKind.COMMUNE, name="Aubrac", short_name="Aubrac", hue=140)
        world.brioude = Organisation(kind=OrganisationKind.COMMUNE, name="Brioude", short_name="Brioude", hue=30)
        world.copil = Body(kind=BodyKind.COPIL, name="Comité de pilotage")
        world.guests = Group(name="Invités")
        db.add_all([world.aubrac, world.brioude, world.copil, world.guests])
        await db.flush()
        db.add_all(Membership(organisation_id=place.id, since=LONG_AGO) for place in (world.aubrac, world.brioude))
        ids: dict[str, UUID] = {}
        for key, (given, family, town, function) in _PEOPLE.items():
            person = Person(
                email=f"{key}@{town}.example", given_name=given, family_name=family, status=PersonStatus.ACTIVE
            )
            ids[key] = person.id
            db.add(person)
            await db.flush()
            organisation = world.aubrac if town == "aubrac" else world.brioude
            until = today() - timedelta(days=1) if key == "gone" else None
            db.add(
                Function(
                    person_id=person.id,
                    organisation_id=organisation.id,
                    kind=function,
                    title=function.value.capitalize(),
                    since=LONG_AGO,
                    until=until,
                )
            )
        db.add(Seat(body_id=world.copil.id, organisation_id=world.aubrac.id, holder_id=ids["awa"], since=LONG_AGO))
        db.add(GroupMember(group_id=world.guests.id, person_id=ids["bruno"]))
        world.technique = Forum(slug="technique", title="Technique", purpose="Ateliers et voirie.")
        world.closed = Forum(slug="copil", title="CoPil", reading=Reading.BODY, body_id=world.copil.id, place=1)
        world.invited = Forum(
            slug="invites", title="Invités", reading=Reading.INVITED, group_id=world.guests.id, place=2
        )
        db.add_all([world.technique, world.closed, world.invited])
        await db.flush()
        db.add(Moderator(forum_id=world.technique.id, person_id=ids["camille"]))
    async with world.reading() as db:
        for key, id_ in ids.items():
            who = await who_is(db, id_)
            assert who is not None
            world.people[key] = who


async def _talk(world: World) -> None:
    world.snow = await world.open(world.awa, world.technique, "Lame de déneigement", "Qui en a une de **3 m** ?")
    world.secret = await world.open(world.awa, world.closed, "Calendrier du schéma", "Entre nous jusqu’au vote.")
    # What was said so far is found and told, and no task of it is left among those of a test.
    async with world.house.database.writing() as db:
        await rebuild.fill(db, posts)
        await db.execute(delete(Task))
