"""One archive that holds the whole house, taken while it lives, readable by both homes of the data.

A `.tar.gz` with `manifest.json` first (shape, kinds of columns, counts, checksums), then one `.jsonl` file per table,
in an order that respects foreign keys, then the files, those of a bucket included. Rows are read in one transaction
that sees a single moment; files are written before the rows that name them and never change, so every row finds its
file.
"""

import hashlib
import json
import os
import shutil
import tarfile
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import date, datetime
from io import BytesIO
from pathlib import Path, PurePosixPath
from typing import IO, Any
from uuid import UUID

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Date,
    Integer,
    String,
    Table,
    Uuid,
    column,
    false,
    func,
    insert,
    inspect,
    select,
    table,
)
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.types import TypeEngine
from sqlmodel import AutoString

from entente import journal, schema
from entente.clock import now
from entente.db import Database, Moment, Word
from entente.files.store import FOLDER, Away, Store
from entente.people.models import Session, Token
from entente.rules import Conflict, NotFound
from entente.search.models import SearchDocument, SearchState

FORMAT = 1
FOLDERS = ("photos", "files")
BATCH = 500
MANIFEST = "manifest.json"

# What the archive says of a column, and what reads and writes it on either home.
_KINDS: dict[str, TypeEngine[Any]] = {
    "uuid": Uuid(),
    "moment": Moment(),
    "date": Date(),
    "json": JSON(none_as_null=True),
    "boolean": Boolean(),
    "integer": BigInteger(),
    "text": String(),
}
_READ: dict[str, Callable[[str], Any]] = {"uuid": UUID, "moment": datetime.fromisoformat, "date": date.fromisoformat}

# A copy of the house must not let anyone in: devices sign in again, secret links are asked for again.
_LEFT_OUT = {
    Session.__tablename__: false(),
    Token.__tablename__: Token.__table__.c.used_at.is_not(None),  # type: ignore[attr-defined]
    # What is found is made again from what was said.
    SearchDocument.__tablename__: false(),
    SearchState.__tablename__: false(),
}


@dataclass
class Taken:
    """What an archive holds."""

    rows: int = 0
    files: int = 0
    size: int = 0


@dataclass
class _Manifest:
    shape: str
    at: str
    tables: dict[str, dict[str, Any]] = field(default_factory=dict)
    """For each table, in order: kinds of its columns, count of rows, checksum."""
    files: dict[str, dict[str, Any]] = field(default_factory=dict)
    format: int = FORMAT


class _Counted:
    """Writes or reads bytes, and knows their checksum."""

    def __init__(self, inner: IO[bytes]) -> None:
        self.inner = inner
        self.hash = hashlib.sha256()

    def write(self, data: bytes) -> None:
        self.hash.update(data)
        self.inner.write(data)

    def lines(self) -> Iterator[bytes]:
        for line in self.inner:
            self.hash.update(line)
            yield line


async def take(database: Database, data_dir: Path, archive: Path) -> Taken:
    """Write the archive beside its place, make it durable, then give it its name."""
    try:
        _require_new(archive)
        with tempfile.TemporaryDirectory(prefix=".entente-", dir=archive.parent) as folder:
            room = Path(folder)
            manifest = await _snapshot(database, data_dir, room)
            taken = _pack(manifest, room, room / "archive")
            os.replace(room / "archive", archive)
            _sync_folder(archive.parent)
    except Away:
        raise Conflict("Le seau S3 des fichiers ne répond pas\u00a0: rien n’a été sauvegardé.") from None
    except OSError as error:
        raise Conflict(f"La sauvegarde n’a pas pu être écrite dans {archive.parent}\u00a0: {error.strerror}.") from None
    return taken


def _require_new(archive: Path) -> None:
    if archive.exists():
        raise Conflict(f"{archive} existe déjà\u00a0: choisissez un autre nom.")
    archive.parent.mkdir(parents=True, exist_ok=True)


async def _snapshot(database: Database, data_dir: Path, room: Path) -> _Manifest:
    snapshot = database.engine
    if not database.settings.is_embedded:
        snapshot = snapshot.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
    async with snapshot.connect() as connection:
        # The first question is what fixes the moment that all the others see.
        shape = await schema.shape_of(connection)
        if schema.standing_of(shape) is schema.Standing.WIDER:
            raise Conflict("La base a été élargie par une version plus récente d’Entente\u00a0: sauvegardez avec elle.")
        if shape is None or shape != schema.known_shapes()[0]:
            raise Conflict("La base de données n’est pas à jour\u00a0: lancez d’abord «\u00a0entente migrate\u00a0».")
        manifest = _Manifest(shape, now().isoformat())
        await _require_known(connection)
        for each in schema.METADATA.sorted_tables:
            manifest.tables[each.name] = await _dump(connection, each, room / f"{each.name}.jsonl")
    manifest.files = _gather(data_dir, room / "kept")
    store = Store(database.settings)
    if not store.is_local:
        manifest.files |= await _fetch(store, room / "kept")
    return manifest


