"""Tidying: again and again while the house is open, whatever goes wrong once."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest
from sqlalchemy import update
from sqlmodel import col, select

from entente.clock import now
from entente.house import House
from entente.outbox import Task
from entente.tidying import Duty, Tidy, take, tidied, tidy_often
from entente.worker import Worker
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


async def offered(house: House, name: str = "square", seconds: float = 600.0) -> bool:
    """A process offers itself for a duty."""
    async with house.database.writing() as db:
        return await take(db, name, seconds)


@asynccontextmanager
async def processes(world: World, count: int) -> AsyncIterator[list[House]]:
    """The same house in other processes; SQLite's would wait for each other within this one, and share it."""
    if world.house.settings.is_embedded:
        yield [world.house] * count
        return
    houses = [House.build(world.house.settings) for _ in range(count)]
    yield houses
    for house in houses:
        await house.database.close()


async def test_of_many_processes_that_offer_themselves_together_one_has_the_duty(world: World) -> None:
    """Five processes come at once, then once more: one of them does it, and nobody until its next time."""
    async with processes(world, 5) as houses:
        taken = await asyncio.gather(*(offered(house) for house in houses))
        again = await asyncio.gather(*(offered(house) for house in houses))

    assert sorted(taken) == [False, False, False, False, True]
    assert again == [False] * 5


async def test_a_duty_comes_back_at_its_time_and_others_have_their_own(world: World) -> None:
    """Taken, it is free again when its time has come; meanwhile another duty is free."""
    assert await offered(world.house)
    assert not await offered(world.house)
    assert await offered(world.house, "fountain")
    async with world.house.database.writing() as db:
        await db.execute(update(Duty).where(col(Duty.name) == "square").values(due_at=now()))

    assert await offered(world.house)
    assert not await offered(world.house, "fountain")


async def test_a_process_that_dies_is_followed_by_another(world: World) -> None:
    """Both offer themselves; the one that had the turn is gone: the other does all that is due from then on."""
    done: list[int] = []

    def tidy_in(number: int) -> Tidy:
        async def tidy(_house: House) -> None:
            done.append(number)

        return tidy

    async with processes(world, 2) as houses:
        lives = [
            asyncio.create_task(tidy_often(house, "square", 0.05, tidy_in(number)))
            for number, house in enumerate(houses)
        ]
        async with asyncio.timeout(60):
            while not done:
                await asyncio.sleep(0.01)
            dead = done[0]
            lives[dead].cancel()
            await asyncio.wait([lives[dead]])
            known = len(done)
            while len(done) < known + 2:
                await asyncio.sleep(0.01)
        lives[1 - dead].cancel()
        await asyncio.wait(lives)

    assert set(done[known:]) == {1 - dead}


async def test_the_worker_tidies_once_for_all_workers(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two workers over one database: what was done long ago is forgotten, by one of them, once."""
    async with world.working(world.awa) as work:
        work.later("call", {})
    async with world.house.database.writing() as db:
        await db.execute(update(Task).values(done_at=now() - timedelta(days=30)))
    swept: list[str] = []

    class Told(Worker):
        async def _sweep(self, house: House) -> None:
            swept.append("swept")
            await super()._sweep(house)

    monkeypatch.setattr("entente.tidying.OFFERED_EVERY", 0.05)
    async with processes(world, 2) as houses:
        workers = [Told(house, {}, {}) for house in houses]
        lives = [asyncio.create_task(each.run()) for each in workers]
        async with asyncio.timeout(60):
            while await _tasks(world):
                await asyncio.sleep(0.02)
            for each in workers:
                each.stop()
            await asyncio.wait(lives)

    assert swept == ["swept"]


async def _tasks(world: World) -> int:
    async with world.reading() as db:
        return len((await db.exec(select(Task.id))).all())
