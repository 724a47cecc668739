"""Nothing is lent before its règlement is accepted."""

from collections.abc import Sequence

from booking import queries as fleet
from booking.asks import Ask, Borrowing
from booking.free import Candidate
from booking.regulations import queries
from booking.regulations.queries import Text
from booking.rules import Unmet
from entente.web.words import NBSP
from entente.work import Work


class NotAccepted(Unmet):
    """The règlement of what would be taken awaits this person’s acceptance (422)."""

    def __init__(self, asked: Sequence[Text]) -> None:
        super().__init__({each.field: sentence(each) for each in asked})


def sentence(asked: Text) -> str:
    """Which règlement, of whom, and what to do."""
    return (
        f"Règlement de mise à disposition{NBSP}: pour réserver, acceptez celui de «{NBSP}{asked.title}{NBSP}», "
        f"{asked.owner} (version{NBSP}{asked.number})."
    )


async def require_accepted(work: Work, _ask: Ask, _borrowing: Borrowing, taken: Sequence[Candidate]) -> None:
    """Go on if whoever asks has accepted what each unit asks, parts of kits included; raises NotAccepted."""
    if asked := await queries.to_accept(work.db, work.who, fleet.units_needed(taken)):
        raise NotAccepted(asked)