async def _require_known(connection: AsyncConnection) -> None:
    found = await connection.run_sync(lambda sync: set(inspect(sync).get_table_names()))
    unknown = set(filter(schema.is_modelled, found)) - set(schema.METADATA.tables) - {"alembic_version"}
    if unknown:
        raise Conflict(f"La base contient des tables inconnues\u00a0: {', '.join(sorted(unknown))}.")


async def _dump(connection: AsyncConnection, source: Table, path: Path) -> dict[str, Any]:
    kinds = {each.name: _kind(each.type) for each in source.columns}
    question = select(source).order_by(*source.primary_key.columns)
    if source.name in _LEFT_OUT:
        question = question.where(_LEFT_OUT[source.name])
    count = 0
    with path.open("wb") as file:
        written = _Counted(file)
        async with connection.stream(question) as found:
            async for row in found:
                written.write(json.dumps([_plain(value) for value in row], ensure_ascii=False).encode() + b"\n")
                count += 1
    return {"columns": kinds, "rows": count, "sha256": written.hash.hexdigest()}


def _kind(type_: TypeEngine[Any]) -> str:
    match type_:
        case Moment():
            return "moment"
        case Word() | AutoString() | String():
            return "text"
        case Uuid():
            return "uuid"
        case JSON():
            return "json"
        case Boolean():
            return "boolean"
        case Integer():
            return "integer"
        case Date():
            return "date"
    raise TypeError(f"a backup does not know how to keep {type_!r}")


def _plain(value: Any) -> Any:
    match value:
        case datetime() | date():
            return value.isoformat()
        case UUID():
            return str(value)
    return value


def _gather(data_dir: Path, kept: Path) -> dict[str, dict[str, Any]]:
    """Hold every file by a second name, so that one removed meanwhile is still in the archive."""
    found = {}
    for folder in FOLDERS:
        for path in sorted((data_dir / folder).rglob("*")):
            # A file that is still being written has a mark in its name, and nobody names it yet.
            if path.is_symlink() or not path.is_file() or "#" in path.name:
                continue
            name = path.relative_to(data_dir).as_posix()
            held = kept / name
            held.parent.mkdir(parents=True, exist_ok=True)
            with suppress(FileNotFoundError):
                _hold(path, held)
                found[name] = {"size": held.stat().st_size, "sha256": _checksum(held)}
    return found


async def _fetch(store: Store, kept: Path) -> dict[str, dict[str, Any]]:
    """Bring what lies in a bucket, piece by piece, to where the files of the folder would be."""
    found = {}
    async for name, _ in store.names():
        held = kept / FOLDER / name
        held.parent.mkdir(parents=True, exist_ok=True)
        with suppress(NotFound):
            _, pieces = await store.read(name)
            with held.open("wb") as file:
                async for piece in pieces:
                    file.write(piece)
            found[f"{FOLDER}/{name}"] = {"size": held.stat().st_size, "sha256": _checksum(held)}
    return found


def _hold(path: Path, held: Path) -> None:
    try:
        os.link(path, held)
    except FileNotFoundError:
        raise
    except OSError:
        # The archive is on another disk.
        shutil.copyfile(path, held)


