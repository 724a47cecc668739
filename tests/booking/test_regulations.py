"""The règlement: nobody borrows before accepting its present version, and what was accepted stays known."""

import asyncio
import re
from dataclasses import replace

import httpx
import pytest
from sqlalchemy import func, update
from sqlmodel import col, select

from booking import service
from booking.asks import Borrowing
from booking.fleet.models import ResourceType
from booking.imports import service as imports
from booking.models import Reservation, State
from booking.periods import naive
from booking.queries import stream_of_unit
from booking.regulations import queries
from booking.regulations import service as regulations
from booking.regulations.gate import NotAccepted
from booking.regulations.models import Acceptance, Regulation
from booking.series import service as series
from booking.waiting import service as waiting
from booking_world import Fleet, between, day
from entente.people.who import Who
from entente.rules import Conflict, Invalid, Refused

SLOT = between(8, 12)
RULE = "FREQ=WEEKLY;COUNT=2"
WHEN = {"day": f"{day(10)}", "start": "08:00", "last_day": f"{day(10)}", "end": "12:00"}


async def _write(fleet: Fleet, code: str, body: str = "Port du **harnais**.", of_unit: bool = False) -> Regulation:
    """Camille publishes one, for the type of this unit or for the unit alone."""
    unit = fleet.units[code]
    async with fleet.world.working(fleet.world.camille) as work:
        return await regulations.begin(work, unit.owner_id, unit.type_id, unit if of_unit else None, body)


async def _again(fleet: Fleet, made: Regulation, body: str = "Port du harnais et du casque.") -> None:
    async with fleet.world.working(fleet.world.camille) as work:
        row = await work.db.get_one(Regulation, made.id)
        await regulations.publish(work, row, row.current, body, "Le casque")


async def _tick(fleet: Fleet, who: Who, made: Regulation, number: int = 1) -> None:
    async with fleet.world.working(who) as work:
        await regulations.accept_ticked(work, {f"accept-{made.id}": str(number)})


def _form(fleet: Fleet, **more: str) -> dict[str, str]:
    known = {"what": "nacelle", "unit": str(fleet.units["N12"].id), "quantity": "1", "key": "k", **WHEN}
    return {**known, "payer_id": str(fleet.world.brioude.id), "purpose": "Élagage de la place", **more}


def _says(answer: httpx.Response, status: int, *sentences: str) -> None:
    assert answer.status_code == status, answer.text[:500]
    for sentence in sentences:
        assert sentence in answer.text.replace("&nbsp;", "\u00a0"), f"{sentence!r} is not in the answer"


async def test_nothing_is_lent_before_its_reglement_is_accepted(fleet: Fleet) -> None:
    """Bruno reads it, forgets the box, is told which rule, ticks it, has it; Denise is asked for herself."""
    world = fleet.world
    made = await _write(fleet, "N12")
    async with world.browser(world.bruno) as bruno:
        page = await bruno.get("/reservations/nouvelle", params=_form(fleet))
        _says(page, 200, "Règlement de mise à disposition", "<strong>harnais</strong>", f'name="accept-{made.id}"')
        refused = await bruno.post("/reservations", data=_form(fleet))
        _says(refused, 422, "acceptez celui de «\u00a0Nacelle\u00a0», Aubrac", "Élagage de la place")
        assert "Ce que vous pouvez prendre à la place" not in refused.text
        taken = await bruno.post("/reservations", data=_form(fleet, **{f"accept-{made.id}": "1"}))
        assert taken.status_code == 303
        _says(await bruno.get("/reservations/nouvelle", params=_form(fleet)), 200, "Vous avez accepté")
    await fleet.reserve(world.bruno, "N18", SLOT)
    with pytest.raises(NotAccepted):
        await fleet.reserve(world.denise, "N12", between(14, 16))


async def test_a_refused_reservation_leaves_no_acceptance(fleet: Fleet) -> None:
    """The box is ticked, the nacelle is taken: nothing is kept but the tick in the form."""
    made = await _write(fleet, "N12")
    await fleet.reserve(fleet.world.camille, "N12", SLOT)
    async with fleet.world.browser(fleet.world.bruno) as bruno:
        refused = await bruno.post("/reservations", data=_form(fleet, **{f"accept-{made.id}": "1"}))
    _says(refused, 409, "ce n’est plus libre")
    assert re.search(rf'id="field-accept-{made.id}"[^>]* checked', refused.text)
    async with fleet.world.reading() as db:
        assert (await db.execute(select(func.count()).select_from(Acceptance))).scalar_one() == 0


