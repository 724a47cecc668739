"""Who must agree, one after the other: in time, late, in somebody's place, and anew when the request changes."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import text, update
from sqlalchemy.exc import IntegrityError
from sqlmodel import col

from booking import service
from booking.approvals import queries
from booking.approvals.absences import service as absences
from booking.approvals.levels import service as levels
from booking.approvals.models import Level, Said, Step
from booking.asks import Borrowing
from booking.models import Reservation, State
from booking_world import Fleet, between, day
from entente.app import worker_of
from entente.clock import now
from entente.outbox import Task
from entente.people.models import Function, FunctionKind
from entente.people.who import Who
from entente.rules import Conflict, Refused
from world import LONG_AGO

SLOT = between(8, 12)
KEEPER, DGS = FunctionKind.GESTIONNAIRE, FunctionKind.DGS


@pytest.fixture
async def chained(fleet: Fleet) -> Fleet:
    """A nacelle asks for its keeper's agreement, Camille's, then for that of the DGS of Aubrac, Inès."""
    world = fleet.world
    type_ = fleet.types["nacelle"]
    async with world.house.database.writing() as db:
        await db.execute(text("UPDATE resource_type SET needs_approval = true WHERE slug = 'nacelle'"))
        db.add_all(
            [
                Level(type_id=type_.id, number=1, function=KEEPER, minutes=600),
                Level(type_id=type_.id, number=2, function=DGS, minutes=1200),
                Function(person_id=world.ines.id, organisation_id=world.aubrac.id, kind=DGS, since=LONG_AGO),
            ]
        )
    type_.needs_approval = True
    world.people["ines"] = await world.again(world.ines)
    return fleet


async def _request(fleet: Fleet, what: str = "N12", key: str = "demande") -> Reservation:
    async with fleet.world.working(fleet.world.bruno) as work:
        return await service.reserve(work, fleet.ask(what, SLOT), Borrowing(fleet.world.brioude.id, key))


async def _say(fleet: Fleet, who: Who, made: Reservation, verb: str = "approve", *more: Any) -> None:
    async with fleet.world.working(who) as work:
        await getattr(service, verb)(work, await work.db.get_one(Reservation, made.id), *more)


async def _steps(fleet: Fleet, made: Reservation) -> Sequence[tuple[int, str | None, str]]:
    async with fleet.world.reading() as db:
        return [(each.level, each.said, each.by) for each in await queries.story(db, made.id)]


async def _late(fleet: Fleet) -> None:
    """What is due was due a moment ago, and the worker sees to it."""
    async with fleet.world.house.database.writing() as db:
        await db.execute(update(Reservation).values(held_until=now() - timedelta(seconds=1)))
        await db.execute(update(Task).where(col(Task.kind) == service.EXPIRE).values(due_at=now()))
    worker = worker_of(fleet.world.house)
    worker.errands = {}
    while await worker.work_once():
        pass


async def test_each_level_agrees_in_turn(chained: Fleet) -> None:
    """Camille's yes puts the request to Inès, and holds the slot for as long as she has; hers confirms it."""
    world = chained.world
    made = await _request(chained)
    first = made.held_until
    with pytest.raises(Refused):
        await _say(chained, world.denise, made)
    await _say(chained, world.camille, made)
    asked = await chained.again(made)
    assert asked.state == State.REQUESTED
    assert asked.held_until
    assert first
    assert timedelta(hours=9) < asked.held_until - first < timedelta(hours=11)
    await _say(chained, world.ines, made)
    assert (await chained.again(made)).state == State.CONFIRMED
    assert await _steps(chained, made) == [(1, Said.APPROVED, "Camille Rey"), (2, Said.APPROVED, world.ines.name)]


