"""Tidying: again and again while the house is open, whatever goes wrong once."""

import asyncio

from entente.house import House
from entente.tidying import tidied
from world import World


async def test_a_room_tidies_again_after_a_failure_and_stops_with_the_house(world: World) -> None:
    """The database is away the first time; the second time all is well; closed, nothing more is tidied."""
    tried: list[House] = []
    well = asyncio.Event()

    async def tidy(house: House) -> None:
        tried.append(house)
        if len(tried) == 1:
            raise OSError("away")
        well.set()

    async with asyncio.timeout(30), tidied(world.house, "square", 0.01, tidy):
        await well.wait()
    known = len(tried)
    await asyncio.sleep(0.05)

    assert tried == [world.house] * known
    assert known >= 2
