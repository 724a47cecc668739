"""One archive holds the whole house, taken while people write, and opens on either home."""

import asyncio
import io
import json
import shutil
import tarfile
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select
from sqlmodel import col

from entente import backup, journal, mail, schema
from entente.db import Database, rows
from entente.demo import seeds
from entente.house import House
from entente.journal import Entry, StreamRow
from entente.people.models import Purpose, Token
from entente.people.queries import hash_of, signed_in
from entente.people.who import Who
from entente.rules import Conflict
from entente.settings import Settings, load
from forums.models import Post, Thread
from forums.queries import stream_of
from world import World

Good = tuple[Path, dict[str, list[str]]]

APART = {"session", "token", "stream", "search_document", "search_state"}
"""Sessions and unused links are left out, epochs change: each has its own test. What is found is made again."""


async def rows_of(database: Database) -> Any:
    """Every row of every table, as Python sees them whatever the home."""
    async with database.engine.connect() as connection:
        return {
            table.name: sorted(map(repr, (await connection.execute(select(table))).all()))
            for table in schema.METADATA.sorted_tables
            if table.name not in APART
        }


def content(tar: tarfile.TarFile, name: str) -> bytes:
    """What a member of an archive holds."""
    file = tar.extractfile(name)
    assert file is not None
    return file.read()


async def streams_of(database: Database) -> Any:
    async with database.engine.connect() as connection:
        found = await connection.execute(select(schema.METADATA.tables["stream"]))
        return {row.name: row for row in found}


def files_of(settings: Settings) -> dict[str, bytes]:
    """What lies beside the rows, by name."""
    shelves = (settings.data_dir / shelf for shelf in ("photos", "files"))
    found = (path for shelf in shelves for path in shelf.rglob("*") if path.is_file())
    return {str(path.relative_to(settings.data_dir)): path.read_bytes() for path in found}


async def live_a_little(house: House) -> None:
    """Something in every kind of column: posts, tasks with JSON, an audit, a photo."""
    await seeds.seed(house)
    async with house.working(None) as work:
        mail.post(work, "bruno@brioude.example", "Lame à neige « 3 m »", "Elle est prête\u00a0!", key="lame")
        work.audit("person.suspended", "entente/person/1", detail={"why": ["départ", None, 3]})
    photos = house.settings.data_dir / "photos"
    photos.mkdir(parents=True)
    (photos / "awa.webp").write_bytes(bytes(range(256)) * 400)