async def test_the_second_level_waits_for_its_turn_and_reads_the_chain(chained: Fleet) -> None:
    """Inès sees nothing to decide before Camille's yes, and then who said what; the mayor of the payer only reads."""
    world = chained.world
    made = await _request(chained)
    async with world.browser(world.ines) as browser:
        assert "Nacelle N12" not in (await browser.get("/reservations/a-approuver")).text
        await _say(chained, world.camille, made)
        assert "Nacelle N12" in (await browser.get("/reservations/a-approuver")).text
        page = (await browser.get(f"/reservations/{made.id}")).text
    for words in ("Accords", "Camille Rey", "a accepté, le", "DGS du propriétaire", "doit répondre avant le"):
        assert words in page
    assert "Accepter la demande" in page
    async with world.browser(world.denise) as browser:
        assert "Accepter la demande" not in (await browser.get(f"/reservations/{made.id}")).text


async def test_two_approvals_of_one_level_at_once_make_one(chained: Fleet) -> None:
    """The second is told that it was answered, by whom: 409; it does not count for the next level."""
    world, made = chained.world, await _request(chained)

    async def approve() -> httpx.Response:
        async with world.browser(world.camille) as browser:
            return await browser.post(f"/reservations/{made.id}/approbation", data={"step": "1"})

    one, other = sorted(await asyncio.gather(approve(), approve()), key=lambda each: each.status_code)
    assert (one.status_code, other.status_code) == (303, 409)
    assert "a déjà reçu une réponse le" in other.text.replace("&#39;", "'")
    assert [said for _, said, _ in await _steps(chained, made)] == [Said.APPROVED, None]


async def test_a_late_level_passes_the_request_on_then_lets_go(chained: Fleet) -> None:
    """Nobody answers: the DGS is asked, then the slot is free, and she may still grant it late."""
    made = await _request(chained)
    await _late(chained)
    assert (await chained.again(made)).state == State.REQUESTED
    assert [said for _, said, _ in await _steps(chained, made)] == [Said.LATE, None]
    await _late(chained)
    assert (await chained.again(made)).state == State.EXPIRED
    await _say(chained, chained.world.ines, made)
    assert (await chained.again(made)).state == State.CONFIRMED


async def test_a_person_named_for_that_is_asked_when_it_is_late(chained: Fleet) -> None:
    """Awa answers for the first level; then comes the second."""
    world = chained.world
    async with world.house.database.writing() as db:
        await db.execute(update(Level).where(col(Level.number) == 1).values(late_id=world.awa.id))
    made = await _request(chained)
    await _late(chained)
    with pytest.raises(Conflict, match="a déjà reçu une réponse"):
        await _say(chained, world.camille, made)
    await _say(chained, world.awa, made)
    assert await _steps(chained, made) == [(1, Said.LATE, ""), (1, Said.APPROVED, world.awa.name), (2, None, "")]


@pytest.mark.parametrize("begins", [0, 1], ids=["today", "tomorrow"])
async def test_a_colleague_answers_in_the_place_of_whoever_is_away(chained: Fleet, begins: int) -> None:
    """Camille delegates to Awa: from the first day of her absence, and the page says in whose place."""
    world, made = chained.world, await _request(chained)
    async with world.working(world.camille) as work:
        await absences.delegate(work, world.awa.id, day(begins) + timedelta(days=begins), day(begins + 2))
    async with world.browser(world.awa) as browser:
        answer = await browser.post(f"/reservations/{made.id}/approbation")
        if begins:
            assert answer.status_code == 404
            return
        page = (await browser.get(f"/reservations/{made.id}")).text
    assert answer.status_code == 303
    assert f"par délégation de {world.camille.name}" in page


