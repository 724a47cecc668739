"""What the house holds of someone is theirs to take away: all of it, and nothing that opens a door."""

import asyncio
import json
import zipfile
from io import BytesIO
from pathlib import Path

import pytest
from sqlalchemy import Table, Uuid, select
from sqlmodel import col
from typer.testing import CliRunner

import samples
from entente import holdings, schema
from entente.account.profile import photos, service
from entente.cli import app
from entente.commands import people
from entente.db import Database
from entente.ids import Ref, new_id
from entente.people.models import AuditEntry, Person
from entente.rules import Conflict
from world import World

WHOSE = ("author", "owner", "person", "holder", "moderator")
"""How columns that name someone begin, whether the database knows it or not."""


async def _archive(world: World, name: str, tmp_path: Path) -> zipfile.ZipFile:
    async with world.reading() as db:
        person = await db.get_one(Person, getattr(world, name).id)
    await holdings.take(world.house, person, tmp_path / f"{name}.zip")
    return zipfile.ZipFile(tmp_path / f"{name}.zip")


async def test_everything_that_names_someone_is_in_their_export(world: World, tmp_path: Path) -> None:
    """Awa's account, seat, words and file are in hers, and in every table no more and no less than what names her."""
    async with world.browser(world.awa) as browser:
        sent = await browser.post(
            f"/forums/fils/{world.snow.id}/messages",
            data={"body": "Voici le plan."},
            files={"files": ("plan.txt", b"Un plan de la lame.", "text/plain")},
        )
    assert sent.status_code == 303
    await world.post(world.bruno, world.snow, "Merci, c’est ce qu’il me fallait.")
    with await _archive(world, "awa", tmp_path) as archive:
        found = json.loads(archive.read("donnees.json"))
        (file,) = [name for name in archive.namelist() if name.endswith("plan.txt")]
        assert archive.read(file) == b"Un plan de la lame."
    assert [row["email"] for row in found["person"]] == ["awa@aubrac.example"]
    assert {"function", "seat", "session", "thread", "post", "attachment", "entry"} <= set(found)
    said = {row["body"] for row in found["post"]}
    assert "Voici le plan." in said
    assert "Merci, c’est ce qu’il me fallait." not in said
    assert {name: len(rows) for name, rows in found.items()} == await _counted(world)


@pytest.mark.parametrize("is_of_before", [False, True])
async def test_the_photo_of_someone_is_in_their_export(world: World, tmp_path: Path, is_of_before: bool) -> None:
    """Wherever it lies: with the other files, or still in the folder of the version before."""
    drawn, photo = photos.redrawn(samples.photo()), new_id()
    if is_of_before:
        place = photos.former_place(world.house.settings.data_dir, photo)
        place.parent.mkdir()
        place.write_bytes(drawn)
    else:
        await world.house.files.put(photos.name_of(photo), BytesIO(drawn), len(drawn))
    async with world.working(world.awa) as work:
        await service.show_photo(work, await work.db.get_one(Person, world.awa.id), photo)
    with await _archive(world, "awa", tmp_path) as archive:
        assert archive.read("fichiers/photo.webp") == drawn


async def _counted(world: World) -> dict[str, int]:
    """How many rows of each table hold Awa's id, wherever it stands in them."""
    counts: dict[str, int] = {}
    async with world.reading() as db:
        for table in schema.METADATA.sorted_tables:
            skipped = {name for (where, name) in holdings.LEFT_OUT if where == table.name}
            asked = [each for each in table.columns if isinstance(each.type, Uuid) and each.name not in skipped]
            if asked:
                rows = (await db.execute(select(*asked))).all()
                count = sum(world.awa.id in row for row in rows)
                counts |= {table.name: count} if count else {}
    return counts


async def test_an_export_holds_no_secret(world: World, tmp_path: Path) -> None:
    """Whoever reads it cannot enter: no hash of a cookie, of a link or of a password."""
    cookie = await world.cookie(world.awa)
    with await _archive(world, "awa", tmp_path) as archive:
        found = json.loads(archive.read("donnees.json"))
        said = b" ".join(archive.read(name) for name in archive.namelist()).decode()
    assert found["session"]
    assert cookie["entente"] not in said
    assert [name for rows in found.values() for row in rows for name in row if "hash" in name or "secret" in name] == []
    assert world.bruno.name not in said


def test_every_table_is_exported_or_says_why_not() -> None:
    """A column that names someone, by its foreign key or by its own name, is looked at, or has its reason."""
    for table in schema.METADATA.sorted_tables:
        looked_at = {column.name for column in holdings.naming(table)}
        missing = _naming(table) - looked_at
        assert all(holdings.LEFT_OUT.get((table.name, name)) for name in missing), f"{table.name}: {missing}"


def _naming(table: Table) -> set[str]:
    """The columns of a table that name someone, as one would find them by reading."""
    columns = list(table.columns)
    known = {each.name for each in columns for key in each.foreign_keys if key.column.table.name == "person"}
    loose = [each for each in columns if isinstance(each.type, Uuid) and not each.foreign_keys]
    return known | {each.name for each in loose if each.name.startswith(WHOSE)}


def test_an_export_is_asked_for_by_its_command_and_remembered(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Never over a file that is there; the audit knows whose data left."""
    monkeypatch.setattr(people, "settled", lambda: world.house.settings)
    asked = ["people", "export", "awa@aubrac.example", str(tmp_path / "awa.zip")]
    first, second = CliRunner().invoke(app, asked), CliRunner().invoke(app, asked)
    assert (first.exit_code, first.output.partition("\u00a0:")[0]) == (0, "Awa Diallo")
    assert "LISEZMOI.txt" in zipfile.ZipFile(tmp_path / "awa.zip").namelist()
    assert isinstance(second.exception, Conflict)
    assert "existe déjà" in second.exception.reason
    assert asyncio.run(_exported(world)) == [str(Ref("entente/person", world.awa.id))]


async def _exported(world: World) -> list[str]:
    database = Database(world.house.settings)
    async with database.reading() as db:
        asked = select(col(AuditEntry.subject)).where(col(AuditEntry.act) == "person.exported")
        found = list((await db.execute(asked)).scalars())
    await database.close()
    return found
