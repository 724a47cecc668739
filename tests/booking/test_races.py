"""Fifty people want one thing at once: one has it, the others are told when it is free again."""

import asyncio
import os
from collections import Counter
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text

from booking import queries, service
from booking.approvals.models import Said, Step
from booking.asks import Borrowing
from booking.basket import service as basket
from booking.basket.rules import Refusals
from booking.blocks import service as blocks
from booking.imports import service as imports
from booking.imports.service import Unread
from booking.models import Reservation, State
from booking.periods import Period, naive
from booking.rules import Taken
from booking.series import service as series
from booking.series.service import Clashes
from booking_world import Fleet, at, between
from entente.clock import now
from entente.rules import Conflict
from entente.settings import Settings
from entente.work import Work

LONG = os.environ.get("ENTENTE_TEST_LONG") == "1"


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """As many connections as clients: they really race."""
    return settings.model_copy(update={"database_pool": 25})


OVERLAPS = """
    SELECT count(*) FROM allocation AS one JOIN allocation AS other
    ON one.unit_id = other.unit_id AND one.reservation_id < other.reservation_id
    AND one.held_from < other.held_until AND other.held_from < one.held_until
    WHERE one.kind IN ('exclusive', 'kit') AND one.state IN ('requested', 'offered', 'confirmed', 'out', 'blocked')
    AND other.state IN ('requested', 'offered', 'confirmed', 'out', 'blocked')
"""


async def count(fleet: Fleet, query: str) -> int:
    async with fleet.world.reading() as db:
        return int((await db.execute(text(query))).scalar_one())


