"""How open plannings hear of a meeting: after its commit, so that two bodies never wait for one another."""

from typing import Any
from uuid import UUID

from entente.ids import Ref
from entente.journal import Verb as AnyVerb
from entente.work import Work
from planning.verbs import BODY

TELL = "planning.grid"
STREAM = Ref("planning/grid", UUID(int=0))
"""What every open planning follows: one stream, whatever the number of bodies and months it shows."""


class Verb(AnyVerb):
    """What can happen to the planning of the house."""

    GRID_CHANGED = "grid.changed"


async def tell(work: Work, payload: dict[str, Any]) -> None:
    """Tell every open planning that a meeting is no longer as it was.

    The counter of this stream is shared by the whole house: taken within the meeting's own transaction, it would
    have strangers wait for each other. A meeting is told on two streams; that of its body is the one that counts.
    """
    if Ref.parse(payload["stream"]).kind == BODY:
        work.record(STREAM, Verb.GRID_CHANGED, UUID(payload["subject"]))
