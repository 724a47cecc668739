"""No two reservations overlap, whoever writes: the database itself refuses, for each kind of thing."""

import asyncio
from contextlib import nullcontext, suppress
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import delete, insert, update
from sqlalchemy.exc import DBAPIError
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from booking.models import Allocation, Reservation, State
from booking.periods import Period
from booking.rules import Taken
from booking_world import Fleet, at, between


async def raw(
    db: AsyncSession, fleet: Fleet, code: str, period: Period, quantity: int = 1, state: State = State.CONFIRMED
) -> Reservation:
    """A reservation written without asking Python anything."""
    unit, world = fleet.units[code], fleet.world
    made = Reservation(
        state=state,
        starts_at=period.starts,
        ends_at=period.ends,
        type_id=unit.type_id,
        quantity=quantity,
        person_id=world.bruno.id,
        payer_id=world.brioude.id,
        key=str(unit.id) + str(period.starts) + str(quantity) + state,
    )
    made.key = str(made.id)
    db.add(made)
    await db.flush()
    await db.execute(insert(Allocation).values(**_row(fleet, code, made, quantity)))
    return made


def _row(fleet: Fleet, code: str, made: Reservation, quantity: int = 1) -> dict[str, Any]:
    unit = fleet.units[code]
    return {
        "reservation_id": made.id,
        "unit_id": unit.id,
        "kind": unit.kind,
        "state": made.state,
        "starts_at": made.starts_at,
        "ends_at": made.ends_at,
        "quantity": quantity,
        "before_minutes": 0,
        "after_minutes": 0,
        "held_from": made.starts_at,
        "held_until": made.ends_at,
    }


async def written(fleet: Fleet, statement: Any) -> None:
    """Change the database past Python."""
    async with fleet.world.house.database.writing() as db:
        await db.execute(statement)


SLOT = between(8, 12)
KINDS = {"exclusive": ("N12", 1), "places": ("CF1", 5), "stock": ("CH1", 60), "kit": ("SC1", 1)}
each_kind = pytest.mark.parametrize(("code", "quantity"), KINDS.values(), ids=KINDS)


@each_kind
async def test_a_raw_insert_over_a_reservation_is_refused(fleet: Fleet, code: str, quantity: int) -> None:
    """Bruno has it from 8 to 12; someone with the keys of the database writes 11 to 13."""
    await fleet.reserve(fleet.world.bruno, code, SLOT, quantity)
    async with fleet.world.house.database.writing() as db:
        await raw(db, fleet, code, Period(at(10, 12), at(10, 13)), quantity)
    with pytest.raises(DBAPIError, match=r"allocation_(taken|alone)"):
        async with fleet.world.house.database.writing() as db:
            await raw(db, fleet, code, Period(at(10, 11), at(10, 13)), quantity)


@each_kind
@pytest.mark.parametrize(
    "change",
    [
        {"starts_at": SLOT.starts, "ends_at": SLOT.ends},
        {"ends_at": at(12, 12)},
        {"state": State.CONFIRMED, "starts_at": at(10, 9), "ends_at": at(10, 10)},
    ],
    ids=["moved", "extended", "moved within"],
)
async def test_a_raw_update_onto_a_reservation_is_refused(
    fleet: Fleet, code: str, quantity: int, change: dict[str, Any]
) -> None:
    """What is held follows what is written of a reservation: it cannot be moved or stretched over another."""
    await fleet.reserve(fleet.world.bruno, code, SLOT, quantity)
    await fleet.reserve(fleet.world.bruno, code, Period(at(12, 8), at(12, 12)), quantity)
    other = await fleet.reserve(fleet.world.bruno, code, Period(at(9, 8), at(9, 12)), quantity)
    with pytest.raises(DBAPIError, match=r"allocation_(taken|alone)"):
        async with fleet.world.house.database.writing() as db:
            await db.execute(update(Reservation).where(col(Reservation.id) == other.id).values(**change))
    async with fleet.world.house.database.writing() as db:
        free = {"starts_at": at(13, 8), "ends_at": at(13, 9)}
        await db.execute(update(Reservation).where(col(Reservation.id) == other.id).values(**free))


@each_kind
async def test_what_was_cancelled_cannot_be_written_back_over_another(fleet: Fleet, code: str, quantity: int) -> None:
    """A cancelled reservation lets go; a raw change of its state alone does not take the place back."""
    async with fleet.world.house.database.writing() as db:
        gone = await raw(db, fleet, code, SLOT, quantity, State.CANCELLED)
    await fleet.reserve(fleet.world.bruno, code, SLOT, quantity)
    with pytest.raises(DBAPIError, match=r"allocation_(taken|alone)"):
        async with fleet.world.house.database.writing() as db:
            await db.execute(update(Reservation).where(col(Reservation.id) == gone.id).values(state="confirmed"))


