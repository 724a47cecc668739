"""Houses to measure: their database, filled with people who talk, and the cookies of a few devices."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
from sqlalchemy import insert
from sqlmodel import SQLModel
from sqlmodel.ext.asyncio.session import AsyncSession

from bench.ground import POSTGRES, require_loopback
from entente import schema
from entente.clock import now
from entente.db import Database
from entente.ids import new_id
from entente.journal import Entry, StreamRow
from entente.people.models import Function, FunctionKind, Organisation, OrganisationKind, Person, PersonStatus, Session
from entente.people.queries import hash_of
from entente.settings import Settings, load
from entente.text import to_html
from forums.models import Forum, Post, ReadMark, Thread
from forums.queries import stream_of

PEOPLE = 260
"""Enough for 4,000 open pages at 20 for each person."""
POSTS = 50
THREADS_PER_FORUM = 2_000
WORDS = (
    "La commune propose de regrouper l’achat de la **lame de déneigement** avec celui de l’épandeur, "
    "et de fixer ensemble les jours de prêt avant la Toussaint.\n\n"
    "- le devis de l’année passée tenait compte de la *livraison* ;\n"
    "- les ateliers de Brioude peuvent l’abriter jusqu’en avril.\n\n"
    "Qui d’autre en aurait besoin, et pour combien de jours ? Répondez avant vendredi, "
    "nous portons la demande au comité technique de la semaine prochaine."
)


@dataclass
class Filled:
    """What a measure needs to know of a house."""

    database_url: str
    thread: str
    forum: str
    people: list[str] = field(default_factory=list)
    cookies: list[str] = field(default_factory=list)

    def known(self) -> dict[str, Any]:
        """The same, ready to travel."""
        return asdict(self)


def settings_of(database_url: str, port: int, folder: Path, redis_url: str | None = None) -> Settings:
    """A house on this machine."""
    if not database_url.startswith("sqlite"):
        require_loopback(database_url)
    base = f"http://127.0.0.1:{port}"
    return load(database_url=database_url, base_url=base, data_dir=folder, redis_url=redis_url, worker="inside")


def fill(database_url: str, folder: Path, posts: int) -> Filled:
    """Shape a database, and let people say that many things in threads of 50 posts."""
    return asyncio.run(_fill(database_url, folder, posts))


async def _fill(database_url: str, folder: Path, posts: int) -> Filled:
    database = Database(settings_of(database_url, 8000, folder))
    await schema.upgrade(database)
    filled = Filled(database_url, "", "forum-0")
    async with database.writing() as db:
        people = await _people(db, filled)
        forums = await _forums(db, 1 + posts // POSTS // THREADS_PER_FORUM)
    for batch in _batches(max(posts // POSTS, 1)):
        async with database.writing() as db:
            filled.thread = await _talk(db, people, forums, batch)
    await _settle(database)
    return filled


async def _settle(database: Database) -> None:
    async with database.engine.connect() as connection:
        await connection.exec_driver_sql("ANALYZE")
        await connection.commit()
        if database.settings.is_embedded:
            await connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    await database.close()


def _batches(threads: int, size: int = 200) -> Iterator[range]:
    for start in range(0, threads, size):
        yield range(start, min(start + size, threads))


async def plant(db: AsyncSession, rows: Sequence[SQLModel]) -> None:
    """Write many rows of one kind."""
    if rows:
        await db.flush()
        model: type[SQLModel] = type(rows[0])
        await db.execute(insert(model), [row.model_dump() for row in rows])


async def _people(db: AsyncSession, filled: Filled) -> list[UUID]:
    town = Organisation(kind=OrganisationKind.COMMUNE, name="Aubrac", short_name="Aubrac", hue=140)
    people = [
        Person(email=f"p{number}@aubrac.example", given_name="Awa", family_name=f"Diallo {number}",
               status=PersonStatus.ACTIVE)
        for number in range(PEOPLE)
    ]  # fmt: skip
    filled.cookies = [secrets.token_urlsafe(32) for _ in people]
    filled.people = [str(person.id) for person in people]
    until = now() + timedelta(days=1)
    await plant(db, [town])
    await plant(db, people)
    await plant(
        db,
        [
            Function(person_id=person.id, organisation_id=town.id, kind=FunctionKind.AGENT, title="Agent",
                     since=date(2016, 1, 1))
            for person in people
        ],
    )  # fmt: skip
    await plant(
        db,
        [
            Session(hash=hash_of(cookie), person_id=person.id, device="Mesure", expires_at=until)
            for cookie, person in zip(filled.cookies, people, strict=True)
        ],
    )
    return [person.id for person in people]


async def _forums(db: AsyncSession, count: int) -> list[UUID]:
    forums = [Forum(slug=f"forum-{number}", title=f"Forum {number}", place=number) for number in range(count)]
    await plant(db, forums)
    return [forum.id for forum in forums]


async def _talk(db: AsyncSession, people: list[UUID], forums: list[UUID], numbers: range) -> str:
    threads: list[Thread] = []
    posts: list[Post] = []
    html = to_html(WORDS)
    for number in numbers:
        at = now() - timedelta(days=1) + timedelta(milliseconds=number)
        thread = Thread(
            forum_id=forums[number % len(forums)], author_id=people[0], title=f"Lame de déneigement {number}",
            last_post_at=at, last_author_id=people[number % 40], post_count=POSTS, last_number=POSTS,
        )  # fmt: skip
        threads.append(thread)
        posts += (
            Post(thread_id=thread.id, number=order, author_id=people[(number + order) % 40], body=WORDS, html=html)
            for order in range(1, POSTS + 1)
        )
    await plant(db, threads)
    await plant(db, posts)
    streams = {thread.id: str(stream_of(thread.id)) for thread in threads}
    await plant(db, [StreamRow(name=name, position=POSTS, epoch="bench") for name in streams.values()])
    await plant(
        db,
        [
            Entry(stream=streams[post.thread_id], position=post.number, verb="post.posted", subject_id=post.id,
                  person_id=post.author_id)
            for post in posts
        ],
    )  # fmt: skip
    # One person has read every other thread: lists have both kinds to show.
    await plant(db, [ReadMark(person_id=people[0], thread_id=thread.id, number=POSTS) for thread in threads[::2]])
    return str(threads[-1].id)


@asynccontextmanager
async def _server() -> AsyncIterator[Any]:
    connection = await asyncpg.connect(f"{POSTGRES}/postgres", timeout=3)
    try:
        yield connection
    finally:
        await connection.close()


async def _again(name: str, create: bool) -> None:
    async with _server() as server:
        await server.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        if create:
            await server.execute(f"CREATE DATABASE {name}")


def postgres_database(label: str) -> str:
    """A PostgreSQL database of our own, empty."""
    name = f"entente_bench_{label}_{new_id().hex[-8:]}"
    asyncio.run(_again(name, create=True))
    return f"{POSTGRES}/{name}"


def drop(database_url: str) -> None:
    """Remove a PostgreSQL database of our own."""
    name = database_url.rpartition("/")[2]
    if name.startswith("entente_bench_"):
        asyncio.run(_again(name, create=False))
