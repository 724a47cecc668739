"""How far someone has just read."""

from dataclasses import dataclass, field
from datetime import datetime

from entente.clock import now


@dataclass(frozen=True)
class Reach:
    """A post that someone has before their eyes, and since when."""

    number: int
    opens: bool = False
    """Whether the thread was opened to read it, rather than left open while it arrived."""
    asked_at: datetime = field(default_factory=now)
