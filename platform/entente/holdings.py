"""Everything that the house holds of one person, in one archive: what the law lets them ask for (GDPR, 15 and 20).

The list of tables comes from the schema: a table that names someone is here the day it is declared. What opens doors
(hashes of cookies, of links and of passwords) stays in the house.
"""

import json
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import Column, Row, Table, Uuid, or_, select
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from entente import schema, troubles
from entente.account.profile import photos
from entente.clock import today
from entente.files.store import Store
from entente.house import House
from entente.ids import Ref
from entente.people.models import AuditEntry, Person
from entente.rules import Conflict, NotFound

NAMES_A_PERSON = frozenset({"person_id", "called_id"})
"""Columns that name someone without a foreign key: the journal, and mentions."""
LEFT_OUT = {
    ("notice", "by_id"): "what others were told because of someone is theirs",
    ("search_document", "author_id"): "a copy of what was written, made to be found",
}
SECRET = ("hash", "secret")
READ_ME = """Données de {name}, tirées de {house} le {day}.

donnees.json : une liste par table, une ligne par enregistrement qui vous désigne ; les moments sont en temps universel.
Les autres personnes n’y sont désignées que par un numéro. Les empreintes de vos cookies, de vos liens et de votre mot
de passe n’y sont pas : elles n’apprennent rien et pourraient servir.
fichiers/ : les fichiers que vous avez apportés, et votre photo.
"""


@dataclass(frozen=True)
class Taken:
    """What an archive holds."""

    rows: int
    files: int


def naming(table: Table) -> Sequence[Column[Any]]:
    """The columns of a table that name a person to whom the row belongs."""
    if table.name == "person":
        return [table.c.id]
    return [each for each in table.columns if _names(each) and (table.name, each.name) not in LEFT_OUT]


def _names(column: Column[Any]) -> bool:
    if any(key.column.table.name == "person" for key in column.foreign_keys):
        return True
    return isinstance(column.type, Uuid) and not column.foreign_keys and column.name in NAMES_A_PERSON


async def take(house: House, person: Person, archive: Path) -> Taken:
    """Write the archive; raises Conflict when there is one already, or no way to write one."""
    async with house.database.reading() as db:
        found = await rows_of(db, person.id)
    files = 0
    with _new(archive) as made:
        words = {"name": person.name, "house": house.settings.name, "day": today().isoformat()}
        made.writestr("LISEZMOI.txt", READ_ME.format(**words))
        made.writestr("donnees.json", json.dumps(found, ensure_ascii=False, indent=1, default=str))
        for kept, label in _files(found):
            files += await _bring(house.files, kept, made, f"fichiers/{kept.rpartition('/')[2][:8]}-{label}")
        if person.photo:
            with suppress(NotFound):
                made.writestr("fichiers/photo.webp", await photos.read(house, person.photo))
                files += 1
    return Taken(sum(map(len, found.values())), files)


def _new(archive: Path) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(archive, "x", zipfile.ZIP_DEFLATED)
    except FileExistsError:
        raise Conflict(f"{archive} existe déjà\u00a0: choisissez un autre nom.") from None
    except OSError as error:
        raise Conflict(f"On ne peut pas écrire {archive}\u00a0: {troubles.reason_of(error)}.") from None


async def rows_of(db: AsyncSession, person_id: UUID) -> dict[str, list[dict[str, Any]]]:
    """Every row that names this person, by table, without what opens doors."""
    found: dict[str, list[dict[str, Any]]] = {}
    for table in schema.METADATA.sorted_tables:
        columns = naming(table)
        if not columns:
            continue
        question = select(table).where(or_(*(each == person_id for each in columns), *_about(table, person_id)))
        rows = (await db.execute(question.order_by(*table.primary_key.columns))).all()
        if rows:
            found[table.name] = [_plain(row) for row in rows]
    return found


def _about(table: Table, person_id: UUID) -> list[Any]:
    """What was done to someone is theirs to read, as much as what they did."""
    return [col(AuditEntry.subject) == str(Ref("entente/person", person_id))] if table.name == "audit" else []


def _plain(row: Row[Any]) -> dict[str, Any]:
    return {name: value for name, value in row._mapping.items() if not any(word in name for word in SECRET)}


def _files(found: dict[str, list[dict[str, Any]]]) -> Iterator[tuple[str, str]]:
    """The names in the store, and those they had, of what this person brought."""
    for rows in found.values():
        for row in rows:
            if isinstance(row.get("kept"), str):
                yield row["kept"], str(row.get("name", "fichier"))


async def _bring(store: Store, kept: str, made: zipfile.ZipFile, name: str) -> int:
    try:
        _, pieces = await store.read(kept)
    except NotFound:
        return 0
    with made.open(name, "w") as file:
        async for piece in pieces:
            file.write(piece)
    return 1
