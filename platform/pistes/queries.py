"""What a person sees of the register: rows, for most of it is a table."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import func
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from entente.db import rows
from entente.people.models import Body, BodyKind
from entente.people.who import Who
from entente.rules import NotFound
from pistes import rules
from pistes.criteria.models import Criteria, CriteriaSet
from pistes.criteria.sets import BUILT_IN, built_in
from pistes.models import Change, Piste, Register, TieRule


@dataclass(frozen=True)
class Standing:
    """By what the register is ranked at present."""

    criteria: Criteria
    family: str
    version: int
    criteria_id: UUID | None
    tie_rule: TieRule = TieRule.TREE
    tie_reason: str = ""


async def standing(db: AsyncSession) -> Standing:
    """The criteria and the tie rule in force; those that come with the house as long as nothing was kept."""
    query = select(Register, CriteriaSet).join(CriteriaSet, col(CriteriaSet.id) == col(Register.criteria_id))
    found = (await db.exec(query)).one_or_none()
    if found is None:
        return Standing(built_in(BUILT_IN[0]), BUILT_IN[0], 1, None)
    register, chosen = found
    return Standing(
        chosen.criteria, chosen.family, chosen.version, chosen.id, TieRule(register.tie_rule), register.tie_reason
    )


async def latest_version(db: AsyncSession, family: str) -> CriteriaSet | None:
    """The newest version of a set of criteria."""
    query = select(CriteriaSet).where(col(CriteriaSet.family) == family).order_by(col(CriteriaSet.version).desc())
    return (await db.exec(query.limit(1))).first()


async def criteria_set(db: AsyncSession, family: str, version: int) -> CriteriaSet:
    """One version of a set."""
    query = select(CriteriaSet).where(col(CriteriaSet.family) == family, col(CriteriaSet.version) == version)
    return (await db.exec(query)).one()


async def criteria_sets(db: AsyncSession) -> Sequence[CriteriaSet]:
    """Every version of every set, the newest of each family first."""
    query = select(CriteriaSet).order_by(col(CriteriaSet.family), col(CriteriaSet.version).desc())
    return (await db.exec(query)).all()


async def cotechs(db: AsyncSession) -> frozenset[UUID]:
    """The bodies that keep the register."""
    query = rows(col(Body.id)).where(col(Body.kind) == BodyKind.COTECH)
    return frozenset((await db.execute(query)).scalars())


async def keeps(db: AsyncSession, who: Who) -> bool:
    """Whether this person keeps the register."""
    # Whoever sits nowhere needs no question: a thread of the forums asks this of each of its readers.
    return rules.may_keep(who, await cotechs(db) if who.bodies and not who.is_administrator else ())


async def register_for(_db: AsyncSession, who: Who, _id: UUID) -> object:
    """The register, or NotFound for whoever takes no part."""
    if not rules.may_look(who):
        raise NotFound
    return who


async def piste_for(db: AsyncSession, who: Who, piste_id: UUID) -> Piste:
    """The piste, or NotFound: a stranger cannot tell a secret from a void."""
    found = await db.get(Piste, piste_id) if rules.may_look(who) else None
    if found is None:
        raise NotFound
    return found


async def locked(db: AsyncSession, piste_id: UUID) -> Piste:
    """The piste as it stands now, held: two who change it at once wait for each other."""
    query = select(Piste).where(col(Piste.id) == piste_id).with_for_update().execution_options(populate_existing=True)
    found = (await db.exec(query)).one_or_none()
    if found is None:
        raise NotFound
    return found


async def pistes_of(db: AsyncSession, ids: Collection[UUID]) -> dict[UUID, Piste]:
    """These pistes, by id."""
    found = await db.exec(select(Piste).where(col(Piste.id).in_(ids)))
    return {each.id: each for each in found}


async def last_code(db: AsyncSession) -> int:
    """The number of the newest code; 0 when there is none. Ask under the lock of the register."""
    codes = (await db.execute(rows(col(Piste.code)))).scalars()
    return max((int(number) for code in codes if (number := code.rpartition("-")[2]).isdigit()), default=0)


async def story(db: AsyncSession, piste_id: UUID, most: int = 60) -> Sequence[Change]:
    """What happened to a piste, the newest first."""
    query = select(Change).where(col(Change.piste_id) == piste_id)
    return (await db.exec(query.order_by(col(Change.at).desc(), col(Change.id).desc()).limit(most))).all()


async def count(db: AsyncSession) -> int:
    """How many pistes there are."""
    return int((await db.execute(rows(func.count()).select_from(Piste))).scalar_one())
