"""The doctor sees what is wrong, says what to do, and repeats no secret."""

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text, update

from entente import doctor, starting
from entente.clock import now
from entente.db import Database
from entente.outbox import Task
from entente.settings import Settings, load
from world import World


async def findings(settings: Settings) -> Any:
    database = Database(settings)
    found = [finding async for finding in doctor.look(settings, database)]
    await database.close()
    return {finding.title: finding.advice for finding in found}


def wrong(found: dict[str, str]) -> Any:
    return {title for title, advice in found.items() if advice}


NO_MAIL = {"Serveur de messagerie"}


async def test_a_house_in_good_health(world: World, redis_url: str) -> None:
    """Everything is looked at; only what stands aside of this test is missing."""
    changed = {"base_url": "https://entente.invalid", "trusted_proxies": ("127.0.0.1",), "redis_url": redis_url}
    settings = world.house.settings.model_copy(update=changed)
    found = await findings(settings)
    assert wrong(found) == NO_MAIL
    assert {"Journal", "Horloge", "Redis", "Travail différé", "Administration", "Tables de la base"} < set(found)


async def test_a_base_without_shape_is_told(bare: Settings) -> None:
    """The first thing to do is `entente migrate`."""
    found = await findings(bare)
    assert found["Tables de la base"].endswith("lancez d’abord «\u00a0entente migrate\u00a0».")
    assert "Journal" not in found


async def test_a_database_that_is_away_is_told_without_its_password(tmp_path: Path) -> None:
    """What failed is named, the address is not."""
    found = await findings(load(data_dir=tmp_path, database_url="postgresql://awa:Sesame@127.0.0.1:1/base"))
    assert "Base de données" in wrong(found)
    assert "Sesame" not in str(found)


async def test_a_hole_in_the_journal_is_seen(world: World) -> None:
    """Positions must follow each other up to the stream's own."""
    assert "Journal" not in wrong(await findings(world.house.settings))
    async with world.house.database.writing() as db:
        await db.execute(text("UPDATE stream SET position = position + 1 WHERE name LIKE 'forums/forum/%'"))
    assert "Journal" in wrong(await findings(world.house.settings))


async def test_a_journal_purged_as_it_should_is_sane(world: World) -> None:
    """What was forgotten is below the floor."""
    async with world.house.database.writing() as db:
        await db.execute(text("UPDATE stream SET floor = position"))
        await db.execute(text("DELETE FROM entry"))
    assert "Journal" not in wrong(await findings(world.house.settings))


async def test_work_that_waits_or_was_given_up_is_seen(world: World) -> None:
    """Late, failing, lost: three counts."""
    async with world.working(world.awa) as work:
        for number in range(3):
            work.later("call", {"number": number})
    assert "Travail différé" not in wrong(await findings(world.house.settings))
    async with world.house.database.writing() as db:
        await db.execute(update(Task).values(due_at=now() - timedelta(hours=1), error="refused"))
    assert (await findings(world.house.settings))["Travail différé"].startswith("3 tâches en retard")
    async with world.house.database.writing() as db:
        await db.execute(update(Task).values(given_up_at=now()))
    assert (await findings(world.house.settings))["Travail différé"].startswith("3 tâches abandonnées")


async def test_a_house_without_keeper_is_seen(world: World) -> None:
    """Somebody must be able to invite the others."""
    async with world.house.database.writing() as db:
        await db.execute(text("UPDATE function SET kind = 'agent' WHERE kind = 'administrateur'"))
    assert "Administration" in wrong(await findings(world.house.settings))


async def test_a_clock_that_drifts_is_seen(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Sessions, links and leases compare moments."""
    monkeypatch.setattr(starting, "now", lambda: now() + timedelta(seconds=30))
    assert (await findings(world.house.settings))["Horloge"].startswith("30\u00a0s d’écart")


async def test_services_that_do_not_answer_are_told(tmp_path: Path, unused_tcp_port: int) -> None:
    """Redis, the mail server and a plain address, each with its setting; no password is repeated."""
    settings = load(
        data_dir=tmp_path,
        base_url="http://entente.example",
        redis_url=f"redis://:Sesame@127.0.0.1:{unused_tcp_port}",
        smtp_url=f"smtp://awa:Sesame@127.0.0.1:{unused_tcp_port}",
    )
    found = await findings(settings)
    assert "ENTENTE_REDIS_URL" in found["Redis"]
    assert "ENTENTE_SMTP_URL" in found["Serveur de messagerie"]
    assert "ENTENTE_BASE_URL" in found["Adresse http://entente.example"]
    assert "Sesame" not in str(found)


async def test_a_mail_server_that_answers_is_well(tmp_path: Path) -> None:
    """A greeting and a goodbye are enough."""

    async def greet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 mail.example\r\n")
        while line := await reader.readline():
            writer.write(b"221 bye\r\n" if line.upper().startswith(b"QUIT") else b"250 ok\r\n")
        writer.close()

    server = await asyncio.start_server(greet, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    found = await findings(load(data_dir=tmp_path, smtp_url=f"smtp://127.0.0.1:{port}"))
    server.close()
    assert "Serveur de messagerie" in found
    assert "Serveur de messagerie" not in wrong(found)


async def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    """A file where a folder should be."""
    (tmp_path / "occupied").write_text("")
    finding = doctor._folder(tmp_path / "occupied")
    assert "on ne peut pas y écrire" in finding.advice


async def test_a_full_disk_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before it is full."""
    assert doctor._folder(tmp_path).is_well
    monkeypatch.setattr(doctor, "ROOM_MB", 10**12)
    assert "libérez de la place" in doctor._folder(tmp_path).advice


@pytest.mark.postgres
async def test_a_role_that_cannot_create_the_extension_is_told(bare_postgres: Settings) -> None:
    """Reservations need btree_gist: whoever may create it does so at the migration, the others read what to ask for."""
    database = Database(bare_postgres)
    async with database.engine.connect() as connection:
        assert (await doctor._extension(connection)).is_well
        await connection.execute(text("CREATE ROLE entente_guest"))
        await connection.execute(text("SET LOCAL ROLE entente_guest"))
        assert "CREATE EXTENSION btree_gist" in (await doctor._extension(connection)).advice
        await connection.rollback()
    await database.close()
