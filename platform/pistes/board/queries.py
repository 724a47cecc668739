"""Every piste once, in the column of its phase, with the gate that stands before it."""

from dataclasses import dataclass
from typing import NamedTuple
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from entente.db import rows
from entente.people.words import BODIES
from pistes.criteria.models import Criteria
from pistes.models import Phase
from pistes.protocol.models import GENERAL, PisteKind, Protocol
from pistes.protocol.queries import in_force
from pistes.protocol.rules import next_gate, reachable
from pistes.ranking.queries import Board, Line


class Card(NamedTuple):
    """A piste on the board: what comes next for it, and who decides that."""

    line: Line
    next: Phase | None
    decided_by: str
    """The body that opens the next gate; empty when nobody has to decide."""
    ways: list[Phase]
    """The phases it may come to from here."""


@dataclass(frozen=True)
class Column:
    """A phase, with its pistes from the best ranked."""

    phase: Phase
    cards: list[Card]


@dataclass(frozen=True)
class Phases:
    """The whole board."""

    criteria: Criteria
    columns: list[Column]

    @property
    def pistes(self) -> int:
        """How many there are."""
        return sum(len(column.cards) for column in self.columns)


async def phases(db: AsyncSession, found: Board) -> Phases:
    """The pistes of the ranked list by phase; one that stands twice counts once, at its best place."""
    force = {kind: each.protocol for kind, each in (await in_force(db)).items()}
    kinds: dict[UUID, str] = {
        row.piste_id: row.kind for row in await db.execute(rows(PisteKind.piste_id, PisteKind.kind))
    }
    best: dict[UUID, Line] = {}
    for line in found.lines:
        best.setdefault(line.piste.id, line)
    cards = [card_of(line, force.get(kinds.get(id_, GENERAL), force[GENERAL])) for id_, line in best.items()]
    columns = [Column(phase, [card for card in cards if card.line.phase is phase]) for phase in Phase]
    return Phases(found.standing.criteria, columns)


def card_of(line: Line, protocol: Protocol) -> Card:
    """A piste with what its protocol asks next."""
    gate = next_gate(line.phase)
    ways = [phase for phase in reachable(line.phase) if phase is not line.phase]
    entered = Phase.INITIALISATION if line.phase is Phase.EXPRIMEE else None
    return Card(line, gate or entered, BODIES[protocol.gates[gate]] if gate else "", ways)
