"""Names of the directory, for the search of the house."""

from collections.abc import Sequence
from typing import Any

from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from entente.db import rows
from entente.directory.queries import Sought, functions_of
from entente.directory.rules import may_look
from entente.letters import bare
from entente.people.models import Body, Person
from entente.people.queries import Face
from entente.people.who import Who
from entente.people.words import FUNCTIONS
from entente.search.findable import Known
from entente.search.sql import names_hold

MOST = 5


async def named(db: AsyncSession, who: Who, words: Sequence[str]) -> Sequence[Known]:
    """People who take part today and instances whose name holds every word; nothing for guests."""
    wanted = [bare(word) for word in words if len(word) > 1]
    if not wanted or not may_look(who):
        return []
    name = col(Person.given_name) + " " + col(Person.family_name)
    people = functions_of(Sought()).where(*names_hold(name, wanted)).order_by(col(Person.family_name)).limit(MOST)
    bodies = rows(Body.id, Body.name).where(*names_hold(col(Body.name), wanted)).order_by(col(Body.name))
    return [
        *(_person(row) for row in await db.execute(people)),
        *(
            Known(row.name, f"/annuaire/instances/{row.id}", "Instance")
            for row in await db.execute(bodies.limit(MOST))
        ),
    ]  # fmt: skip


def _person(row: Any) -> Known:
    name = f"{row.given_name} {row.family_name}"
    face = Face(row.person_id, name, row.title, row.short_name, row.hue, row.photo, 0)
    return Known(name, f"/annuaire/{row.person_id}", row.title or FUNCTIONS[row.kind], face)
