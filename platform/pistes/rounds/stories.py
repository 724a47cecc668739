"""What can happen to a round, and where it is told."""

from uuid import UUID

from entente.ids import Ref
from entente.journal import Verb as AnyVerb

CLOSINGS = Ref("pistes/closings", UUID("0197a000-0000-7000-8000-000000000002"))
"""The stream of what closed rounds computed: one entry for all the pistes of a round, which their pages follow."""


class Verb(AnyVerb):
    """What happens to a round; never what a voice said."""

    ROUND_OPENED = "round.opened"
    ROUND_ANSWERED = "round.answered"
    ROUND_REMINDED = "round.reminded"
    ROUND_CLOSED = "round.closed"


def stream_of(round_id: UUID) -> Ref:
    """What happens to one round."""
    return Ref("pistes/round", round_id)


def reminder_of(round_id: UUID) -> Ref:
    """The reminder of a round: another subject than its opening, for one is told of each thing once."""
    return Ref("pistes/round-reminder", round_id)