async def test_of_fifty_who_want_it_one_has_it(fleet: Fleet, home: str) -> None:
    """Round after round, fifty real clients ask for the same nacelle: one reservation each time, and no overlap.

    Every loser reads the next three free periods, and they are free.
    """
    clients, rounds = (50, 200) if LONG and home == "postgres" else (50, 4) if home == "postgres" else (20, 4)
    world = fleet.world

    async def want(period: Period, number: int) -> Reservation | Taken:
        try:
            return await fleet.reserve([world.awa, world.bruno][number % 2], "N12", period)
        except Taken as taken:
            return taken

    for number in range(rounds):
        starts = at(2 + number // 8, 6) + timedelta(hours=2 * (number % 8))
        period = Period(starts, starts + timedelta(hours=2))
        told = await asyncio.gather(*(want(period, client) for client in range(clients)))
        losers = [each for each in told if isinstance(each, Taken)]
        assert len(losers) == clients - 1
        for loser in losers:
            assert len(loser.free) == 3
            assert not any(free.meets(period) for free in loser.free)
    assert await count(fleet, "SELECT count(*) FROM reservation") == rounds
    assert await count(fleet, OVERLAPS) == 0


async def test_fifty_who_ask_for_a_type_get_every_unit_once(fleet: Fleet) -> None:
    """Twelve ask for a nacelle at the same time; there are two: two have one each, the loser of a race another."""
    world = fleet.world

    async def want(number: int) -> bool:
        try:
            await fleet.reserve([world.awa, world.bruno][number % 2], "nacelle", between(8, 12))
        except Taken:
            return False
        return True

    won = await asyncio.gather(*(want(number) for number in range(12)))
    assert sum(won) == 2
    assert await count(fleet, "SELECT count(DISTINCT unit_id) FROM allocation") == 2


async def test_places_are_all_taken_and_none_twice(fleet: Fleet) -> None:
    """Eight places, three wanted by each of six: two have theirs, and the cold room never holds nine."""
    world = fleet.world

    async def want(number: int) -> bool:
        try:
            await fleet.reserve([world.awa, world.bruno][number % 2], "cold", between(8, 12), 3)
        except Taken:
            return False
        return True

    assert sum(await asyncio.gather(*(want(number) for number in range(6)))) == 2
    assert await count(fleet, "SELECT sum(quantity) FROM allocation") == 6


SLOT = between(8, 12)
ELSEWHEN = between(14, 18)
Path = Callable[[Fleet, Work, dict[str, Any]], Awaitable[Any]]


async def _again(work: Work, made: Reservation) -> Reservation:
    return await work.db.get_one(Reservation, made.id)


async def by_reserving(fleet: Fleet, work: Work, _known: dict[str, Any]) -> Any:
    return await fleet.take(work, "N12", SLOT)


async def by_moving(fleet: Fleet, work: Work, known: dict[str, Any]) -> Any:
    made = await _again(work, known["afternoon"])
    return await service.move(work, made, fleet.ask("N12", SLOT))


async def by_extending(_fleet: Fleet, work: Work, known: dict[str, Any]) -> Any:
    return await service.extend(work, await _again(work, known["before"]), SLOT.ends)


async def by_resizing(_fleet: Fleet, work: Work, known: dict[str, Any]) -> Any:
    return await service.resize(work, await _again(work, known["places"]), 8)


async def by_swapping(_fleet: Fleet, work: Work, known: dict[str, Any]) -> Any:
    return await service.swap(work, await _again(work, known["other"]), await _again(work, known["afternoon"]))


async def by_reassigning(fleet: Fleet, work: Work, known: dict[str, Any]) -> Any:
    return await service.reassign(work, await _again(work, known["other"]), [fleet.units["N12"].id])


async def by_approving(_fleet: Fleet, work: Work, known: dict[str, Any]) -> Any:
    return await service.approve(work, await _again(work, known["expired"]))


async def by_restoring(_fleet: Fleet, work: Work, known: dict[str, Any]) -> Any:
    return await service.restore(work, await _again(work, known["cancelled"]))


async def by_importing(fleet: Fleet, work: Work, _known: dict[str, Any]) -> Any:
    first, last = (f"{naive(each):%Y-%m-%d %H:%M}" for each in SLOT)
    return await imports.bring(work, f"unite;debut;fin;payeur\nN12;{first};{last};Brioude\n")


async def by_a_series(fleet: Fleet, work: Work, _known: dict[str, Any]) -> Any:
    borrowing = Borrowing(fleet.world.aubrac.id, "une série")
    return await series.reserve(work, fleet.ask("N12", SLOT), "FREQ=WEEKLY;COUNT=3", borrowing)


async def by_a_basket(fleet: Fleet, work: Work, _known: dict[str, Any]) -> Any:
    asks = [fleet.ask("chair", SLOT, 20), fleet.ask("N12", SLOT), fleet.ask("buffered", SLOT)]
    return await basket.place(work, asks, Borrowing(fleet.world.aubrac.id, "un panier"))


async def by_blocking(fleet: Fleet, work: Work, _known: dict[str, Any]) -> Any:
    return await blocks.block(work, fleet.units["N12"], SLOT, "Révision")


PATHS: dict[str, Path] = {
    "create": by_reserving,
    "move": by_moving,
    "extend": by_extending,
    "swap": by_swapping,
    "reassign": by_reassigning,
    "approve": by_approving,
    "restore": by_restoring,
    "import": by_importing,
    "series": by_a_series,
    "basket": by_a_basket,
    "block": by_blocking,
}


@pytest.mark.parametrize("path", PATHS.values(), ids=PATHS)
async def test_every_path_meets_the_same_guard(fleet: Fleet, path: Path) -> None:
    """Camille takes the nacelle from 8 to 12 in some way while Bruno reserves it: one of them has it, never both."""
    world = fleet.world
    known = await _before(fleet)
    free: list[Period] = []

    async def one() -> str:
        try:
            async with world.working(world.camille) as work:
                await path(fleet, work, known)
        except (Conflict, Unread):
            return "refused"
        return "camille"

    async def other() -> str:
        try:
            await fleet.reserve(world.bruno, "N12", SLOT)
        except Taken as taken:
            free.extend(taken.free)
            return "refused"
        return "bruno"

    told = Counter(await asyncio.gather(one(), other()))
    assert told["refused"] == 1
    assert len(free) == (0 if told["bruno"] else 3)
    assert await count(fleet, OVERLAPS) == 0


@pytest.mark.parametrize("path", PATHS.values(), ids=PATHS)
async def test_every_path_alone_finds_its_way(fleet: Fleet, path: Path) -> None:
    """The same ways, when nobody else is there: each takes the nacelle from 8 to 12."""
    known = await _before(fleet)
    async with fleet.world.working(fleet.world.camille) as work:
        await path(fleet, work, known)
    async with fleet.world.reading() as db:
        plan = await queries.plan_of(db, [fleet.units["N12"].id], SLOT)
    assert len(plan[fleet.units["N12"].id]) == 1


@pytest.mark.parametrize("path", [*PATHS.values(), by_resizing], ids=[*PATHS, "resize"])
async def test_every_path_is_refused_when_it_is_taken(fleet: Fleet, path: Path) -> None:
    """Bruno has it already: whatever Camille tries, his reservation stays as it is."""
    known = await _before(fleet)
    his = await fleet.reserve(fleet.world.bruno, "N12", SLOT)
    await fleet.reserve(fleet.world.bruno, "cold", SLOT, 4)
    refused = False
    try:
        async with fleet.world.working(fleet.world.camille) as work:
            await path(fleet, work, known)
    except (Taken, Clashes, Refusals, Unread, blocks.InTheWay):
        refused = True
    assert refused
    assert await fleet.holds(his) == ["N12"]
    assert await fleet.again(his) == his


async def _before(fleet: Fleet) -> dict[str, Any]:
    """What stands around the slot: the afternoon, the early morning, the other nacelle, and what let go of it."""
    world = fleet.world
    known = {
        "cancelled": await fleet.reserve(world.camille, "N12", SLOT),
    }
    async with world.working(world.camille) as work:
        await service.cancel(work, await _again(work, known["cancelled"]))
    known["expired"] = await fleet.reserve(world.camille, "N12", SLOT)
    async with world.house.database.writing() as db:
        await db.execute(text("UPDATE reservation SET state = 'expired' WHERE state = 'confirmed'"))
        request, keeper = known["expired"].id, world.camille.id
        db.add(Step(reservation_id=request, person_id=keeper, number=1, round=1, level=1, due_at=now(), said=Said.LATE))
    known["afternoon"] = await fleet.reserve(world.camille, "N12", ELSEWHEN)
    known["before"] = await fleet.reserve(world.camille, "N12", between(6, 8))
    known["other"] = await fleet.reserve(world.camille, "N18", SLOT)
    known["places"] = await fleet.reserve(world.camille, "cold", SLOT, 3)
    assert known["other"].state == State.CONFIRMED
    return known
