"""What is asked of each lot, drawn: bars that bear the colours of the page, beside the table that says the same."""

from collections import OrderedDict
from decimal import Decimal
from math import ceil
from typing import Any
from uuid import UUID
from xml.etree import ElementTree

import pygal
from markupsafe import Markup
from pygal.style import Style

from forums.purchase.models import Lot, Stance
from forums.purchase.queries import NONE, Board
from forums.purchase.words import in_french

WIDTH, BAR, AROUND = 640, 56, 96
"""Of the drawing, in its own units: its width, the height of a lot, and that of the scale and the legend."""
LABEL, TICKS = 26, 4
# The page chooses the letters; pygal needs their size to leave them room.
_LETTERS = Style(label_font_size=15, major_label_font_size=15, legend_font_size=15, value_font_size=15)
KEPT = 200
_kept: OrderedDict[tuple[UUID, int], Markup] = OrderedDict()


def plot(board: Board) -> Markup:
    """The drawing of a purchase; the same one for as long as nothing changes in it."""
    name = (board.thread.id, board.purchase.version)
    found = _kept.get(name)
    if found is None:
        found = _kept[name] = _drawn(board)
        if len(_kept) > KEPT:
            _kept.popitem(last=False)
    return found


def _drawn(board: Board) -> Markup:
    # From the bottom to the top, so that the first lot comes first.
    lots = [lot for lot in reversed(board.lots) if board.possible(lot)]
    widest = max([100.0, *(_share(board.possible(lot), lot, board) for lot in lots)])
    most = 100 * ceil(widest / 100)
    chart = pygal.HorizontalStackedBar(
        js=[],
        width=WIDTH,
        height=AROUND + BAR * len(lots),
        legend_at_bottom=True,
        print_values=True,
        print_zeroes=False,
        truncate_label=LABEL,
        margin=8,
        margin_right=28,
        spacing=8,
        style=_LETTERS,
        value_formatter=lambda value: f"{value:.0f}\u00a0%",
        range=(0, most),
        y_labels=[most * tick / TICKS for tick in range(TICKS + 1)],
    )
    chart.x_labels = [lot.name for lot in lots]
    chart.add("Participent", [_bar(board, lot, board.joined(lot)) for lot in lots])
    chart.add("Intéressées", [_bar(board, lot, board.total(lot, Stance.INTERESTED)) for lot in lots])
    return _bare(chart.render())


def _share(much: Decimal, lot: Lot, board: Board) -> float:
    """What part of the estimate this is; without one, of all that is asked."""
    whole = lot.estimate or board.possible(lot)
    return float(100 * much / whole) if whole else 0.0


def _bar(board: Board, lot: Lot, much: Decimal) -> dict[str, Any]:
    words = in_french(much) if much > NONE else ""
    return {"value": _share(much, lot, board), "formatter": lambda _value: words}


_USELESS = ("defs", "desc", "title")


def _bare(svg: bytes) -> Markup:
    """The shapes and the words alone: no style or script of its own, nothing that a page would have to trust."""
    drawn = ElementTree.fromstring(svg)  # noqa: S314 - our own
    _strip(drawn)
    for name in ("id", "xmlns"):
        drawn.attrib.pop(name, None)
    drawn.set("class", "plot-drawing")
    drawn.set("aria-hidden", "true")
    drawn.set("focusable", "false")
    text = ElementTree.tostring(drawn, encoding="unicode").replace("ns0:", "").replace(":ns0", "")
    return Markup(text.replace(' xmlns="http://www.w3.org/2000/svg"', ""))  # noqa: S704


def _strip(node: ElementTree.Element) -> None:
    for child in list(node):
        if child.tag.rpartition("}")[2] in _USELESS or "tooltip-overlay" in child.get("class", ""):
            node.remove(child)
            continue
        child.attrib.pop("id", None)
        child.attrib.pop("style", None)
        _strip(child)
