"""A row of the plan: what the database tells of a unit, read and laid out only when it must be drawn."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from hashlib import blake2b
from typing import Any
from uuid import UUID

from booking.models import State
from booking.periods import Period
from booking.timeline.cells import Block, Cell, laid
from booking.timeline.window import Window

STATES = {str(state): state for state in State}


@dataclass
class Row:
    """A unit with what it carries within a window, which is read and laid out only by whoever draws it."""

    id: UUID
    name: str
    code: str
    capacity: int
    many: str
    slug: str
    type: str
    owner_id: UUID
    owner: str
    hue: int
    depot: str
    carried: str
    """What it carries, as the database tells it: one word for a whole row, however much there is."""
    window: Window
    at: datetime

    @cached_property
    def blocks(self) -> list[Block]:
        """What it carries, in order of time; what is only prepared or put right within the window included."""
        return sorted(map(_block, json.loads(self.carried)), key=lambda each: (each.period, str(each.reservation_id)))

    @cached_property
    def cells(self) -> list[Cell]:
        """The same, laid out."""
        return laid(self.window, self.blocks, self.capacity, self.at)

    @property
    def version(self) -> str:
        """Names what its row shows: as long as nothing of it changes, it need not be drawn again."""
        over = sum(slot.ends <= self.at for slot in self.window.slots)
        said = (self.name, self.code, self.capacity, self.slug, self.owner_id, self.owner, self.hue, self.window, over)
        return f"{self.id}:{blake2b(repr((said, self.carried)).encode(), digest_size=16).hexdigest()}"

    @property
    def commune(self) -> dict[str, object]:
        """Its owner, as tags show it."""
        return {"short_name": self.owner, "hue": self.hue}


def _block(told: list[Any]) -> Block:
    reservation, state, starts, ends, quantity, person, payer, hue, first, last = told
    period = _period(starts, ends)
    held = None if (first, last) == (starts, ends) else _period(first, last)
    return Block(UUID(reservation), STATES[state], period, quantity, UUID(person), payer, hue // 15 % 24, held)


def _period(starts: int, ends: int) -> Period:
    return Period(datetime.fromtimestamp(starts, UTC), datetime.fromtimestamp(ends, UTC))