@pytest.mark.parametrize(
    "lie",
    [
        {"kind": "stock"},
        {"state": "cancelled"},
        {"starts_at": at(20, 8), "ends_at": at(20, 9)},
        {"quantity": 2},
    ],
    ids=["kind", "state", "period", "quantity"],
)
async def test_an_allocation_cannot_lie(fleet: Fleet, lie: dict[str, Any]) -> None:
    """Its kind is that of its unit, its state and its period those of its reservation."""
    made = await fleet.reserve(fleet.world.bruno, "N12", SLOT)
    with pytest.raises(DBAPIError):
        await written(fleet, update(Allocation).where(col(Allocation.reservation_id) == made.id).values(**lie))


async def test_what_is_held_is_computed_by_the_database(fleet: Fleet) -> None:
    """Whoever writes a shorter held period gets the true one, or a refusal."""
    async with fleet.world.house.database.writing() as db:
        made = await raw(db, fleet, "N12", SLOT)
    shorter = update(Allocation).where(col(Allocation.reservation_id) == made.id).values(held_until=at(10, 9))
    with suppress(DBAPIError):
        await written(fleet, shorter)
    async with fleet.world.reading() as db:
        assert (await db.get_one(Allocation, (made.id, fleet.units["N12"].id))).held_until == SLOT.ends


@pytest.mark.parametrize(("minutes", "is_free"), [(89, False), (90, True)])
async def test_buffers_are_held_and_not_lent(fleet: Fleet, minutes: int, is_free: bool) -> None:
    """The minibus is cleaned for an hour after each use, and prepared for half an hour before the next."""
    await fleet.reserve(fleet.world.bruno, "MB1", SLOT)
    starts = SLOT.ends + timedelta(minutes=minutes)
    with nullcontext() if is_free else pytest.raises(Taken):
        await fleet.reserve(fleet.world.awa, "MB1", Period(starts, at(10, 18)))


async def test_a_raw_insert_meets_the_buffers_of_others(fleet: Fleet) -> None:
    """Whoever writes past Python may forget their own buffers, not those of the reservation that is there."""
    await fleet.reserve(fleet.world.bruno, "MB1", SLOT)
    with pytest.raises(DBAPIError, match=r"allocation_(taken|alone)"):
        async with fleet.world.house.database.writing() as db:
            await raw(db, fleet, "MB1", Period(at(10, 12, 59), at(10, 15)))
    async with fleet.world.house.database.writing() as db:
        await raw(db, fleet, "MB1", Period(at(10, 13), at(10, 15)))


async def test_places_are_not_refused_because_they_are_scattered(fleet: Fleet) -> None:
    """Eight places: five in the morning, five in the afternoon, and three all day long are never more than eight."""
    await fleet.reserve(fleet.world.bruno, "CF1", between(8, 12), 5)
    await fleet.reserve(fleet.world.bruno, "CF1", between(12, 18), 5)
    await fleet.reserve(fleet.world.awa, "CF1", between(8, 18), 3)
    with pytest.raises(DBAPIError, match="allocation_taken"):
        async with fleet.world.house.database.writing() as db:
            await raw(db, fleet, "CF1", between(11, 13), 1)


async def test_a_kit_takes_its_parts_and_gives_them_back(fleet: Fleet) -> None:
    """The stage goes with its deck and twelve of twenty rails; alone, the deck is not free any more."""
    stage = await fleet.reserve(fleet.world.bruno, "stage", SLOT)
    assert await fleet.holds(stage) == ["GC1", "PL1", "SC1"]
    with pytest.raises(DBAPIError, match=r"allocation_(taken|alone)"):
        async with fleet.world.house.database.writing() as db:
            await raw(db, fleet, "PL1", between(10, 11))
    with pytest.raises(DBAPIError, match="allocation_taken"):
        async with fleet.world.house.database.writing() as db:
            await raw(db, fleet, "GC1", between(10, 11), 9)
    async with fleet.world.house.database.writing() as db:
        await raw(db, fleet, "GC1", between(10, 11), 8)
    part = delete(Allocation).where(col(Allocation.unit_id) == fleet.units["PL1"].id)
    with pytest.raises(DBAPIError, match="allocation_kit"):
        await written(fleet, part)
    async with fleet.world.house.database.writing() as db:
        await db.execute(update(Reservation).where(col(Reservation.id) == stage.id).values(state="cancelled"))
        await raw(db, fleet, "PL1", between(10, 11))


async def test_a_kit_whose_part_is_elsewhere_is_refused(fleet: Fleet) -> None:
    """Someone has the deck: the stage cannot be had, not even by who writes in the database."""
    await fleet.reserve(fleet.world.bruno, "PL1", between(11, 14))
    with pytest.raises(DBAPIError, match=r"allocation_(taken|alone)"):
        async with fleet.world.house.database.writing() as db:
            await raw(db, fleet, "SC1", SLOT)


@pytest.mark.parametrize("home", [pytest.param("postgres", marks=pytest.mark.postgres)])
async def test_two_units_never_wait_for_each_other(fleet: Fleet) -> None:
    """Awa's reservation of one nacelle is not yet saved; Bruno's of the other is made meanwhile, to the end."""
    world = fleet.world
    async with asyncio.timeout(30), world.working(world.awa) as work:
        await fleet.take(work, "N12", SLOT)
        await work.seal()
        made = await fleet.reserve(world.bruno, "N18", SLOT)
        assert await fleet.holds(made) == ["N18"]
