"""The tree as it is drawn: each place with its figure and its carriers, all of it or no more than one can look at."""

from collections.abc import Iterator
from dataclasses import replace
from uuid import UUID

from entente.web.words import plural
from pistes.addresses import MAP, TREE, address_of
from pistes.communes.models import Stance
from pistes.map.layout import Twig
from pistes.ranking.queries import Board
from pistes.tree.queries import Branch

ROOT = "Pistes de mutualisation"


def sketch(board: Board, under: Branch | None = None) -> Twig:
    """The whole tree under one root, or what stands under one place.

    The figure is the mark for the first criterion, or the one printed in the tree.
    """
    if under:
        return _twig(board, under)
    return Twig(ROOT, under=[_twig(board, each) for each in board.tree.roots])


def _twig(board: Board, branch: Branch) -> Twig:
    title = branch.node.printed_title or branch.title
    under = [_twig(board, each) for each in branch.under]
    if branch.piste is None:
        return Twig(title, under=under, node=branch.node.id)
    mark = board.marks.get(branch.piste.id, {}).get(board.standing.criteria.criteria[0].key)
    level = mark.level if mark else branch.node.printed_mark
    stood = board.stood.get(branch.piste.id, ())
    carriers = [each.commune.name for each in stood if each.stance is not Stance.WITHDRAWN]
    figure = "" if level is None else str(level)
    return Twig(title, address_of(branch.piste.id), figure, carriers, under, branch.node.id)


def at_a_glance(root: Twig, most: int) -> Twig:
    """The same tree, no deeper and no broader than so many places.

    What is left out is told by number, and leads to a map of its own or to the tree as a list.
    """
    depth, drawn = 0, 1
    for count in _broad(root):
        if drawn + count > most:
            return _cut(root, max(depth, 1), most)
        depth, drawn = depth + 1, drawn + count
    return root


def _broad(root: Twig) -> Iterator[int]:
    """How many places there are one step away from the root, two steps, and so on."""
    row = list(root.under)
    while row:
        yield len(row)
        row = [below for each in row for below in each.under]


def _cut(twig: Twig, depth: int, most: int) -> Twig:
    if not twig.under:
        return twig
    if depth == 0:
        return replace(twig, title=f"{twig.title} ({_held(twig)})", address=_way(twig), under=())
    shown = [_cut(each, depth - 1, most) for each in twig.under[:most]]
    others = len(twig.under) - most
    if others > 0:
        shown.append(Twig(f"et {plural(others, 'autre', 'autres')}", TREE[1]))
    return replace(twig, under=shown)


def _held(twig: Twig) -> str:
    """How many pistes stand under a place that is not drawn to its end."""
    pistes = sum(1 for each in twig.walk() if each.address) - bool(twig.address)
    return plural(pistes, "sous-piste", "sous-pistes") if twig.address else plural(pistes, "piste", "pistes")


def _way(twig: Twig) -> str:
    return twig.address or map_of(twig.node)


def map_of(node: UUID | None) -> str:
    """The map of what stands under one place."""
    return f"{MAP[1]}?sous={node}"