def _checksum(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _pack(manifest: _Manifest, room: Path, target: Path) -> Taken:
    with target.open("wb") as file:
        # The archive holds names and addresses: nobody else on the machine reads it.
        os.fchmod(file.fileno(), 0o600)
        with tarfile.open(fileobj=file, mode="w:gz", format=tarfile.PAX_FORMAT, compresslevel=6) as tar:
            words = json.dumps(vars(manifest), ensure_ascii=False, indent=1).encode()
            about = tarfile.TarInfo(MANIFEST)
            about.size, about.mtime = len(words), int(now().timestamp())
            tar.addfile(about, BytesIO(words))
            for name in manifest.tables:
                tar.add(room / f"{name}.jsonl", f"tables/{name}.jsonl", recursive=False)
            for name in manifest.files:
                tar.add(room / "kept" / name, f"files/{name}", recursive=False)
        file.flush()
        os.fsync(file.fileno())
        size = file.tell()
    return Taken(sum(each["rows"] for each in manifest.tables.values()), len(manifest.files), size)


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


async def restore(database: Database, data_dir: Path, archive: Path) -> Taken:
    """Fill an empty house from an archive, all or nothing; readers of its earlier life start again."""
    with _opened(archive) as tar:
        manifest = _manifest(tar)
        async with database.writing() as db:
            connection = await db.connection()
            await _require_empty(connection, manifest.shape)
            await schema.bring(connection, manifest.shape)
            for name, about in manifest.tables.items():
                await _load(connection, tar, name, about)
            await schema.bring(connection, "head")
            await journal.renew_epochs(db)
            # Files come before the rows that name them, here as in daily life: those of a failure are harmless.
            await _unpack(tar, manifest, data_dir, Store(database.settings))
    return Taken(sum(each["rows"] for each in manifest.tables.values()), len(manifest.files))


@contextmanager
def _opened(archive: Path) -> Iterator[tarfile.TarFile]:
    try:
        with tarfile.open(archive, "r:gz") as tar:
            yield tar
    except FileNotFoundError as error:
        raise Conflict(f"{error.filename or archive} n’existe pas.") from None
    except (tarfile.TarError, EOFError, OSError) as error:
        raise Conflict(f"{archive} n’est pas une sauvegarde lisible\u00a0: {error}.") from None


def _manifest(tar: tarfile.TarFile) -> _Manifest:
    first = tar.next()
    file = tar.extractfile(first) if first and first.name == MANIFEST else None
    try:
        manifest = _Manifest(**json.loads(file.read())) if file else None
    except (TypeError, ValueError):
        manifest = None
    if manifest is None:
        raise Conflict("Cette archive n’est pas une sauvegarde d’Entente.")
    if manifest.format != FORMAT or manifest.shape not in schema.known_shapes():
        raise Conflict("Cette sauvegarde vient d’une version plus récente d’Entente\u00a0: installez-la d’abord.")
    for name in manifest.files:
        path = PurePosixPath(name)
        if path.is_absolute() or ".." in path.parts or path.parts[0] not in FOLDERS:
            raise Conflict(f"Cette sauvegarde contient un nom de fichier suspect\u00a0: {name!r}.")
    return manifest


async def _require_empty(connection: AsyncConnection, shape: str) -> None:
    found = await connection.run_sync(lambda sync: inspect(sync).get_table_names())
    for name in found:
        if name == "alembic_version" or not schema.is_modelled(name):
            continue
        if (await connection.execute(select(func.count()).select_from(table(name)))).scalar_one():
            raise Conflict("La base de données n’est pas vide\u00a0: une restauration n’écrase jamais rien.")
    if await schema.shape_of(connection) not in (None, shape):
        raise Conflict(
            "La base de données est vide mais d’une autre version que la sauvegarde\u00a0: supprimez-la et recréez-la."
        )


async def _load(connection: AsyncConnection, tar: tarfile.TarFile, name: str, about: Mapping[str, Any]) -> None:
    kinds: dict[str, str] = about["columns"]
    if not set(kinds.values()) <= set(_KINDS):
        raise Conflict(f"Cette sauvegarde contient une table illisible\u00a0: {name}.")
    target = insert(table(name, *(column(each, _KINDS[kind]) for each, kind in kinds.items())))
    read = _Counted(_member(tar, f"tables/{name}.jsonl"))
    count = 0
    batch: list[dict[str, Any]] = []
    for line in read.lines():
        batch.append({each: _rich(kinds[each], value) for each, value in zip(kinds, json.loads(line), strict=True)})
        count += 1
        if len(batch) == BATCH:
            await connection.execute(target, batch)
            batch = []
    if batch:
        await connection.execute(target, batch)
    stored = (await connection.execute(select(func.count()).select_from(table(name)))).scalar_one()
    if read.hash.hexdigest() != about["sha256"] or not count == stored == about["rows"]:
        raise Conflict(f"La sauvegarde est abîmée (table {name})\u00a0: rien n’a été restauré.")


def _rich(kind: str, value: Any) -> Any:
    return value if value is None or kind not in _READ else _READ[kind](value)


def _member(tar: tarfile.TarFile, name: str) -> IO[bytes]:
    member = tar.next()
    file = tar.extractfile(member) if member and member.isfile() and member.name == name else None
    if file is None:
        raise Conflict(f"La sauvegarde est incomplète\u00a0: {name} manque.")
    return file


async def _unpack(tar: tarfile.TarFile, manifest: _Manifest, data_dir: Path, store: Store) -> None:
    for name, about in manifest.files.items():
        place = data_dir / name
        place.parent.mkdir(parents=True, exist_ok=True)
        waiting = place.with_name(f".{place.name}.restoring")
        with waiting.open("wb") as file:
            shutil.copyfileobj(_member(tar, f"files/{name}"), file)
            file.flush()
            os.fsync(file.fileno())
        if _checksum(waiting) != about["sha256"]:
            waiting.unlink()
            raise Conflict(f"La sauvegarde est abîmée (fichier {name})\u00a0: rien n’a été restauré.")
        if store.is_local or not name.startswith(f"{FOLDER}/"):
            os.replace(waiting, place)
            continue
        with waiting.open("rb") as file:
            await store.put(name.removeprefix(f"{FOLDER}/"), file, about["size"])
        waiting.unlink()
