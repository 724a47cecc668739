"""What live readers of a group purchase receive: the panel, the same for all."""

from sqlmodel.ext.asyncio.session import AsyncSession

from entente.journal import Entry
from entente.live import Fragment
from forums.feed import thread_feed
from forums.purchase import queries, tables
from forums.purchase.models import Stance
from forums.purchase.plot import plot
from forums.purchase.queries import Board
from forums.purchase.service import Verb
from forums.purchase.words import STANCES, in_french


def panel(board: Board) -> Fragment:
    """The need, the deadline, the totals, the plot and its table."""
    known = {
        "board": board,
        "drawing": plot(board) if any(board.possible(lot) for lot in board.lots) else None,
        "totals": tables.totals_of(board),
        "quantities": tables.quantities_of,
        "stances": [(stance, STANCES[stance]) for stance in Stance],
        "said": in_french,
    }
    return Fragment("forums/purchase/_panel.html", "replace", "purchase", known)


@thread_feed.shows(*Verb)
async def purchase_moved(db: AsyncSession, entry: Entry) -> Fragment | None:
    """The purchase as it stands now."""
    board = await queries.board(db, entry.subject_id)
    return panel(board) if board else None
