"""What an operator does about the index, and when it is done without them."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import delete

from entente import doctor
from entente.db import Database
from entente.search.models import SearchDocument
from entente.settings import Settings, load
from searching import bodies_found, documents
from world import World

ENTENTE = Path(sys.executable).with_name("entente")


def entente(settings: Settings, *words: str) -> str:
    """One command on this house, run to its end."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("ENTENTE_")}
    known = {"ENTENTE_DATA_DIR": str(settings.data_dir), "ENTENTE_DATABASE_URL": settings.database_url}
    run = subprocess.run([ENTENTE, *words], env=kept | known, capture_output=True, text=True, timeout=60, check=False)
    assert run.returncode == 0, run.stderr
    return run.stdout


async def advice(database: Database) -> str:
    """What the doctor says of the search."""
    found = [each async for each in doctor.look(database.settings, database) if each.title == "Recherche"]
    return found[0].advice


async def test_the_command_makes_the_index_again_and_the_doctor_asks_for_it(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The index is lost; the doctor says which command to run, and the command repairs it while the house is open."""
    monkeypatch.setattr(doctor, "WAITING", 0)
    before = await documents(world)
    assert await advice(world.house.database) == ""
    async with world.house.database.writing() as db:
        await db.execute(delete(SearchDocument))
    assert "entente search reindex" in await advice(world.house.database)
    assert "à jour" in entente(world.house.settings, "search", "reindex")
    assert await documents(world) == before
    assert await advice(world.house.database) == ""


async def test_a_restored_house_is_searched_at_once(world: World, tmp_path: Path) -> None:
    """The archive holds no index; the restoration makes it."""
    entente(world.house.settings, "backup", str(tmp_path / "archive"))
    elsewhere = load(data_dir=tmp_path / "elsewhere")
    entente(elsewhere, "restore", str(tmp_path / "archive"))
    other = World(type(world.house).build(elsewhere), world.app)
    assert await bodies_found(other, world.awa, "vote") == ["Entre nous jusqu’au vote."]
    await other.house.database.close()
