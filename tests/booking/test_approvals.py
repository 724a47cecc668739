"""Requests that await whoever keeps the equipment: found, granted, refused, too late, and told."""

import asyncio
from datetime import timedelta

import httpx
import pytest
from sqlalchemy import text, update
from sqlmodel import col

from booking import service
from booking.approvals import queries
from booking.asks import Borrowing
from booking.models import Reservation, State
from booking_world import Fleet, between
from entente.app import worker_of
from entente.clock import now
from entente.outbox import Task

SLOT = between(8, 12)
PAGE = "/reservations/a-approuver"


def _says(answer: httpx.Response, status: int, *sentences: str) -> None:
    assert answer.status_code == status, answer.text[:500]
    page = answer.text.replace("&nbsp;", "\u00a0").replace("&#39;", "'")
    for sentence in sentences:
        assert sentence in page, f"{sentence!r} is not in the answer"


@pytest.fixture
async def requested(fleet: Fleet) -> Reservation:
    """Bruno asks for the nacelle, for a school: Camille must say yes."""
    async with fleet.world.house.database.writing() as db:
        await db.execute(text("UPDATE resource_type SET needs_approval = true WHERE slug = 'nacelle'"))
    fleet.types["nacelle"].needs_approval = True
    return await _request(fleet, "N12", "demande")


async def _request(fleet: Fleet, what: str, key: str) -> Reservation:
    async with fleet.world.working(fleet.world.bruno) as work:
        borrowing = Borrowing(fleet.world.brioude.id, key, "Élagage", "École Jean-Moulin")
        return await service.reserve(work, fleet.ask(what, SLOT), borrowing)


async def _lapse(fleet: Fleet) -> None:
    """The hold of every request ends, and the worker sees to it."""
    async with fleet.world.house.database.writing() as db:
        await db.execute(update(Reservation).values(held_until=now() - timedelta(seconds=1)))
        await db.execute(update(Task).where(col(Task.kind) == service.EXPIRE).values(due_at=now()))
    worker = worker_of(fleet.world.house)
    worker.errands = {}
    while await worker.work_once():
        pass


async def test_a_keeper_finds_what_is_to_be_decided(fleet: Fleet, requested: Reservation) -> None:
    """Camille reads what, when, for whom and who pays, today and in her list; Awa and Bruno have nothing to decide."""
    world = fleet.world
    async with world.browser(world.camille) as browser:
        for address in (PAGE, "/"):
            _says(
                await browser.get(address),
                200,
                *("À approuver", "Nacelle N12", "Bruno Chassagne", "au compte de Brioude", "École Jean-Moulin"),
                *("à décider avant le", "Élagage"),
            )
        _says(await browser.get("/reservations"), 200, 'À approuver <span class="count">1</span>')
    async with world.browser(world.awa) as browser:
        _says(await browser.get(PAGE), 200, "Vous ne gardez pas de matériel")
        assert "À approuver" not in (await browser.get("/")).text
    async with world.browser(world.bruno) as browser:
        assert "Nacelle N12" not in (await browser.get(PAGE)).text


async def test_the_list_costs_as_much_with_three_as_with_one(fleet: Fleet, requested: Reservation) -> None:
    counts = []
    for number in range(2):
        async with fleet.world.reading() as db:
            with fleet.world.counting() as asked:
                found = await queries.pending(db, fleet.world.camille)
        counts.append((len(found), len(asked)))
        if not number:
            await _request(fleet, "N18", "autre")
    assert counts == [(1, 2), (2, 2)]


async def test_a_request_is_granted_from_the_list(fleet: Fleet, requested: Reservation) -> None:
    """Camille accepts, and is back in her list, which is empty; the history says who."""
    world = fleet.world
    async with world.browser(world.camille) as browser:
        done = await browser.post(f"/reservations/{requested.id}/approbation", data={"then": "list"})
        assert (done.status_code, done.headers["location"]) == (303, PAGE)
        _says(await browser.get(PAGE), 200, "La demande est acceptée.", "Rien à approuver")
        _says(
            await browser.get(f"/reservations/{requested.id}"),
            200,
            *("Camille Rey", "a accepté la demande", "état\u00a0: en attente d’accord → confirmée"),
        )


