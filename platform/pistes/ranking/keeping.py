"""The register as it stands, worked out once for each of its states and not for each reader.

Every change of the register is told on its stream, in the transaction of the change: the stream's position names
what the table, the tree and the map show. Only the names of communes come from elsewhere, and the day.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

from sqlalchemy import Connection, Engine
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from entente import journal
from entente.clock import today
from entente.db import rows
from entente.journal import UNBORN, Cursor
from entente.people.models import Organisation, OrganisationKind
from pistes.ranking.queries import Board, board
from pistes.stories import REGISTER

Made = TypeVar("Made")


@dataclass(frozen=True)
class State:
    """All that the board depends on: where the register stands, the day, and how communes are called."""

    cursor: Cursor
    day: date
    communes: tuple[tuple[object, ...], ...]


@dataclass
class Present:
    """The register at one state, with what was made of it for whoever asked first."""

    state: State
    board: Board
    _made: dict[str, Any] = field(default_factory=dict)

    @property
    def cursor(self) -> Cursor:
        """Where the register stood before it was read: what a page follows it from."""
        return self.state.cursor

    def once(self, name: str, make: Callable[[], Made]) -> Made:
        """What was made of this state under a name; made now, if nobody has asked before."""
        if name not in self._made:
            self._made[name] = make()
        found: Made = self._made[name]
        return found


@dataclass
class _Shelf:
    """The newest state of one database; whoever comes while it is worked out waits for it."""

    busy: asyncio.Lock = field(default_factory=asyncio.Lock)
    present: Present | None = None


# By database, not by name: the register of another house, or of another test, is another one.
_shelves: WeakKeyDictionary[Engine | Connection, _Shelf] = WeakKeyDictionary()


async def present(db: AsyncSession) -> Present:
    """The register as it stands, in two questions as long as nothing of it changes.

    For whoever only looks: within a change, what is not committed yet is in no state of the register.
    """
    state = await _state(db)
    if state.cursor.epoch == UNBORN:
        return Present(state, await board(db))
    shelf = _shelves.setdefault(db.get_bind(), _Shelf())
    if not _holds(shelf, state):
        async with shelf.busy:
            if not _holds(shelf, state):
                # Asked before its content is: at worst what is kept is newer than it says, and read again.
                shelf.present = Present(state, await board(db))
    assert shelf.present
    return shelf.present


def _holds(shelf: _Shelf, state: State) -> bool:
    """Whether what lies there is of this state, or of a later one that somebody else was quicker to see."""
    if shelf.present is None:
        return False
    found = shelf.present.state
    is_late = found.cursor.epoch == state.cursor.epoch and found.cursor.position >= state.cursor.position
    return is_late and (found.day, found.communes) == (state.day, state.communes)


async def _state(db: AsyncSession) -> State:
    cursor = await journal.cursor(db, REGISTER)
    shown = rows(Organisation.id, Organisation.name, Organisation.short_name, Organisation.hue)
    communes = shown.where(col(Organisation.kind) == OrganisationKind.COMMUNE).order_by(col(Organisation.id))
    return State(cursor, today(), tuple(tuple(row) for row in await db.execute(communes)))
