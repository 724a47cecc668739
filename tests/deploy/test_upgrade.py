"""A new version arrives while people work: the base is widened under the old one, and nobody notices."""

import ast
import asyncio
import os
import shutil
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import text
from sqlmodel import col, select

from entente import doctor, schema
from entente.db import Database
from entente.people.who import Who
from entente.settings import Settings, load
from forums.models import Post
from world import BASE, World, build_world

PATIENCE = 90
ENTENTE = Path(sys.executable).with_name("entente")
STEPS = Path(schema.__file__).parent / "migrations" / "versions"

WIDENING = (
    "ALTER TABLE post ADD COLUMN mood VARCHAR(20) DEFAULT '' NOT NULL",
    "CREATE INDEX post_mood ON post (mood, id)",
    "CREATE TABLE mood (name VARCHAR(20) PRIMARY KEY, post_id {uuid} REFERENCES post (id))",
    "UPDATE alembic_version SET version_num = '{shape}'",
)
"""What a version to come may do to the busiest table: the three things that widen, all at once."""


async def entente(settings: Settings, *words: str) -> tuple[int, str]:
    """One command of the operator, in its own process; returns its code and what it says."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("ENTENTE_")}
    given = {
        "ENTENTE_DATA_DIR": str(settings.data_dir),
        "ENTENTE_DATABASE_URL": settings.database_url,
        "COLUMNS": "200",
    }
    process = await asyncio.create_subprocess_exec(
        ENTENTE,
        *words,
        env=kept | {name: value.replace("+asyncpg", "").replace("+aiosqlite", "") for name, value in given.items()},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    async with asyncio.timeout(PATIENCE):
        said, _ = await process.communicate()
    return process.returncode or 0, said.decode()


class Traffic:
    """People who read and write by the doors of the old version, and what they were answered."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.written: list[str] = []
        self.read = 0
        self.refused: list[tuple[str, int, str]] = []

    @asynccontextmanager
    async def flowing(self) -> AsyncIterator[None]:
        """Two people write and one reads, from before to after what happens meanwhile."""
        people = [self._write(self.world.awa), self._write(self.world.bruno), self._read(self.world.camille)]
        tasks = [asyncio.create_task(each) for each in people]
        try:
            await self._some_more()
            yield
            await self._some_more()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _some_more(self) -> None:
        until = (len(self.written) + 6, self.read + 3)
        async with asyncio.timeout(PATIENCE):
            while (len(self.written) < until[0] or self.read < until[1]) and not self.refused:
                await asyncio.sleep(0.05)

    async def _write(self, who: Who) -> None:
        async with self.world.browser(who) as browser:
            for number in range(10_000):
                body = f"{who.name}, message {number}"
                answer = await browser.post(f"/forums/fils/{self.world.snow.id}/messages", data={"body": body})
                if answer.status_code == 303:
                    self.written.append(body)
                else:
                    self.refused.append(("POST", answer.status_code, answer.text[-500:]))
                await asyncio.sleep(0.1)

    async def _read(self, who: Who) -> None:
        async with self.world.browser(who) as browser:
            while True:
                answer = await browser.get(f"/forums/fils/{self.world.snow.id}")
                if answer.status_code == 200:
                    self.read += 1
                else:
                    self.refused.append(("GET", answer.status_code, answer.text[-500:]))
                await asyncio.sleep(0.1)

    async def is_all_there(self) -> bool:
        """Every message that was acknowledged is in the base, once."""
        async with self.world.reading() as db:
            found = (await db.exec(select(Post.body).where(col(Post.body).contains(", message ")))).all()
        return sorted(set(self.written) & set(found)) == sorted(self.written) and len(found) == len(set(found))


async def journal_of(settings: Settings) -> str:
    """What the doctor has against the journal."""
    database = Database(settings)
    [said] = [finding.advice async for finding in doctor.look(settings, database) if finding.title == "Journal"]
    await database.close()
    return said


