"""What is known of forgetting in a house whose rooms are all open."""

from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest
from sqlalchemy import or_, update
from sqlmodel import col

from entente.app import forgetting, rooms
from entente.clock import today
from entente.forgetting.service import Forgetting
from entente.people.models import Person, PersonStatus, Seat
from entente.people.who import Who
from world import World


@pytest.fixture
def known() -> Forgetting:
    """How the rooms of the house forget."""
    return forgetting(rooms())


@pytest.fixture
def leave(world: World) -> Callable[[Who], Awaitable[None]]:
    """Someone leaves: account closed, seats over."""

    async def left(who: Who) -> None:
        async with world.house.database.writing() as db:
            await db.execute(update(Person).where(col(Person.id) == who.id).values(status=PersonStatus.SUSPENDED))
            sits = or_(col(Seat.holder_id) == who.id, col(Seat.substitute_id) == who.id)
            await db.execute(update(Seat).where(sits).values(until=today() - timedelta(days=1)))

    return left