async def test_a_refusal_says_why(fleet: Fleet, requested: Reservation) -> None:
    """Without a reason nothing is refused; with one, Bruno reads it and the slot is free."""
    world = fleet.world
    async with world.browser(world.camille) as browser:
        address = f"/reservations/{requested.id}/refus"
        _says(await browser.post(address, data={"why": " ", "then": "list"}), 422, "Dites pourquoi")
        assert (await fleet.again(requested)).state == State.REQUESTED
        done = await browser.post(address, data={"why": "Contrôle ce jour-là", "then": "list"})
        assert done.headers["location"] == PAGE
    async with world.browser(world.bruno) as browser:
        _says(await browser.get(f"/reservations/{requested.id}"), 200, "refusée", "Contrôle ce jour-là")
    await fleet.reserve(world.awa, "N12", SLOT)


async def test_two_approvals_at_once_make_one(fleet: Fleet, requested: Reservation) -> None:
    """The second reads that it is done, when and by whom: 409."""

    async def approve() -> httpx.Response:
        async with fleet.world.browser(fleet.world.camille) as browser:
            return await browser.post(f"/reservations/{requested.id}/approbation", data={"then": "list"})

    one, other = sorted(await asyncio.gather(approve(), approve()), key=lambda each: each.status_code)
    assert one.status_code == 303
    _says(other, 409, "Cette réservation est déjà confirmée le", "par Camille Rey")


async def test_an_approval_of_what_was_withdrawn_is_refused(fleet: Fleet, requested: Reservation) -> None:
    async with fleet.world.working(fleet.world.bruno) as work:
        await service.cancel(work, await work.db.get_one(Reservation, requested.id))
    async with fleet.world.browser(fleet.world.camille) as browser:
        _says(await browser.post(f"/reservations/{requested.id}/approbation"), 409, "a été annulée", "Bruno Chassagne")


async def test_only_the_keeper_decides(fleet: Fleet, requested: Reservation) -> None:
    """Denise reads the request of her commune, and may not grant it; Awa does not even see it."""
    statuses = []
    for who in (fleet.world.denise, fleet.world.awa):
        async with fleet.world.browser(who) as browser:
            statuses.append((await browser.post(f"/reservations/{requested.id}/approbation")).status_code)
    assert statuses == [403, 404]
    assert (await fleet.again(requested)).state == State.REQUESTED


@pytest.mark.parametrize("rival", [True, False], ids=["taken", "free"])
async def test_what_lapsed_is_granted_only_if_still_free(fleet: Fleet, requested: Reservation, rival: bool) -> None:
    """The hold ended; Camille may still accept, unless Awa has taken the nacelle meanwhile."""
    await _lapse(fleet)
    assert (await fleet.again(requested)).state == State.EXPIRED
    if rival:
        await fleet.reserve(fleet.world.awa, "N12", SLOT)
    async with fleet.world.browser(fleet.world.camille) as browser:
        _says(await browser.get(PAGE), 200, "Restées sans réponse", "Nacelle N12")
        answer = await browser.post(f"/reservations/{requested.id}/approbation", data={"then": "list"})
    if rival:
        _says(answer, 409, "La place a été prise entre-temps")
    assert (await fleet.again(requested)).state == (State.EXPIRED if rival else State.CONFIRMED)


async def test_every_change_is_told_with_before_and_after(fleet: Fleet, requested: Reservation) -> None:
    """Camille moves and cancels: the page says who, what it was and what it became."""
    world = fleet.world
    async with world.working(world.camille) as work:
        row = await work.db.get_one(Reservation, requested.id)
        await service.move(work, row, fleet.ask("N12", between(14, 16)), why="Vent le matin")
        await service.cancel(work, row, "Tempête")
    async with world.browser(world.bruno) as browser:
        page = (await browser.get(f"/reservations/{requested.id}")).text.replace("&nbsp;", "\u00a0")
    for words in (
        "a fait la demande",
        "8\u00a0h\u00a000 → ",
        "14\u00a0h\u00a000",
        "Vent le matin",
        "en attente d’accord → annulée",
        "Tempête",
    ):
        assert words in page
    assert page.count("<b>Camille Rey</b>") == 2


async def test_each_unit_has_a_label_that_opens_its_page(fleet: Fleet) -> None:
    """The sheet of the depot holds one code per unit, each with the unit's own address."""
    from booking.labels.views import code_of

    async with fleet.world.browser(fleet.world.bruno) as browser:
        _says(await browser.get("/reservations/etiquettes"), 200, "Ateliers", "9\u00a0étiquettes")
        sheet = await browser.get(f"/reservations/etiquettes/{fleet.depot.id}")
    for unit in fleet.units.values():
        assert unit.code in sheet.text
        assert code_of(f"http://entente.test/reservations/unites/{unit.id}") in sheet.text
