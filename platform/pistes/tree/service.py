"""Changing the tree: a piste gets a place, moves, or leaves one of its places."""

from uuid import UUID

from sqlalchemy import func
from sqlmodel import col, select

from entente.db import rows
from entente.rules import Invalid, NotFound
from entente.work import Work
from pistes.criteria.service import open_register
from pistes.gates import require_keeper
from pistes.models import Piste
from pistes.stories import REGISTER, Verb, tell
from pistes.tree import queries as trees
from pistes.tree.models import Node, NodeKind, Spelling
from pistes.tree.rules import cycle_in
from pistes.words import key_of

CYCLE = "Une piste ne peut pas se trouver sous elle-même."
NAMED = "Un autre objectif, ou une autre déclinaison, porte déjà ce nom."
TWICE = "Cette piste est déjà à cette place."


async def label(work: Work, kind: NodeKind, words: str, under: UUID | None = None) -> Node:
    """Add an objectif, or a declinaison under one; the same words again are the same place."""
    await require_keeper(work)
    await open_register(work)
    query = select(Node).where(col(Node.kind) == kind, col(Node.parent_id) == under, col(Node.key) == key_of(words))
    found = (await work.db.exec(query)).first()
    if found:
        return found
    made = Node(kind=kind, label=words.strip(), key=key_of(words), parent_id=under, place=await _next(work, under))
    work.db.add(made)
    await work.db.flush()
    work.record(REGISTER, Verb.REGISTER_CHANGED, REGISTER.id)
    return made


async def rename(work: Work, node_id: UUID, words: str) -> None:
    """Give an objectif or a declinaison another label; files that use the former one go on meaning it."""
    await require_keeper(work)
    await open_register(work)
    branch = (await trees.tree(work.db)).by_id.get(node_id)
    if branch is None or branch.piste:
        raise NotFound
    node, key = branch.node, key_of(words)
    beside = select(Node).where(col(Node.parent_id) == node.parent_id, col(Node.key) == key, col(Node.id) != node.id)
    spelt = await work.db.get(Spelling, key)
    if (await work.db.exec(beside)).first() or (spelt and spelt.node_id != node.id):
        raise Invalid({"label": NAMED})
    if spelt:
        await work.db.delete(spelt)
    if node.kind == NodeKind.DECLINAISON and node.key != key:
        await spell(work, node, node.label)
    node.label, node.key = words, key
    work.record(REGISTER, Verb.REGISTER_CHANGED, REGISTER.id)


async def stand(work: Work, piste: Piste, under: UUID, is_ranked: bool, told: bool = True) -> Node:
    """Give a piste one more place, under a declinaison or another piste."""
    await require_keeper(work)
    await open_register(work)
    tree = await trees.tree(work.db)
    above = _above(tree, under)
    _refuse_cycle(tree, above, piste.id, None)
    node = Node(
        kind=NodeKind.PISTE,
        parent_id=under,
        piste_id=piste.id,
        place=await _next(work, under),
        rank=await _last_rank(work) + 1 if is_ranked else None,
    )
    work.db.add(node)
    await work.db.flush()
    if told:
        tell(work, piste.id, Verb.PISTE_PLACED, under=above.title)
    return node


async def move(work: Work, node_id: UUID, under: UUID) -> None:
    """Take a place, with everything under it, to another part of the tree."""
    await require_keeper(work)
    await open_register(work)
    tree = await trees.tree(work.db)
    moving, above = tree.by_id.get(node_id), _above(tree, under)
    if moving is None or moving.node.piste_id is None:
        raise NotFound
    if above in moving.walk():
        raise Invalid({"under": CYCLE})
    _refuse_cycle(tree, above, moving.node.piste_id, node_id)
    moving.node.parent_id, moving.node.place = under, await _next(work, under)
    await work.db.flush()
    tell(work, moving.node.piste_id, Verb.PISTE_PLACED, under=above.title)


async def leave(work: Work, node_id: UUID) -> None:
    """Take a piste away from one of its places; never from the last, nor from above others."""
    await require_keeper(work)
    await open_register(work)
    tree = await trees.tree(work.db)
    leaving = tree.by_id.get(node_id)
    if leaving is None or leaving.node.piste_id is None:
        raise NotFound
    if leaving.under or len(tree.places_of(leaving.node.piste_id)) < 2:
        raise Invalid({"under": "Une piste garde au moins une place, et celle qui porte des sous-pistes."})
    await work.db.delete(leaving.node)
    tell(work, leaving.node.piste_id, Verb.PISTE_PLACED, away=leaving.above.title if leaving.above else "")


async def spell(work: Work, node: Node, words: str) -> None:
    """Remember another way to write a label, for the files to come."""
    if await work.db.get(Spelling, key_of(words)) is None:
        work.db.add(Spelling(key=key_of(words), node_id=node.id, label=words))


def _above(tree: trees.Tree, under: UUID) -> trees.Branch:
    above = tree.by_id.get(under)
    if above is None or above.node.kind == NodeKind.OBJECTIF:
        raise Invalid({"under": "Choisissez une déclinaison ou une piste."})
    return above


def _refuse_cycle(tree: trees.Tree, above: trees.Branch, piste_id: UUID, moving: UUID | None) -> None:
    if any(each.node.piste_id == piste_id and each.node.id != moving for each in above.under):
        raise Invalid({"under": TWICE})
    if above.node.piste_id and cycle_in([*tree.edges, (above.node.piste_id, piste_id)]):
        raise Invalid({"under": CYCLE})


async def _next(work: Work, under: UUID | None) -> int:
    last = await work.db.execute(rows(func.max(Node.place)).where(col(Node.parent_id) == under))
    return (last.scalar_one() or 0) + 1


async def _last_rank(work: Work) -> int:
    return int((await work.db.execute(rows(func.max(Node.rank)))).scalar_one() or 0)