async def test_the_base_is_migrated_while_people_work(bare: Settings) -> None:
    """`entente migrate` takes the last step of the chain under a server that reads and writes: nothing fails."""
    database = Database(bare)
    async with database.engine.begin() as connection:
        await schema.bring(connection, schema.known_shapes()[1])
    await database.close()
    world = await build_world(bare)
    traffic = Traffic(world)

    async with traffic.flowing():
        assert await entente(bare, "migrate") == (0, "La base de données est à jour.\n")

    assert traffic.refused == []
    assert await traffic.is_all_there()
    assert await journal_of(bare) == ""
    assert await schema.is_current(world.house.database)
    await world.house.database.close()


async def test_the_version_that_serves_does_not_mind_a_base_that_was_widened(world: World) -> None:
    """A column, an index and a table more, on the busiest table, while people write to it."""
    settings, traffic = world.house.settings, Traffic(world)
    other = Database(settings)
    try:
        async with traffic.flowing():
            await widen(other)
        assert traffic.refused == []
        assert await traffic.is_all_there()
    finally:
        await narrow(other)
        await other.close()


@pytest.mark.parametrize("command", ["serve", "migrate"])
async def test_nothing_opens_on_a_base_that_is_ahead(embedded_template: Path, tmp_path: Path, command: str) -> None:
    """The old version, started again after the new one has migrated, says so and touches nothing."""
    shutil.copy(embedded_template, tmp_path)
    settings = load(data_dir=tmp_path)
    database = Database(settings)
    await widen(database)
    await database.close()

    code, said = await entente(settings, command)

    assert (code, "La base de données" in said, "Traceback" in said) == (1, True, False), said


async def test_the_former_version_started_again_serves_a_base_that_was_only_widened(
    embedded_template: Path, tmp_path: Path, unused_tcp_port: int
) -> None:
    """At two in the morning the new version is taken away: the old one opens on what it left, and loses nothing."""
    shutil.copy(embedded_template, tmp_path)
    settings = load(data_dir=tmp_path, base_url=BASE)
    database = Database(settings)
    await widen(database, f"9999.{schema.known_shapes()[0][:4]}")
    await database.close()

    assert await entente(settings, "migrate") == (0, "La base de données est à jour.\n")
    code, said = await entente(settings, "doctor")
    assert "✓ Tables de la base (élargies par une version plus récente, qui fait les sauvegardes)" in said, said
    code, said = await entente(settings, "backup", str(tmp_path / "archive.tar.gz"))
    assert code == 1
    assert "plus récente d’Entente\u00a0: sauvegardez avec elle." in said
    async with serving(settings, unused_tcp_port) as address, httpx.AsyncClient(trust_env=False) as client:
        assert (await client.get(f"{address}/connexion")).status_code == 200
    world = await build_world(settings)
    traffic = Traffic(world)
    async with traffic.flowing():
        pass
    assert traffic.refused == []
    assert await traffic.is_all_there()
    await world.house.database.close()