async def test_a_delegation_taken_back_ends_at_once(chained: Fleet) -> None:
    world, made = chained.world, await _request(chained)
    form = {"stand_in": str(world.awa.id), "since": f"{day(0)}", "last": f"{day(2)}"}
    async with world.browser(world.camille) as browser:
        assert (await browser.post("/reservations/absences", data={**form, "last": "2020-01-01"})).status_code == 422
        stranger = {**form, "stand_in": str(world.bruno.id)}
        assert (await browser.post("/reservations/absences", data=stranger)).status_code == 422
        assert (await browser.post("/reservations/absences", data=form)).status_code == 303
        page = (await browser.get("/reservations/absences")).text
        assert f"Je délègue à {world.awa.name} du" in page
        end = page.partition("/reservations/absences/")[2].partition("/fin")[0]
        async with world.browser(world.awa) as other:
            assert (await other.post(f"/reservations/absences/{end}/fin")).status_code == 404
        assert (await browser.post(f"/reservations/absences/{end}/fin")).status_code == 303
    async with world.browser(world.awa) as browser:
        assert (await browser.post(f"/reservations/{made.id}/approbation")).status_code == 404


async def test_a_request_that_moves_is_put_anew_and_holds_its_slot_anew(chained: Fleet) -> None:
    """Bruno's dates change after Camille's yes: she is asked again, and the hold never outlasts the new beginning."""
    made = await _request(chained)
    await _say(chained, chained.world.camille, made)
    sooner = between(8, 12, after=1)
    async with chained.world.working(chained.world.bruno) as work:
        await service.move(work, await work.db.get_one(Reservation, made.id), chained.ask("N12", sooner))
    moved = await chained.again(made)
    assert moved.state == State.REQUESTED
    assert moved.held_until
    assert now() + timedelta(hours=1) < moved.held_until <= sooner.starts
    assert [(level, said) for level, said, _ in await _steps(chained, made)] == [
        (1, Said.APPROVED),
        (2, Said.DROPPED),
        (1, None),
    ]


async def test_what_no_longer_may_be_lent_is_not_granted(chained: Fleet) -> None:
    """Its inspection falls due before the dates: the last yes is refused, and nothing is answered."""
    made = await _request(chained)
    await _say(chained, chained.world.camille, made)
    async with chained.world.house.database.writing() as db:
        await db.execute(text("UPDATE unit SET usable_until = :day WHERE code = 'N12'"), {"day": _sql(chained, 2)})
    with pytest.raises(Conflict, match="ne se prête plus"):
        await _say(chained, chained.world.ines, made)
    assert [said for _, said, _ in await _steps(chained, made)] == [Said.APPROVED, None]


def _sql(fleet: Fleet, after: int) -> object:
    return day(after).isoformat() if fleet.world.house.settings.is_embedded else day(after)


async def test_a_keeper_sets_the_chain_of_a_type(fleet: Fleet) -> None:
    """Camille asks for two agreements; a wrong delay comes back as typed; Bruno may not; none is no approval."""
    world, address = fleet.world, "/reservations/types/nacelle/accords"
    form = {"whom-1": "gestionnaire", "hours-1": "48", "late-1": "", "whom-2": str(world.awa.id), "hours-2": "24"}
    async with world.browser(world.bruno) as browser:
        assert (await browser.post(address, data=form)).status_code == 404
    async with world.browser(world.camille) as browser:
        wrong = await browser.post(address, data={**form, "hours-2": "beaucoup"})
        assert (wrong.status_code, "beaucoup" in wrong.text) == (422, True)
        assert (await browser.post(address, data=form)).status_code == 303
        assert world.awa.name in (await browser.get(address)).text
        async with world.reading() as db:
            type_ = await db.get_one(type(fleet.types["nacelle"]), fleet.types["nacelle"].id)
            assert [each.minutes for each in await queries.chain_of(db, type_)] == [2880, 1440]
        assert (await browser.post(address, data={**form, "whom-1": ""})).status_code == 303
    assert (await fleet.reserve(world.bruno, "N12", SLOT)).state == State.CONFIRMED
    assert levels.read(type_, {"whom-1": ""}, set()) == []


async def test_one_open_question_per_request_is_kept_by_the_database(chained: Fleet) -> None:
    made = await _request(chained)
    with pytest.raises(IntegrityError):
        async with chained.world.house.database.writing() as db:
            db.add(Step(reservation_id=made.id, number=2, round=1, level=2, function=DGS, due_at=now()))
