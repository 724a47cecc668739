"""What the page of a reservation says of its agreements."""

from typing import NamedTuple

from sqlmodel.ext.asyncio.session import AsyncSession

from booking.approvals import queries, rules
from booking.approvals.queries import Told
from booking.fleet.models import ResourceType
from booking.models import Reservation, State
from entente.people.models import FunctionKind
from entente.people.who import Who


class Agreements(NamedTuple):
    """Who was asked and what they said, who comes after, and whether it is the reader's turn."""

    told: list[Told]
    to_come: list[str]
    step: int
    is_theirs: bool


async def of(db: AsyncSession, who: Who, reservation: Reservation, type_: ResourceType) -> Agreements:
    """The agreements that a reservation has asked for."""
    told = await queries.story(db, reservation.id)
    if not told or reservation.state != State.REQUESTED:
        return Agreements(told, [], 0, is_theirs=False)
    step = await queries.last_step(db, reservation.id)
    following = [level for level in await queries.chain_of(db, type_) if level.number > told[-1].level]
    names = await queries.names_of(db, [level.person_id for level in following])
    words = [
        names.get(level.person_id, "") if level.person_id else rules.WORDS[FunctionKind(level.function or "")]
        for level in following
    ]
    is_theirs = step is not None and step.number in await queries.put_to(db, who, step)
    return Agreements(told, words, told[-1].number, is_theirs)
