"""A small register: Camille sits in the CoTech, Denise is mayor of Brioude."""

import pytest_asyncio

from entente.people.models import Body, BodyKind, Seat
from pistes.imports.service import bring_in
from registers import LIST, TREE
from rounds_world import cotech, evaluation
from world import LONG_AGO, World

__all__ = ["cotech", "evaluation"]


@pytest_asyncio.fixture
async def register(world: World) -> World:
    """Three pistes in the tree, of which two are ranked; Camille keeps it."""
    async with world.house.database.writing() as db:
        cotech = Body(kind=BodyKind.COTECH, name="Comité technique")
        db.add(cotech)
        await db.flush()
        db.add(
            Seat(
                body_id=cotech.id,
                organisation_id=world.aubrac.id,
                holder_id=world.camille.id,
                substitute_id=world.ines.id,
                since=LONG_AGO,
            )
        )
    world.people["camille"] = await world.again(world.camille)
    async with world.working(world.camille) as work:
        await bring_in(work, TREE)
        await bring_in(work, LIST, reason="Comme imprimé")
    return world
