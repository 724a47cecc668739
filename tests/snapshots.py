"""A world built once in each home of the data, and opened again for every test that follows."""

import os
import shutil
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg
from sqlalchemy import inspect
from sqlalchemy.orm import make_transient_to_detached
from sqlmodel import SQLModel

from entente import ical
from entente.settings import Settings
from entente.web import templates
from world import World, build_world, open_world

EMBEDDED = "entente.sqlite3"


@dataclass(frozen=True)
class Snapshot:
    """What a world was when it had just been built: its rows, and what Python held of them."""

    rows: dict[str, tuple[type[SQLModel], dict[str, Any]]]
    people: dict[str, Any]
    file: Path | None
    """The embedded database as it was; on PostgreSQL the rows lie in a schema beside the others."""
    refill: str = ""

    @staticmethod
    async def take(world: World, folder: Path) -> "Snapshot":
        """Keep a world as it is."""
        rows = {name: (type(row), _values(row)) for name, row in vars(world).items() if isinstance(row, SQLModel)}
        settings = world.house.settings
        if settings.is_embedded:
            file = folder / f"world-{os.getpid()}.sqlite3"
            with (
                closing(sqlite3.connect(settings.data_dir / EMBEDDED)) as whole,
                closing(sqlite3.connect(file)) as copy,
            ):
                whole.backup(copy)
            return Snapshot(rows, dict(world.people), file)
        return Snapshot(rows, dict(world.people), None, await _set_aside(_address(settings)))

    async def open(self, settings: Settings) -> World:
        """The same world again, whatever became of the last one."""
        # Same ids, other rows: what an earlier test rendered must not be shown in this one.
        templates._kept.clear()
        ical._kept.clear()
        if self.file:
            shutil.copy(self.file, settings.data_dir / EMBEDDED)
        else:
            server = await asyncpg.connect(_address(settings))
            await server.execute(self.refill)
            await server.close()
        world = open_world(settings)
        world.people = dict(self.people)
        for name, (kind, values) in self.rows.items():
            row = kind(**values)
            make_transient_to_detached(row)
            setattr(world, name, row)
        return world


def _values(row: SQLModel) -> dict[str, Any]:
    return {each.key: getattr(row, each.key) for each in inspect(type(row)).column_attrs}


def _address(settings: Settings) -> str:
    return settings.database_url.replace("postgresql+asyncpg", "postgresql")


async def _set_aside(url: str) -> str:
    """Copy every row into a schema of its own; returns what brings them back."""
    server = await asyncpg.connect(url)
    columns = await server.fetch(
        "SELECT quote_ident(table_name) AS name, string_agg(quote_ident(column_name), ', ') AS columns "
        "FROM information_schema.columns JOIN information_schema.tables USING (table_schema, table_name) "
        "WHERE table_schema = 'public' AND table_type = 'BASE TABLE' AND is_generated = 'NEVER' "
        "AND table_name <> 'alembic_version' GROUP BY table_name"
    )
    await server.execute("DROP SCHEMA IF EXISTS kept CASCADE; CREATE SCHEMA kept")
    refills = ["SET session_replication_role = replica"]
    for name, some in columns:
        if await server.fetchval(f"SELECT EXISTS (SELECT FROM public.{name})"):
            await server.execute(f"CREATE TABLE kept.{name} AS SELECT {some} FROM public.{name}")
            refills.append(f"INSERT INTO public.{name} ({some}) SELECT {some} FROM kept.{name}")
    await server.close()
    return ";".join(refills)


class Album:
    """The snapshots of this process, one for each home."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._taken: dict[str, Snapshot] = {}

    async def world(self, home: str, settings: Settings) -> World:
        """The small world, built the first time."""
        if home in self._taken:
            return await self._taken[home].open(settings)
        world = await build_world(settings)
        self._taken[home] = await Snapshot.take(world, self.folder)
        return world
