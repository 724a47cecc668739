"""What the register holds, as the judging of a file needs it: as many questions for 40 lines as for 4,000."""

from collections.abc import Mapping
from uuid import UUID

from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from entente.db import rows
from entente.people.models import Organisation, OrganisationKind
from pistes.communes.models import Position, Unresolved
from pistes.imports.rules import Known, KnownPiste, KnownPlace, Path
from pistes.marks import queries as marks
from pistes.models import Piste
from pistes.queries import standing
from pistes.tree import queries as trees
from pistes.tree.queries import Branch, Tree
from pistes.words import key_of


async def known(db: AsyncSession) -> Known:
    """The whole register, by keys."""
    stands = await standing(db)
    retained = await marks.retained(db, stands.family)
    pistes = {row.id: row for row in await db.execute(rows(Piste.id, Piste.code, Piste.title, Piste.key))}
    tree = await trees.tree(db)
    labels = {each.node.id: each.title for each in tree.by_id.values()}
    stood = await db.execute(rows(Position.piste_id, Position.organisation_id).distinct())
    cut = await db.execute(rows(Unresolved.piste_id, Unresolved.words))
    return Known(
        stands.criteria,
        {
            row.key: KnownPiste(
                row.id,
                row.code,
                row.title,
                {key: mark.level for key, mark in retained.get(row.id, {}).items()},
                {key: mark.base for key, mark in retained.get(row.id, {}).items() if mark.base is not None},
            )
            for row in pistes.values()
        },
        {path_of(each): _place(each) for each in tree.by_id.values()},
        {each.key: labels[each.node_id] for each in await trees.spellings(db)},
        await communes(db),
        frozenset((pistes[row.piste_id].key, row.organisation_id) for row in stood),
        frozenset((pistes[row.piste_id].key, row.words) for row in cut),
    )


def path_of(branch: Branch) -> Path:
    """The keys from the objectif down to a place."""
    return tuple(each.piste.key if each.piste else each.node.key for each in branch.way)


def paths_of(tree: Tree) -> dict[Path, Branch]:
    """Every place by its keys."""
    return {path_of(each): each for each in tree.by_id.values()}


async def communes(db: AsyncSession) -> Mapping[str, UUID]:
    """Every commune by its name; a name that two of them bear names neither."""
    query = rows(Organisation.id, Organisation.name).where(col(Organisation.kind) == OrganisationKind.COMMUNE)
    found: dict[str, UUID] = {}
    twice: set[str] = set()
    for row in await db.execute(query):
        key = key_of(row.name)
        twice |= {key} & found.keys()
        found[key] = row.id
    return {key: id_ for key, id_ in found.items() if key not in twice}


def _place(branch: Branch) -> KnownPlace:
    node = branch.node
    return KnownPlace(
        branch.title,
        node.rank,
        node.place,
        node.printed,
        node.printed_title,
        node.printed_mark,
        node.source_line,
        node.note,
    )
