"""What becomes of each table when someone is forgotten: every column that names a person, every column of words.

A table that nobody declared fails a test the day it appears: what is not declared would keep a name for ever.
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, Column, MetaData, String, Table, Uuid
from sqlmodel.ext.asyncio.session import AsyncSession
from sqlmodel.sql.sqltypes import AutoString

from entente.forgetting.names import Names
from entente.work import Work

NAMING = ("author", "called", "holder", "moderator", "owner", "person")
"""How columns that name someone without a foreign key begin."""
CODE = "a word of ours, a hash, a number: nobody types it"
THING = "the name of a thing, a place or a body: « salle Jean-Moulin » names no member"
WRITTEN_ONCE = "written once: the database itself refuses that it be changed"


def why(reason: str, columns: str) -> dict[str, str]:
    """Several columns that stay for one reason."""
    return dict.fromkeys(columns.split(), reason)


@dataclass(frozen=True)
class Fate:
    """What becomes of one table; its columns are named in a line, as they are read aloud."""

    gone: str = ""
    """Columns: the rows that name the person there go."""
    detached: str = ""
    """Columns that are emptied where they name the person."""
    stays: Mapping[str, str] = field(default_factory=dict)
    """Columns that go on naming the person, who has no name any more: column → why."""
    words: str = ""
    """Columns of words, in which the names of the person are written over, whoever wrote them."""
    own: str = ""
    """Columns that the room sees to itself."""
    kept: Mapping[str, str] = field(default_factory=dict)
    """Columns of words that are left as they are: column → why."""

    @property
    def declared(self) -> frozenset[str]:
        """Every column of which something is said."""
        lines = (self.gone, self.detached, self.words, self.own)
        return frozenset(name for line in lines for name in line.split()) | set(self.stays) | set(self.kept)


Fates = Mapping[str, Fate]
Obstacles = Callable[[AsyncSession, UUID], Awaitable[Sequence[str]]]
"""What must be settled before this person can be forgotten: sentences, in French."""
Then = Callable[[Work, UUID, Names], Awaitable[Iterable[UUID]]]
"""What a room sees to itself, while the person still has a name; gives the ids of what is to be found anew."""


async def _nothing_owed(_db: AsyncSession, _person_id: UUID) -> Sequence[str]:
    return ()


async def _nothing_more(_work: Work, _person_id: UUID, _names: Names) -> Iterable[UUID]:
    return ()


@dataclass(frozen=True)
class Forgets:
    """How a room forgets someone."""

    fates: Fates = field(default_factory=dict)
    obstacles: Obstacles = _nothing_owed
    then: Then = _nothing_more
    found: Mapping[str, str] = field(default_factory=dict)
    """Tables whose words are found by the search: table → the column that names what is found."""


def naming(table: Table) -> frozenset[str]:
    """The columns that name a person, by their foreign key or by their own name."""
    return frozenset(each.name for each in table.columns if _names(each))


def _names(column: Column[Any]) -> bool:
    if column.foreign_keys:
        return any(key.column.table.name == "person" for key in column.foreign_keys)
    return isinstance(column.type, Uuid) and column.name.startswith(NAMING)


def wordy(table: Table) -> frozenset[str]:
    """The columns that hold words: anything that is not a number, a moment, an id or one word of a closed list."""
    return frozenset(each.name for each in table.columns if isinstance(each.type, (String, AutoString, JSON)))


def undeclared(metadata: MetaData, fates: Fates) -> list[str]:
    """The columns of which nobody said what becomes of them, as `table.column`."""
    missing = []
    for table in metadata.sorted_tables:
        declared = fates.get(table.name, Fate()).declared
        missing += [f"{table.name}.{name}" for name in sorted((naming(table) | wordy(table)) - declared)]
    return missing


def gathered(rooms: Iterable[Forgets]) -> dict[str, Fate]:
    """The fates that all the rooms declare; raises ValueError when two speak of one table."""
    found: dict[str, Fate] = {}
    for room in rooms:
        twice = found.keys() & room.fates.keys()
        if twice:
            raise ValueError(f"declared twice: {sorted(twice)}")
        found |= room.fates
    return found
