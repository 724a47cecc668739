"""A new version arrives while people work: the base is widened under the old one, and nobody notices."""

import ast
import asyncio
import os
import shutil
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from sqlmodel import col, select

from entente import doctor, schema
from entente.db import Database
from entente.people.who import Who
from entente.settings import Settings, load
from forums.models import Post
from world import World, build_world

PATIENCE = 90
ENTENTE = Path(sys.executable).with_name("entente")
STEPS = Path(schema.__file__).parent / "migrations" / "versions"

WIDENING = (
    "ALTER TABLE post ADD COLUMN mood VARCHAR(20) DEFAULT '' NOT NULL",
    "CREATE INDEX post_mood ON post (mood, id)",
    "CREATE TABLE mood (name VARCHAR(20) PRIMARY KEY, post_id {uuid} REFERENCES post (id))",
    "UPDATE alembic_version SET version_num = '9999'",
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


async def widen(database: Database) -> None:
    """The step of a version to come, in one transaction, as every step."""
    uuid = "CHAR(32)" if database.settings.is_embedded else "UUID"
    async with database.engine.execution_options(sqlite_begin="IMMEDIATE").begin() as connection:
        for statement in WIDENING:
            await connection.execute(text(statement.format(uuid=uuid)))


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