@asynccontextmanager
async def serving(settings: Settings, port: int) -> AsyncIterator[str]:
    """A server in a process of its own, once it is ready."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("ENTENTE_")}
    given = {"ENTENTE_DATA_DIR": str(settings.data_dir), "ENTENTE_BASE_URL": f"http://127.0.0.1:{port}"}
    process = await asyncio.create_subprocess_exec(ENTENTE, "serve", "--port", str(port), env=kept | given)
    try:
        async with asyncio.timeout(PATIENCE), httpx.AsyncClient(trust_env=False) as client:
            while not await _is_ready(client, port):
                assert process.returncode is None
                await asyncio.sleep(0.2)
        yield f"http://127.0.0.1:{port}"
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


async def _is_ready(client: httpx.AsyncClient, port: int) -> bool:
    try:
        return (await client.get(f"http://127.0.0.1:{port}/sante/pret")).status_code == 200
    except httpx.HTTPError:
        return False


async def widen(database: Database, shape: str = "9999") -> None:
    """The step of a version to come, in one transaction, as every step."""
    uuid = "CHAR(32)" if database.settings.is_embedded else "UUID"
    async with database.engine.execution_options(sqlite_begin="IMMEDIATE").begin() as connection:
        for statement in WIDENING:
            await connection.execute(text(statement.format(uuid=uuid, shape=shape)))


async def narrow(database: Database) -> None:
    """Give the base its shape back: on PostgreSQL other tests live in it."""
    undo = ("DROP TABLE mood", "DROP INDEX post_mood", "ALTER TABLE post DROP COLUMN mood")
    back = f"UPDATE alembic_version SET version_num = '{schema.known_shapes()[0]}'"
    async with database.engine.execution_options(sqlite_begin="IMMEDIATE").begin() as connection:
        for statement in (*undo, back):
            await connection.execute(text(statement))


FIRST_TO_UPGRADE = "0011"
"""The last step of 0.3.0: what comes after it is applied under a version that serves."""
TAKEN_AWAY: dict[str, str] = {}
"""For each step that takes something away, the version that stopped using it; at the earliest the one before."""
NARROWING = {"drop_table", "drop_column", "rename_table", "drop_constraint", "execute"}


def narrowings(source: str) -> list[str]:
    """What a step does that the version before it may mind."""
    found: list[str] = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            found += _minded(node.func.attr, node)
    return found


def _minded(name: str, call: ast.Call) -> Sequence[str]:
    given = {each.arg: ast.unparse(each.value) for each in call.keywords}
    words = ast.unparse(call)
    if name == "execute":
        return [word for word in ("DROP ", "RENAME ", "SET NOT NULL") if word in words.upper()]
    if name == "alter_column":
        return [name] if given.get("nullable") == "False" or "new_column_name" in given else []
    if name == "add_column":
        return [name] if "nullable=False" in words and "server_default" not in words else []
    return [name] if name in NARROWING else []


LAST_UNTOLD = "0014"
"""The last step whose name says not from where on its base can be served: 0.5.0 asks for exactly its own shape."""


def test_each_step_says_which_former_version_it_serves() -> None:
    """`0016.0014` was only widened since 0014; a step that takes something away is served from itself on."""
    shapes = [each for each in reversed(schema.known_shapes()) if each[:4] >= LAST_UNTOLD]
    for before, after in pairwise(shapes):
        since = after[:4] if after[:4] in TAKEN_AWAY else schema.served_from(before)
        assert schema.served_from(after) == since, after


@pytest.mark.parametrize(
    ("shape", "standing"),
    [
        (None, schema.Standing.EMPTY),
        ("0001", schema.Standing.BEHIND),
        (schema.known_shapes()[0], schema.Standing.CURRENT),
        ("9998.0001", schema.Standing.WIDER),
        (f"9998.{schema.known_shapes()[0][:4]}", schema.Standing.WIDER),
        ("9999.9998", schema.Standing.AHEAD),
        ("9999", schema.Standing.AHEAD),
        ("9999_from_the_future", schema.Standing.AHEAD),
    ],
)
def test_the_name_of_a_shape_says_who_may_serve_it(shape: str | None, standing: schema.Standing) -> None:
    """Wider since a shape that this version knows: it serves. Anything else of a later version: it does not."""
    assert schema.standing_of(shape) is standing


def test_each_step_only_widens_the_base() -> None:
    """Expand, then contract: what the version before still uses is taken away one version later, by name."""
    minded = {step.stem[:4]: narrowings(step.read_text()) for step in STEPS.glob("[0-9]*.py")}

    assert {step for step, what in minded.items() if what and step > FIRST_TO_UPGRADE} == set(TAKEN_AWAY)


@pytest.mark.parametrize(
    ("step", "is_minded"),
    [
        ("op.drop_column('post', 'look')", True),
        ("op.alter_column('post', 'look', new_column_name='view')", True),
        ("op.alter_column('post', 'look', nullable=False)", True),
        ("op.execute('ALTER TABLE post RENAME COLUMN look TO view')", True),
        ("op.add_column('post', sa.Column('mood', sa.String(), nullable=False))", True),
        ("op.add_column('post', sa.Column('mood', sa.String(), nullable=False, server_default=''))", False),
        ("op.add_column('post', sa.Column('mood', sa.String(), nullable=True))", False),
        ("op.create_index('post_mood', 'post', ['mood'])", False),
    ],
)
def test_a_step_that_takes_away_is_seen(step: str, is_minded: Any) -> None:
    """The judge of steps is awake."""
    assert bool(narrowings(step)) is is_minded
