"""What else must hold before something is lent: each gate looks at a request, and raises if it may not go on.

A room within this one (a règlement to accept, a convention, a qualification) adds its function to `GATES`.
"""

from collections.abc import Awaitable, Callable, Sequence

from booking.asks import Ask, Borrowing
from booking.free import Candidate
from booking.regulations.gate import require_accepted
from entente.work import Work

Gate = Callable[[Work, Ask, Borrowing, Sequence[Candidate]], Awaitable[None]]
"""Reads the request and the units it would take; raises Invalid or Refused in French, with the name of the rule."""

GATES: tuple[Gate, ...] = (require_accepted,)
