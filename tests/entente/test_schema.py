"""The shape of the database, on both homes, from empty and with data in it."""

import asyncio
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import MetaData, func, select, text
from sqlalchemy.exc import DBAPIError

from entente import schema
from entente.db import Database
from entente.demo import seeds
from entente.house import House
from entente.settings import Settings, load
from world import World


async def counts(database: Database) -> Any:
    async with database.engine.connect() as connection:
        return {
            table.name: (await connection.execute(select(func.count()).select_from(table))).scalar_one()
            for table in schema.METADATA.sorted_tables
        }


async def test_the_chain_leads_from_empty_to_what_the_models_say(bare: Settings) -> Any:
    """Nothing is left for autogenerate to add, change or remove."""
    database = Database(bare)
    assert not await schema.is_current(database)
    await schema.upgrade(database)

    def difference(connection: Any) -> Any:
        context = MigrationContext.configure(
            connection, opts={"compare_type": True, "include_name": schema.is_modelled}
        )
        return compare_metadata(context, schema.METADATA)

    async with database.engine.connect() as connection:
        assert await connection.run_sync(difference) == []
    assert await schema.is_current(database)
    await database.close()


async def test_migrating_again_changes_nothing(bare: Settings) -> None:
    """`entente migrate` can be run twice, on a house that is lived in."""
    house = House.build(bare)
    await schema.upgrade(house.database)
    await seeds.seed(house)
    before = await counts(house.database)
    await schema.upgrade(house.database)
    assert await counts(house.database) == before
    assert before["post"] == 376
    await house.database.close()


NEWER_COLUMNS = {"thread.kind": "discussion", "post.look": 1}
"""What later steps say of rows that were there before them."""


@pytest.mark.parametrize("landed", [schema.known_shapes()[-1], schema.known_shapes()[1]])
async def test_data_of_an_earlier_shape_is_kept_to_the_last(bare: Settings, lived_in: Path, landed: str) -> None:
    """A house that is lived in, as it stood at an earlier landing, reaches today's shape with all its rows."""
    old = Database(bare)
    async with old.engine.begin() as connection:
        await schema.bring(connection, landed)
    known = MetaData()
    async with old.engine.begin() as connection:
        await connection.run_sync(known.reflect)
    source = Database(load(database_url=f"sqlite:///{lived_in}"))
    await _pour(source, old, known)

    await schema.upgrade(old)

    kept, there = await counts(old), await counts(source)
    assert {name: kept[name] for name in known.tables if name in kept} == {
        name: there[name] for name in known.tables if name in there
    }
    assert (kept["person"], kept["post"]) == (53, 376)
    async with old.engine.connect() as connection:
        for column, told in (NEWER_COLUMNS if landed == "0001" else {}).items():
            table, _, name = column.partition(".")
            found = await connection.execute(text(f"SELECT DISTINCT {name} FROM {table}"))
            assert found.scalars().all() == [told]
    await old.close()
    await source.close()


async def _pour(source: Database, old: Database, known: MetaData) -> None:
    """Copy what the old shape has room for; it knew neither the new tables nor the new columns."""
    async with source.engine.connect() as reading, old.engine.begin() as writing:
        for table in schema.METADATA.sorted_tables:
            if table.name not in known.tables:
                continue
            columns = [column for column in table.columns if column.name in known.tables[table.name].columns]
            found = (await reading.execute(select(*columns))).mappings().all()
            if found:
                # Not the table itself: it would fill in columns that did not exist.
                then = sqlalchemy.table(table.name, *(sqlalchemy.column(each.name, each.type) for each in columns))
                await writing.execute(then.insert(), [dict(row) for row in found])


@pytest.fixture(scope="module")
def lived_in(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demonstration, as an embedded database of today's shape."""
    folder = tmp_path_factory.mktemp("lived-in")

    async def settle() -> None:
        house = House.build(load(data_dir=folder), is_demo=True)
        await schema.upgrade(house.database)
        await seeds.seed(house)
        await house.database.close()

    asyncio.run(settle())
    return folder / "entente.sqlite3"


@pytest.mark.postgres
async def test_two_servers_may_migrate_at_the_same_time(bare_postgres: Settings) -> None:
    """The second waits for the first, and finds everything done."""
    one, other = Database(bare_postgres), Database(bare_postgres)
    await asyncio.gather(schema.upgrade(one), schema.upgrade(other))
    assert await schema.is_current(one)
    await one.close()
    await other.close()


async def test_a_migration_that_fails_leaves_nothing(bare: Settings) -> None:
    """All of it or none of it."""
    database = Database(bare)

    async def cut_short() -> None:
        async with database.engine.execution_options(sqlite_begin="IMMEDIATE").begin() as connection:
            await schema.bring(connection, "head")
            raise RuntimeError("power cut")

    with pytest.raises(RuntimeError, match="power"):
        await cut_short()
    async with database.engine.connect() as connection:
        assert await schema.shape_of(connection) is None
    await database.close()


@pytest.mark.parametrize("change", ["UPDATE audit SET act = 'other'", "DELETE FROM audit"])
async def test_the_audit_is_written_once(world: World, change: Any) -> None:
    """The database itself refuses to change or remove what it holds."""
    async with world.working(world.ines) as work:
        work.audit("person.suspended", "entente/person/1")
    with pytest.raises(DBAPIError, match="append-only"):
        async with world.house.database.writing() as db:
            await db.execute(text(change))


def test_the_schema_alone_knows_every_table() -> Any:
    """A command that opens no room still saves and compares everything."""

    def tables(module: str) -> Any:
        program = f"import {module}; from sqlmodel import SQLModel; print(*sorted(SQLModel.metadata.tables))"
        said = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
        return set(said.split())

    assert "thread" in tables("entente.app")
    assert tables("entente.app") - tables("entente.schema") == set()


def test_the_shapes_are_those_of_the_chain() -> None:
    """What the names of the steps say without Alembic is what Alembic finds in them."""
    chain = ScriptDirectory(str(schema.STEPS)).walk_revisions()
    assert schema.known_shapes() == [step.revision for step in chain]


def test_a_house_that_opens_does_without_what_it_does_not_use() -> None:
    """Alembic is read when there is a step to take, the client of Redis when there is one to speak to."""
    read = "import sys, entente.app, entente.commands.demo, entente.commands.serve; print(*sys.modules)"
    said = subprocess.run([sys.executable, "-c", read], capture_output=True, text=True, check=True).stdout.split()
    assert {"entente.schema", "realtime.bell"} <= set(said)
    assert not {"alembic", "redis", "mako"} & set(said)