async def test_a_new_version_asks_again_and_the_earlier_ones_are_read(fleet: Fleet) -> None:
    """Bruno accepted the first; the second is asked, a tick of the first is worth nothing, both are readable."""
    world = fleet.world
    made = await _write(fleet, "N12")
    await _tick(fleet, world.bruno, made)
    await fleet.reserve(world.bruno, "N12", SLOT)
    await _again(fleet, made)
    await _tick(fleet, world.bruno, made, 1)
    with pytest.raises(NotAccepted) as refused:
        await fleet.reserve(world.bruno, "N12", between(14, 16))
    assert "(version\u00a02)" in refused.value.errors[f"accept-{made.id}"]
    await _tick(fleet, world.bruno, made, 2)
    await fleet.reserve(world.bruno, "N12", between(14, 16))
    here = f"/reservations/reglements/{made.id}"
    async with world.browser(world.bruno) as bruno:
        _says(await bruno.get(here), 200, "casque", "Version 1", "Le casque")
        _says(await bruno.get(f"{here}/versions/1"), 200, "Cette version a été remplacée", "harnais")
        assert (await bruno.get(f"{here}/versions/3")).status_code == 404
        assert (await bruno.get(f"{here}/acceptations")).status_code == 403
    async with world.browser(world.camille) as camille:
        _says(await camille.get(f"{here}/acceptations"), 200, "2\u00a0acceptations", "Bruno Chassagne", "Brioude")
        lines = (await camille.get(f"{here}/acceptations.csv")).text.splitlines()
    assert [line.split(";")[1] for line in lines[1:]] == ["2", "1"]


async def test_that_of_a_unit_goes_before_that_of_its_type(fleet: Fleet) -> None:
    """The tall nacelle has its own: for it alone; withdrawn, that of all nacelles holds again."""
    world = fleet.world
    of_type, of_unit = await _write(fleet, "N18"), await _write(fleet, "N18", "Vérin fragile.", of_unit=True)
    async with world.reading() as db:
        units = {code: [fleet.units[code].id] for code in ("N12", "N18")}
        asked = {code: await queries.of_units(db, world.bruno.id, each) for code, each in units.items()}
    assert {code: [each.id for each in found] for code, found in asked.items()} == {
        "N12": [of_type.id],
        "N18": [of_unit.id],
    }
    async with world.working(world.camille) as work:
        await regulations.withdraw(work, await work.db.get_one(Regulation, of_unit.id))
    async with world.reading() as db:
        assert [each.id for each in await queries.of_units(db, world.bruno.id, units["N18"])] == [of_type.id]


async def test_what_a_kit_brings_is_accepted_with_it(fleet: Fleet) -> None:
    """The deck of the stage has a règlement: whoever takes the stage accepts it."""
    made = await _write(fleet, "PL1")
    with pytest.raises(NotAccepted, match=str(made.id)):
        await fleet.reserve(fleet.world.bruno, "SC1", SLOT)
    await _tick(fleet, fleet.world.bruno, made)
    await fleet.reserve(fleet.world.bruno, "SC1", SLOT)


async def test_a_series_says_so_at_once(fleet: Fleet) -> None:
    """Three mornings: not three conflicts, one règlement; accepted once for all of them."""
    world = fleet.world
    made = await _write(fleet, "N12")
    weekly = _form(fleet, repeat="FREQ=WEEKLY", times="3")
    async with world.browser(world.bruno) as bruno:
        _says(await bruno.post("/reservations", data=weekly), 422, "Règlement de mise à disposition", 'value="3"')
        assert (await bruno.post("/reservations", data={**weekly, f"accept-{made.id}": "1"})).status_code == 303
    with pytest.raises(NotAccepted):
        async with world.working(world.denise) as work:
            await series.reserve(work, fleet.ask("N18", SLOT), RULE, Borrowing(world.brioude.id, "serie"))


async def test_whoever_keeps_it_is_not_asked_nor_is_what_was_agreed_before(fleet: Fleet) -> None:
    """Camille writes one down and imports another; Bruno’s request of before is approved without a word."""
    world = fleet.world
    async with world.house.database.writing() as db:
        await db.execute(update(ResourceType).where(col(ResourceType.slug) == "nacelle").values(needs_approval=True))
    fleet.types["nacelle"].needs_approval = True
    asked = await fleet.reserve(world.bruno, "N12", SLOT)
    await _write(fleet, "N12")
    async with world.working(world.camille) as work:
        await service.approve(work, await work.db.get_one(Reservation, asked.id))
    await fleet.reserve(world.camille, "N18", SLOT)
    first, last = (f"{naive(each):%Y-%m-%d %H:%M}" for each in between(14, 16))
    async with world.working(world.camille) as work:
        (brought,) = await imports.bring(work, f"unite;debut;fin;payeur\nN12;{first};{last};Brioude\n")
    assert brought.state == State.CONFIRMED


async def test_what_the_waiting_list_offers_is_accepted_with_its_reglement(fleet: Fleet) -> None:
    """Bruno waited; the place is offered: its page shows the box, and without it he does not have the place."""
    world = fleet.world
    first = await fleet.reserve(world.camille, "N12", SLOT)
    async with world.working(world.bruno) as work:
        waits = await waiting.join(work, fleet.ask("N12", SLOT), Borrowing(world.brioude.id, "attente"))
    made = await _write(fleet, "N12")
    async with world.working(world.camille) as work:
        await service.cancel(work, await work.db.get_one(Reservation, first.id))
    async with world.working(None) as work:
        await waiting.offer(work, {"stream": str(stream_of_unit(fleet.units["N12"].id))})
    here = f"/reservations/{waits.id}"
    async with world.browser(world.bruno) as bruno:
        _says(await bruno.get(here), 200, "Une place s’est libérée", f'name="accept-{made.id}"')
        _says(await bruno.post(f"{here}/acceptation"), 422, "Règlement de mise à disposition")
        assert (await bruno.post(f"{here}/acceptation", data={f"accept-{made.id}": "1"})).status_code == 303
    assert (await fleet.again(waits)).state == State.CONFIRMED


