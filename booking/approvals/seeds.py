"""What it looks like in real life: two levels for the tracto-pelle, and requests that await their answer."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from booking.approvals import rules
from booking.approvals.models import Level, Step
from booking.fleet.models import ResourceType
from booking.models import Reservation, State
from booking.service import EXPIRE
from entente import outbox
from entente.clock import now
from entente.people.models import FunctionKind
from entente.people.seeds import Settled, plant

TWO_LEVELS = "tracto-pelle"
A_DAY = 24 * 60


async def ask(
    db: AsyncSession, settled: Settled, types: Mapping[UUID, ResourceType], made: Sequence[Reservation]
) -> None:
    """Keeper, then DGS, where two must agree; each request is put to whoever comes first, and will lapse."""
    for type_ in types.values():
        if type_.slug == TWO_LEVELS:
            await plant(db, _levels(type_))
    asked = [each for each in made if each.state == State.REQUESTED]
    await plant(db, [_step(each) for each in asked])
    held = [each for each in made if each.held_until and each.state in (State.REQUESTED, State.OFFERED)]
    await outbox.leave(db, [_lapse(each, each.held_until) for each in held if each.held_until])


def _levels(type_: ResourceType) -> list[Level]:
    keeper, dgs = FunctionKind.GESTIONNAIRE, FunctionKind.DGS
    first = Level(type_id=type_.id, number=1, function=keeper, minutes=rules.usual(type_).minutes)
    return [first, Level(type_id=type_.id, number=2, function=dgs, minutes=2 * A_DAY)]


def _step(made: Reservation) -> Step:
    return Step(
        reservation_id=made.id,
        number=1,
        round=1,
        level=1,
        function=FunctionKind.GESTIONNAIRE,
        asked_at=made.created_at,
        due_at=made.held_until or now() + timedelta(days=1),
    )


def _lapse(made: Reservation, until: datetime) -> outbox.Task:
    key = f"{EXPIRE}:{made.id}:{made.version}"
    return outbox.task(EXPIRE, {"reservation": str(made.id)}, until, key)
