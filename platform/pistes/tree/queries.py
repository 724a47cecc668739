"""The tree as it stands: one question, whatever its size."""

from collections import namedtuple
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import cast
from uuid import UUID

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from entente.db import rows
from pistes.models import Piste
from pistes.tree.models import Node, NodeKind, Spelling


@dataclass
class Branch:
    """A place with what stands under it."""

    node: Node
    piste: Piste | None
    above: "Branch | None" = field(default=None, repr=False)
    under: list["Branch"] = field(default_factory=list, repr=False)

    @property
    def title(self) -> str:
        """The label, or the title of the piste."""
        return self.piste.title if self.piste else self.node.label

    @property
    def way(self) -> list["Branch"]:
        """From the objectif down to here."""
        return [*(self.above.way if self.above else []), self]

    @property
    def objectif(self) -> str:
        """The objectif it stands under."""
        return self.way[0].title

    @property
    def declinaison(self) -> str:
        """The declinaison it stands under."""
        return next((each.title for each in self.way if each.node.kind == NodeKind.DECLINAISON), "")

    def walk(self) -> Iterator["Branch"]:
        """This place, then everything under it, as one reads."""
        yield self
        for each in self.under:
            yield from each.walk()


@dataclass
class Tree:
    """Every place, from the roots."""

    roots: list[Branch]
    by_id: dict[UUID, Branch]

    def walk(self) -> Iterator[Branch]:
        """Every place, as one reads."""
        for root in self.roots:
            yield from root.walk()

    def places_of(self, piste_id: UUID) -> list[Branch]:
        """Where a piste stands."""
        return [each for each in self.walk() if each.node.piste_id == piste_id]

    @property
    def edges(self) -> list[tuple[UUID, UUID]]:
        """Each piste with the pistes right under it, wherever."""
        return [
            (each.above.node.piste_id, each.node.piste_id)
            for each in self.by_id.values()
            if each.above and each.above.node.piste_id and each.node.piste_id
        ]


async def tree(db: AsyncSession) -> Tree:
    """The whole tree, for whoever changes it."""
    query = (
        select(Node, Piste)
        .outerjoin(Piste, col(Piste.id) == col(Node.piste_id))
        .order_by(col(Node.place), col(Node.id))
    )
    by_id = {node.id: Branch(node, piste) for node, piste in (await db.exec(query)).all()}
    return grown(by_id)


_NODE = Node.__table__.columns  # type: ignore[attr-defined]
_PISTE = Piste.__table__.columns  # type: ignore[attr-defined]
_Place = namedtuple("_Place", _NODE.keys())  # type: ignore[misc]
_Idea = namedtuple("_Idea", _PISTE.keys())  # type: ignore[misc]


async def seen(db: AsyncSession) -> Tree:
    """The whole tree, for whoever looks: plain rows, which cost a tenth of objects, with the same names."""
    query = (
        rows(*_NODE, *_PISTE)
        .outerjoin(Piste, col(Piste.id) == col(Node.piste_id))
        .order_by(col(Node.place), col(Node.id))
    )
    by_id: dict[UUID, Branch] = {}
    for row in await db.execute(query):
        node = cast("Node", _Place._make(row[: len(_NODE)]))
        piste = cast("Piste", _Idea._make(row[len(_NODE) :])) if node.piste_id else None
        by_id[node.id] = Branch(node, piste)
    return grown(by_id)


def grown(by_id: dict[UUID, Branch]) -> Tree:
    """Tie every place to the one above it."""
    roots: list[Branch] = []
    for each in by_id.values():
        above = by_id.get(each.node.parent_id) if each.node.parent_id else None
        if above is None:
            roots.append(each)
        else:
            each.above = above
            above.under.append(each)
    return Tree(roots, by_id)


async def spellings(db: AsyncSession) -> Sequence[Spelling]:
    """The other ways to write labels."""
    return (await db.exec(select(Spelling))).all()