async def test_only_whoever_keeps_it_writes_one_and_a_newer_version_is_not_overwritten(fleet: Fleet) -> None:
    """Bruno may not; an empty text is refused; over a version published meanwhile, what was typed comes back."""
    world, unit = fleet.world, fleet.units["N12"]
    with pytest.raises(Refused):
        async with world.working(world.bruno) as work:
            await regulations.begin(work, unit.owner_id, unit.type_id, None, "À moi")
    new = f"/reservations/reglements/nouveau?type=nacelle&owner={unit.owner_id}"
    async with world.browser(world.bruno) as bruno, world.browser(world.camille) as camille:
        assert (await bruno.get(new)).status_code == 403
        _says(await camille.get("/reservations/reglements"), 200, "Aucun règlement", "le type\u00a0: Nacelle, Aubrac")
        _says(await camille.get(new), 200, "Écrire le règlement")
        _says(await camille.post(new, data={"body": " "}), 422, "Écrivez le règlement")
        _says(await camille.post(new, data={"body": "a\n" * 1300}), 422, "trop long", "1\u202f300")
        here = (await camille.post(new, data={"body": "Un"})).headers["location"]
        assert (await camille.get(new)).headers["location"] == f"{here}/edition"
        _says(await bruno.get("/reservations/reglements"), 200, "1\u00a0règlement")
        assert (await camille.post(f"{here}/edition", data={"body": "Deux", "number": "1"})).status_code == 303
        late = await camille.post(f"{here}/edition", data={"body": "Trois", "number": "1"})
        _says(late, 409, "modifié ailleurs", "Trois", 'name="number" value="2"')
        assert (await camille.post(f"{here}/retrait")).status_code == 303
        _says(await bruno.get(here), 200, "Ce règlement est retiré")
    await fleet.reserve(world.bruno, "N12", SLOT)


@pytest.mark.parametrize(
    "asked",
    [
        "type=licorne",
        "unit=rien",
        "about=unit%3Dx",
        "type=deck&owner=00000000-0000-0000-0000-000000000000",
    ],
)
async def test_what_is_not_lent_has_no_reglement(fleet: Fleet, asked: str) -> None:
    """An address that names nothing finds nothing."""
    async with fleet.world.browser(fleet.world.camille) as camille:
        answer = await camille.get(f"/reservations/reglements/nouveau?{asked}", follow_redirects=True)
    assert answer.status_code == 404


async def test_two_ticks_at_once_are_one_acceptance(fleet: Fleet) -> None:
    """Bruno accepts in two windows; the database itself lets nobody change it later."""
    made = await _write(fleet, "N12")
    await asyncio.gather(*(_tick(fleet, fleet.world.bruno, made) for _ in range(3)))
    async with fleet.world.reading() as db:
        assert len(await queries.acceptances_of(db, made.id)) == 1
    with pytest.raises(Exception, match="append-only"):
        async with fleet.world.house.database.writing() as db:
            await db.execute(update(Acceptance).values(number=2))


async def test_two_first_versions_at_once_are_one(fleet: Fleet) -> None:
    """Two managers begin the same règlement: one of them is told."""
    told = await asyncio.gather(*(_write(fleet, "N12") for _ in range(2)), return_exceptions=True)
    assert [type(each) for each in told if isinstance(each, Exception)] == [Conflict]


@pytest.mark.parametrize("count", [1, 3])
async def test_the_form_asks_as_many_questions_however_many_reglements(fleet: Fleet, count: int) -> None:
    """One for each nacelle, and one for all: one question more than none."""
    for code, of_unit in (("N12", False), ("N12", True), ("N18", True))[:count]:
        await _write(fleet, code, of_unit=of_unit)
    with fleet.world.counting() as seen:
        async with fleet.world.reading() as db:
            await queries.of_units(db, fleet.world.bruno.id, [each.id for each in fleet.units.values()])
    assert len(seen) == 1


def test_a_reglement_not_accepted_is_a_rule_not_met() -> None:
    """It is shown in the form, beside its box."""
    assert issubclass(NotAccepted, Invalid)


async def test_what_one_moves_onto_asks_for_its_reglement_too(fleet: Fleet) -> None:
    """Bruno has the plain nacelle; the other one has a règlement that he has not accepted: moving is no way round."""
    world = fleet.world
    made = await fleet.reserve(world.bruno, "N12", SLOT)
    await _write(fleet, "N18", "Vérin fragile.", of_unit=True)
    async with world.working(world.bruno) as work:
        row = await work.db.get_one(Reservation, made.id)
        asked = replace(await service.ask_of(work, row), unit_id=fleet.units["N18"].id)
        with pytest.raises(NotAccepted):
            await service.move(work, row, asked)
