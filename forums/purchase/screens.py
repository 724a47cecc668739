"""What one person sees of a group purchase besides what everybody sees: the answers they may give."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from markupsafe import Markup
from sqlmodel.ext.asyncio.session import AsyncSession

from entente.people.who import Who
from entente.web.templates import render, root
from forums.purchase import feed, queries, rules
from forums.purchase.forms import field_of
from forums.purchase.models import Stance
from forums.purchase.queries import Board, Commune, Line
from forums.purchase.words import HINTS, STANCES, as_typed, in_french
from forums.queries import Place

OPTIONS = [(str(stance), STANCES[stance], HINTS[stance]) for stance in Stance]


def address_of(thread_id: UUID, commune_id: UUID | str) -> str:
    """Where a commune answers, and what else is done about a purchase."""
    return f"/forums/fils/{thread_id}/achat/{commune_id}"


async def panel(db: AsyncSession, who: Who, place: Place) -> Markup:
    """The purchase at the head of its thread, and the answers this person may give."""
    board = await queries.board_for(db, place.thread.id)
    communes = await queries.communes_of(db, who)
    keeps = rules.may_keep(who, place.thread, place.moderates)
    return root(feed.panel(board)) + _answers(board, communes, place, keeps)


def _answers(board: Board, communes: Sequence[Commune], place: Place, keeps: bool) -> Markup:
    is_open = not rules.why_not(board.purchase, place.thread, board.at)
    alone = len(communes) == 1 and is_open and not board.line_of(communes[0].id)
    inline = len(communes) == 1
    rows = [form(board, each, live=True) if alone else row(board, each, inline) for each in communes]
    known = {"rows": rows, "keeps": keeps, "manage": address_of(place.thread.id, "gestion"), "count": len(communes)}
    return render("forums/purchase/_answers.html", known)


def row(board: Board, commune: Commune, inline: bool) -> Markup:
    """The way to a commune's answer; in place for whoever acts for one alone, for two forms would be confused."""
    address = address_of(board.thread.id, commune.id)
    known = {"commune": commune, "line": board.line_of(commune.id), "address": address, "inline": inline}
    return render("forums/purchase/_row.html", known)


def form(
    board: Board,
    commune: Commune,
    typed: Mapping[str, str] | None = None,
    errors: Mapping[str, str] | None = None,
    latest: Line | None = None,
    live: bool = False,
    focus: bool = False,
) -> Markup:
    """The answer of a commune, ready to be given or changed; `latest` is what stands when it was written over."""
    line = board.line_of(commune.id)
    known: dict[str, Any] = {
        "commune": commune,
        "board": board,
        "address": address_of(board.thread.id, commune.id),
        "options": OPTIONS,
        "field_of": lambda lot: f"{field_of(lot.id)}",
        "version": line.version if line else 0,
        "values": values_of(line) if typed is None else typed,
        "errors": errors or {},
        "latest": latest,
        "stances": STANCES,
        "said": in_french,
        "live": live,
        "focus": focus,
        "has_line": line is not None,
    }
    return render("forums/purchase/_form.html", known)


def values_of(line: Line | None) -> dict[str, str]:
    """What a commune says, as one would type it again."""
    if line is None:
        return {}
    taken = {field_of(lot_id): as_typed(much) for lot_id, much in line.quantities.items()}
    return {"stance": str(line.stance), **taken}
