"""Says which agreements a type asks for."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from sqlalchemy import delete
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from booking.approvals import queries, rules
from booking.approvals.models import MOST_LEVELS, Level
from booking.fleet.models import ResourceType, Unit
from entente.db import rows
from entente.ids import Ref
from entente.people.models import FunctionKind
from entente.rules import Invalid, require
from entente.work import Work

MOST_HOURS = 30 * 24


async def owners_of(db: AsyncSession, type_id: UUID) -> frozenset[UUID]:
    """Who lends units of a type."""
    query = rows(Unit.owner_id).distinct().where(col(Unit.type_id) == type_id, col(Unit.retired_at).is_(None))
    return frozenset((await db.execute(query)).scalars())


async def set_levels(work: Work, type_: ResourceType, fields: Mapping[str, str]) -> None:
    """Replace the chain of a type: what was asked before goes on as it was asked, then by the new chain."""
    owners = await owners_of(work.db, type_.id)
    require(rules.may_set(work.who, owners), "Seul le gestionnaire de tout ce matériel peut en décider.")
    people = {str(id_) for id_, _ in await queries.colleagues(work.db, owners)}
    levels = read(type_, fields, people)
    await work.db.execute(delete(Level).where(col(Level.type_id) == type_.id))
    work.db.add_all(levels)
    type_.needs_approval = bool(levels)
    work.db.add(type_)
    asked = [str(each.function or each.person_id) for each in levels]
    work.audit("approval.levels_set", Ref("booking/type", type_.id), levels=asked)


def read(type_: ResourceType, fields: Mapping[str, str], people: set[str]) -> Sequence[Level]:
    """The levels as they were typed; raises Invalid. The first that is left empty ends the chain."""
    levels: list[Level] = []
    errors: dict[str, str] = {}
    for number in range(1, MOST_LEVELS + 1):
        whom, late = fields.get(f"whom-{number}", ""), fields.get(f"late-{number}", "")
        if not whom:
            break
        is_function = whom in rules.WORDS
        if not is_function and whom not in people:
            errors[f"whom-{number}"] = "Choisissez dans la liste."
        if late and late not in people:
            errors[f"late-{number}"] = "Choisissez dans la liste."
        hours = fields.get(f"hours-{number}", "").strip()
        if not (hours.isascii() and hours.isdigit() and 1 <= int(hours[:6]) <= MOST_HOURS):
            errors[f"hours-{number}"] = f"Écrivez un nombre d’heures, de 1 à {MOST_HOURS}."
        if errors:
            continue
        levels.append(
            Level(
                type_id=type_.id,
                number=number,
                function=FunctionKind(whom) if is_function else None,
                person_id=None if is_function else UUID(whom),
                minutes=int(hours) * 60,
                late_id=UUID(late) if late else None,
            )
        )
    if errors:
        raise Invalid(errors)
    return levels
