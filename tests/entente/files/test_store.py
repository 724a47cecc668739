"""Where files lie: a folder and a bucket keep the same promises."""

import resource
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from tempfile import SpooledTemporaryFile, TemporaryFile
from uuid import uuid4

import pytest

from entente import backup, doctor, schema
from entente.clock import now
from entente.db import Database
from entente.files.store import Away, Store
from entente.rules import Conflict, NotFound
from entente.settings import load


@pytest.fixture(params=["folder", "s3"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    """The two places where files may lie."""
    url = None if request.param == "folder" else request.getfixturevalue("s3")
    return Store(load(data_dir=tmp_path, files_url=url))


def _peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


async def everything(store: Store, name: str) -> bytes:
    size, pieces = await store.read(name)
    content = b"".join([piece async for piece in pieces])
    assert len(content) == size
    return content


@pytest.mark.parametrize("size", [0, 7, 12_000_000])
async def test_what_is_kept_is_read_again(store: Store, size: int) -> None:
    """Empty, small, and sent in several parts."""
    with SpooledTemporaryFile(1000) as source:
        source.write(b"7" * size)
        source.seek(0)
        name = await store.keep("forums", source, size)
    assert name.startswith("forums/")
    assert await everything(store, name) == b"7" * size


async def test_names_are_drawn_by_lot_and_listed_by_room(store: Store) -> None:
    """Each with when it came; another room's are not among them."""
    with TemporaryFile() as source:
        first, second = [await store.keep("salle", source, 0) for _ in range(2)]
        await store.keep("autre", source, 0)
    found = {name: at async for name, at in store.names("salle")}
    assert set(found) == {first, second}
    assert all(abs(now() - at) < timedelta(minutes=5) for at in found.values())


async def test_what_is_removed_is_gone_and_may_be_removed_again(store: Store) -> None:
    """Nobody has it: as if it had never been there."""
    with TemporaryFile() as source:
        name = await store.keep("forums", source, 0)
    await store.remove([name, name, "forums/jamais"])
    with pytest.raises(NotFound):
        await store.read(name)


async def test_a_large_file_never_lies_whole_in_memory(store: Store) -> None:
    """200 MB in and out: the most that the process ever held grows by less than half of it."""
    size = 200_000_000
    if not store.is_local:
        size = 40_000_000  # the server of this test keeps its files in memory
    with TemporaryFile() as source:
        source.truncate(size)
        before = _peak()
        name = await store.keep("forums", source, size)
        grown = _peak() - before
    assert grown < size / 2 or not store.is_local
    _, pieces = await store.read(name)
    sizes = [len(piece) async for piece in pieces]
    assert (sum(sizes), max(sizes) < 8_000_000) == (size, True)
    await store.remove([name])


async def test_the_doctor_tries_the_bucket(s3: str, tmp_path: Path) -> None:
    """Well when a word can be written, read and forgotten; told without its secret otherwise."""

    async def told(url: str) -> dict[str, str]:
        settings = load(data_dir=tmp_path, files_url=url)
        database = Database(settings)
        found = [finding async for finding in doctor.look(settings, database)]
        await database.close()
        assert "Sesame" not in str(found)
        return {finding.title: finding.advice for finding in found}

    assert (await told(s3))["Fichiers (seau S3)"] == ""
    wrong = await told(s3.replace("/seau/", "/nulle-part/"))
    assert "ENTENTE_FILES_URL" in wrong["Fichiers (seau S3)"]


async def test_a_place_that_is_away_says_nothing_of_its_address(tmp_path: Path, unused_tcp_port: int) -> None:
    """Neither the key nor the secret is in what is raised."""
    store = Store(load(data_dir=tmp_path, files_url=f"s3+http://cle:Sesame@127.0.0.1:{unused_tcp_port}/seau"))
    with pytest.raises(Away) as away:
        await store.trial()
    assert "Sesame" not in repr(away.value)
    assert away.value.__cause__ is None


async def test_a_backup_holds_what_lies_in_the_bucket(s3: str, tmp_path: Path) -> None:
    """Taken from a house whose files lie in a bucket, restored in one whose files lie in its folder, and back."""
    content = b"cahier des charges" * 1000
    places: list[str | None] = [f"{s3.partition('?')[0]}-{uuid4()}", None, f"{s3.partition('?')[0]}-{uuid4()}"]
    archive, name = None, ""
    for number, url in enumerate(places):
        settings = load(data_dir=tmp_path / str(number), files_url=url)
        database, store = Database(settings), Store(settings)
        if archive:
            taken = await backup.restore(database, settings.data_dir, archive)
        else:
            await schema.upgrade(database)
            name = await store.keep("forums", BytesIO(content), len(content))
            taken = backup.Taken(files=1)
        assert taken.files == 1
        assert await everything(store, name) == content
        assert (settings.data_dir / "files" / name).exists() == store.is_local
        archive = tmp_path / f"{number}.tar.gz"
        assert (await backup.take(database, settings.data_dir, archive)).files == 1
        await database.close()


async def test_a_backup_without_its_bucket_is_no_backup(tmp_path: Path, unused_tcp_port: int) -> None:
    """Refused with the reason, and nothing is left that could be taken for one."""
    url = f"s3+http://cle:Sesame@127.0.0.1:{unused_tcp_port}/seau"
    settings = load(data_dir=tmp_path, files_url=url)
    database = Database(settings)
    await schema.upgrade(database)
    with pytest.raises(Conflict, match="seau S3"):
        await backup.take(database, tmp_path, tmp_path / "a.tar.gz")
    await database.close()
    assert not (tmp_path / "a.tar.gz").exists()


async def test_a_file_half_written_is_not_in_the_backup(tmp_path: Path) -> None:
    """It grows while the archive is made, and no row names it."""
    settings = load(data_dir=tmp_path)
    database, store = Database(settings), Store(settings)
    await schema.upgrade(database)
    name = await store.keep("forums", BytesIO(b"a"), 1)
    (tmp_path / "files" / f"{name}#1").write_bytes(b"moit")
    assert (await backup.take(database, tmp_path, tmp_path / "a.tar.gz")).files == 1
    assert [kept async for kept, _ in store.names()] == [name]
    await database.close()