@pytest.fixture(scope="module")
def good(embedded_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The archive of a house that lived a little, and its rows."""
    folder = tmp_path_factory.mktemp("good")

    async def take() -> Any:
        shutil.copy(embedded_template, folder / "entente.sqlite3")
        house = House.build(load(data_dir=folder))
        await live_a_little(house)
        await backup.take(house.database, folder, folder / "archive")
        found = await rows_of(house.database)
        await house.database.close()
        return found

    return folder / "archive", asyncio.run(take())


@pytest.fixture
async def other(target: Settings) -> AsyncIterator[Any]:
    """An empty house on each home."""
    database = Database(target)
    yield database
    await database.close()


async def test_a_restored_house_is_the_same_row_for_row(
    settings: Settings, other: Database, target: Settings, tmp_path: Path
) -> None:
    """From either home to either home: every table, every file."""
    house, archive = House.build(settings), tmp_path / "house.tar.gz"
    await live_a_little(house)
    source = house.database
    taken = await backup.take(source, settings.data_dir, archive)
    restored = await backup.restore(other, target.data_dir, archive)
    before = await rows_of(source)
    assert before["post"]
    assert before["task"]
    assert before["audit"]
    assert await rows_of(other) == before
    files = files_of(settings)
    assert files_of(target) == files
    assert (restored.rows, restored.files) == (taken.rows, taken.files) == (taken.rows, len(files))
    assert await schema.is_current(other)
    await source.close()


async def test_a_cursor_of_before_is_void_after(
    world: World, other: Database, target: Settings, tmp_path: Path
) -> None:
    """The restored house may have forgotten what open pages have seen: they start again."""
    stream = stream_of(world.snow.id)
    async with world.reading() as db:
        given = await journal.cursor(db, stream)
    await backup.take(world.house.database, world.house.settings.data_dir, tmp_path / "a")
    await backup.restore(other, target.data_dir, tmp_path / "a")
    before, after = await streams_of(world.house.database), await streams_of(other)
    assert {(row.name, row.position, row.floor) for row in after.values()} == {
        (row.name, row.position, row.floor) for row in before.values()
    }
    assert after[str(stream)].position == given.position
    assert after[str(stream)].epoch != given.epoch
    assert not {row.epoch for row in before.values()} & {row.epoch for row in after.values()}


async def test_an_archive_lets_nobody_in(world: World, other: Database, target: Settings, tmp_path: Path) -> None:
    """Devices sign in again, pending links are asked for again."""
    cookie = await world.cookie(world.awa)
    async with world.house.database.writing() as db:
        for secret, used in (("unused", None), ("used", world.snow.created_at)):
            db.add(
                Token(
                    hash=hash_of(secret),
                    purpose=Purpose.SIGN_IN,
                    person_id=world.awa.id,
                    email="awa@aubrac.example",
                    expires_at=world.snow.created_at,
                    used_at=used,
                )
            )
    await backup.take(world.house.database, world.house.settings.data_dir, tmp_path / "a")
    await backup.restore(other, target.data_dir, tmp_path / "a")
    async with world.reading() as db, other.reading() as restored:
        assert await signed_in(db, cookie["entente"]) is not None
        assert await signed_in(restored, cookie["entente"]) is None
        kept = await restored.execute(select(col(Token.hash)))
        assert kept.scalars().all() == [hash_of("used")]
    with tarfile.open(tmp_path / "a") as tar:
        words = content(tar, "tables/token.jsonl").decode()
    assert hash_of("unused") not in words


async def test_a_backup_taken_while_people_write_is_one_moment(
    world: World, other: Database, target: Settings, tmp_path: Path
) -> None:
    """Every post acknowledged before the start is in it, and nothing in it is half done."""
    acknowledged: list[UUID] = []
    started = asyncio.Event()

    async def write(who: Who, thread: Thread) -> None:
        while True:
            post = await world.post(who, thread, f"Message {len(acknowledged)}")
            acknowledged.append(post.id)
            if len(acknowledged) == 10:
                started.set()
            await asyncio.sleep(0)

    writers = [asyncio.create_task(write(who, world.snow)) for who in (world.awa, world.bruno, world.camille)]
    writers.append(asyncio.create_task(write(world.awa, world.secret)))
    await asyncio.wait_for(started.wait(), 20)
    for attempt in range(20):
        archive, owed = tmp_path / f"{attempt}", list(acknowledged)
        await backup.take(world.house.database, world.house.settings.data_dir, archive)
        if len(acknowledged) > len(owed):
            break
    for writer in writers:
        writer.cancel()
    for writer in writers:
        with suppress(asyncio.CancelledError):
            await writer
    assert len(owed) < len(acknowledged), "nobody wrote during the backup"
    await backup.restore(other, target.data_dir, archive)
    async with other.reading() as db:
        posts = (await db.execute(rows(col(Post.id), Post.thread_id, Post.number))).all()
        assert set(owed) <= {post.id for post in posts}
        for thread in (await db.execute(select(Thread))).scalars().all():
            numbers = sorted(post.number for post in posts if post.thread_id == thread.id)
            assert numbers == list(range(1, thread.last_number + 1))
            assert thread.post_count == len(numbers)
            stream = await db.execute(select(StreamRow).where(col(StreamRow.name) == str(stream_of(thread.id))))
            row = stream.scalar_one()
            entries = (
                await db.execute(
                    rows(col(Entry.position), Entry.subject_id)
                    .where(col(Entry.stream) == row.name)
                    .order_by(col(Entry.position))
                )
            ).all()
            assert [entry.position for entry in entries] == list(range(1, row.position + 1))
            assert {entry.subject_id for entry in entries} == {p.id for p in posts if p.thread_id == thread.id}


async def test_a_house_that_is_lived_in_is_never_overwritten(world: World, tmp_path: Path) -> None:
    """Restoring is for an empty house."""
    database, folder = world.house.database, world.house.settings.data_dir
    await backup.take(database, folder, tmp_path / "a")
    before = await rows_of(database)
    with pytest.raises(Conflict, match="n’est pas vide"):
        await backup.restore(database, folder, tmp_path / "a")
    assert await rows_of(database) == before


async def test_a_house_migrated_but_empty_can_be_restored(
    world: World, other: Database, target: Settings, tmp_path: Path
) -> None:
    """Whoever ran `entente migrate` first did nothing wrong."""
    await backup.take(world.house.database, world.house.settings.data_dir, tmp_path / "a")
    await schema.upgrade(other)
    await backup.restore(other, target.data_dir, tmp_path / "a")
    assert await rows_of(other) == await rows_of(world.house.database)


def again(archive: Path, into: Path, change: Any) -> Any:
    """The same archive, with some of its members changed."""
    with tarfile.open(archive) as read, tarfile.open(into, "w:gz") as made:
        for member in read.getmembers():
            changed = change(member.name, content(read, member.name))
            if changed is not None:
                member.size = len(changed)
                made.addfile(member, io.BytesIO(changed))
    return into


def one_word(name: str, content: Any) -> Any:
    return content.replace(b"neige", b"niege") if name == "tables/post.jsonl" else content


def one_row_less(name: str, content: Any) -> Any:
    return content.partition(b"\n")[2] if name == "tables/read_mark.jsonl" else content


def one_table_less(name: str, content: Any) -> Any:
    return None if name == "tables/post.jsonl" else content


def one_photo(name: str, content: Any) -> Any:
    return content[::-1] if name.startswith("files/") else content


def a_way_out(name: str, content: Any) -> Any:
    if name != backup.MANIFEST:
        return content
    manifest = json.loads(content)
    manifest["files"] = {"photos/../../elsewhere": next(iter(manifest["files"].values()))}
    return json.dumps(manifest).encode()


def from_tomorrow(name: str, content: Any) -> Any:
    return content.replace(b'"shape": "', b'"shape": "9') if name == backup.MANIFEST else content


def not_ours(name: str, content: Any) -> Any:
    return b"{}" if name == backup.MANIFEST else content


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (one_word, "abîmée"),
        (one_row_less, "abîmée"),
        (one_table_less, "incomplète"),
        (one_photo, "abîmée"),
        (a_way_out, "suspect"),
        (from_tomorrow, "plus récente"),
        (not_ours, "n’est pas une sauvegarde"),
    ],
)
async def test_a_damaged_archive_restores_nothing(
    change: Any, reason: str, good: Good, bare_sqlite: Settings, tmp_path: Path
) -> None:
    """All of it, verified, or nothing: the house stays empty and can be restored from a good one."""
    archive, rows = good
    bad = again(archive, tmp_path / "bad", change)
    other = Database(bare_sqlite)
    with pytest.raises(Conflict, match=reason):
        await backup.restore(other, bare_sqlite.data_dir, bad)
    assert not (tmp_path / "elsewhere").exists()
    await backup.restore(other, bare_sqlite.data_dir, archive)
    assert await rows_of(other) == rows
    await other.close()


@pytest.mark.parametrize("content", [b"", b"not an archive", b"\x1f\x8b\x08\x00 cut short"])
async def test_what_is_no_archive_is_refused(content: Any, bare_sqlite: Settings, tmp_path: Path) -> None:
    """A sentence, not a traceback."""
    (tmp_path / "a").write_bytes(content)
    database = Database(bare_sqlite)
    with pytest.raises(Conflict, match="sauvegarde"):
        await backup.restore(database, bare_sqlite.data_dir, tmp_path / "a")
    with pytest.raises(Conflict, match="n’existe pas"):
        await backup.restore(database, bare_sqlite.data_dir, tmp_path / "absent")
    await database.close()


async def test_an_archive_appears_whole_or_not_at_all(world: World, tmp_path: Path) -> None:
    """Written beside its place, for its owner alone; a failure leaves nothing, a name already taken is kept."""
    database, folder = world.house.database, tmp_path / "data"
    photos = folder / "photos"
    photos.mkdir(parents=True)
    (photos / "link").symlink_to("/etc/hostname")
    backups = tmp_path / "backups"
    await backup.take(database, folder, backups / "a")
    assert [path.name for path in backups.iterdir()] == ["a"]
    assert (backups / "a").stat().st_mode & 0o077 == 0
    with tarfile.open(backups / "a") as tar:
        assert not [name for name in tar.getnames() if name.startswith("files/")]
    with pytest.raises(Conflict, match="existe déjà"):
        await backup.take(database, folder, backups / "a")
    (tmp_path / "file").write_text("")
    with pytest.raises(Conflict, match="n’a pas pu être écrite"):
        await backup.take(database, folder, tmp_path / "file" / "a")
    assert [path.name for path in backups.iterdir()] == ["a"]


async def test_a_house_to_be_migrated_is_told_so_before_a_backup(bare: Settings, tmp_path: Path) -> None:
    """An archive of an unknown shape could not be restored."""
    database = Database(bare)
    with pytest.raises(Conflict, match="entente migrate"):
        await backup.take(database, tmp_path, tmp_path / "a")
    assert not (tmp_path / "a").exists()
    await database.close()


async def test_every_column_can_be_kept() -> None:
    """A new kind of column is met here, not on the night of the backup."""
    kinds = {backup._kind(column.type) for table in schema.METADATA.sorted_tables for column in table.columns}
    assert kinds == set(backup._KINDS)
    assert backup._rich("uuid", str(UUID(int=1))) == UUID(int=1)


def test_an_archive_says_what_it_holds(good: Good) -> None:
    """The manifest comes first, names every table in the order of loading, and counts rows."""
    archive, rows = good
    with tarfile.open(archive) as tar:
        assert tar.getnames()[0] == backup.MANIFEST
        manifest = json.loads(content(tar, backup.MANIFEST))
    assert list(manifest["tables"]) == [table.name for table in schema.METADATA.sorted_tables]
    assert {name: about["rows"] for name, about in manifest["tables"].items() if name not in APART} == {
        name: len(found) for name, found in rows.items()
    }
