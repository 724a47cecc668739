"""Which pistes a round is opened on: the whole register, a part of it, those that lack a mark, or a chosen few."""

from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from pistes import queries
from pistes.criteria.models import CriteriaSet
from pistes.marks import queries as marks
from pistes.models import Phase, Piste
from pistes.rounds.models import NewRound
from pistes.tree import queries as trees
from pistes.tree.models import NodeKind
from pistes.tree.queries import Tree

MISSING = "missing"


def open_pistes(tree: Tree, under: str = "") -> list[Piste]:
    """The pistes that still live, each once, as one reads the tree or what stands under one of its nodes."""
    found: dict[UUID, Piste] = {}
    for each in tree.walk():
        is_there = not under or under in {str(above.node.id) for above in each.way}
        if each.piste and each.node.rank is not None and each.piste.phase != Phase.ARRETEE and is_there:
            found.setdefault(each.piste.id, each.piste)
    return list(found.values())


def parts(tree: Tree) -> list[tuple[str, str]]:
    """The parts of the register that a form offers."""
    kinds = (NodeKind.OBJECTIF, NodeKind.DECLINAISON)
    nodes = [each for each in tree.walk() if each.node.kind in kinds]
    named = [(str(each.node.id), " › ".join(above.title for above in each.way)) for each in nodes]
    return [("", "Toutes les pistes du classement"), (MISSING, "Celles à qui une note manque"), *named]


async def pistes_in(db: AsyncSession, new: NewRound, chosen: CriteriaSet) -> list[UUID]:
    """The pistes a form asks for, in the order of the tree."""
    tree = await trees.tree(db)
    if new.piste:
        known = await queries.pistes_of(db, new.piste)
        return [each for each in dict.fromkeys(new.piste) if each in known]
    if new.part != MISSING:
        return [each.id for each in open_pistes(tree, new.part)]
    retained = await marks.retained(db, chosen.family)
    keys = set(chosen.criteria.keys)
    return [each.id for each in open_pistes(tree) if not keys <= retained.get(each.id, {}).keys()]
