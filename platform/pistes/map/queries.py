"""The tree as it is drawn: each place with its figure and its carriers, in four questions."""

from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from pistes.addresses import address_of
from pistes.communes import queries as communes
from pistes.communes.models import Stance
from pistes.communes.queries import Stood
from pistes.map.layout import Twig
from pistes.marks import queries as marks
from pistes.marks.queries import Retained
from pistes.queries import standing
from pistes.tree.queries import Branch, tree

ROOT = "Pistes de mutualisation"


async def sketch(db: AsyncSession) -> Twig:
    """The whole tree under one root; the figure is the mark for the first criterion, or the one printed in the tree."""
    stands = await standing(db)
    whole = await tree(db)
    retained = await marks.retained(db, stands.family)
    stood = await communes.positions(db)
    first = stands.criteria.criteria[0].key

    def twig(branch: Branch) -> Twig:
        return _twig(branch, first, retained, stood, [twig(each) for each in branch.under])

    return Twig(ROOT, under=[twig(each) for each in whole.roots])


def _twig(
    branch: Branch,
    first: str,
    retained: dict[UUID, dict[str, Retained]],
    stood: dict[UUID, list[Stood]],
    under: list[Twig],
) -> Twig:
    title = branch.node.printed_title or branch.title
    if branch.piste is None:
        return Twig(title, under=under)
    mark = retained.get(branch.piste.id, {}).get(first)
    level = mark.level if mark else branch.node.printed_mark
    carriers = [each.commune.name for each in stood.get(branch.piste.id, ()) if each.stance is not Stance.WITHDRAWN]
    return Twig(title, address_of(branch.piste.id), "" if level is None else str(level), carriers, under)
