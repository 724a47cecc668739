"""Inspections: what falls due, by date or by the meter; past it a unit is not lent; nobody is reminded twice."""

from datetime import date, timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import select, text, update
from sqlmodel import col

from booking.fleet.models import Unit
from booking.inspections import queries, rules, service
from booking.inspections.models import Inspection
from booking.inspections.rules import Due, Reading, Stage
from booking.inspections.service import REMIND, Wish
from booking.rules import Taken
from booking_world import Fleet, between
from entente import mail
from entente.app import worker_of
from entente.clock import now
from entente.outbox import Task
from entente.rules import Invalid, Refused

TODAY = date(2026, 11, 22)


def _says(answer: httpx.Response, status: int, *sentences: str) -> None:
    assert answer.status_code == status, answer.text[:500]
    for sentence in sentences:
        assert sentence in answer.text.replace("&nbsp;", "\u00a0"), f"{sentence!r} is not in the answer"


def _in(days: int) -> date:
    return queries.today() + timedelta(days=days)


async def _demand(fleet: Fleet, due: Due, code: str = "N12", **more: int) -> Inspection:
    async with fleet.world.working(fleet.world.camille) as work:
        unit = await work.db.get_one(Unit, fleet.units[code].id)
        return await service.demand(work, unit, Wish("VGP", due, **more))


async def _read(fleet: Fleet, hours: int, on: date | None = None) -> None:
    async with fleet.world.working(fleet.world.camille) as work:
        await service.read_meter(work, await work.db.get_one(Unit, fleet.units["N12"].id), hours, on or _in(0))


async def _remind(fleet: Fleet) -> list[dict[str, Any]]:
    """Every reminder that waits is due and runs; the mails that are left."""
    async with fleet.world.house.database.writing() as db:
        await db.execute(update(Task).where(col(Task.kind) == REMIND).values(due_at=now() - timedelta(minutes=1)))
    worker = worker_of(fleet.world.house)
    worker.errands, worker.tasks = {REMIND: worker.errands[REMIND]}, {}
    while await worker.work_once():
        pass
    async with fleet.world.reading() as db:
        found = await db.execute(select(Task).where(col(Task.kind) == mail.MAIL).order_by(col(Task.id)))
        return [task.payload for task in found.scalars()]


@pytest.mark.parametrize(
    ("due", "meter", "stage"),
    [
        (Due(TODAY - timedelta(days=1), None), None, Stage.OVERDUE),
        (Due(TODAY, None), None, Stage.WEEK),
        (Due(TODAY + timedelta(days=7), None), None, Stage.WEEK),
        (Due(TODAY + timedelta(days=8), None), None, Stage.MONTH),
        (Due(TODAY + timedelta(days=90), None), None, Stage.QUARTER),
        (Due(TODAY + timedelta(days=91), None), None, Stage.LATER),
        (Due(None, 2500), Reading(TODAY, 2500), Stage.OVERDUE),
        (Due(TODAY + timedelta(days=91), 2500), Reading(TODAY, 2301), Stage.WEEK),
        (Due(None, 2500), None, Stage.LATER),
    ],
    ids=["late", "today", "7", "8", "90", "91", "meter", "near", "unread"],
)
def test_how_near_it_is(due: Due, meter: Reading | None, stage: Stage) -> None:
    """By the day or by the meter, whichever is nearer; the due day itself is still in time."""
    assert rules.stage_of(due, meter, TODAY) == stage


@pytest.mark.parametrize(
    ("day", "months", "later"),
    [
        (date(2026, 8, 31), 6, date(2027, 2, 28)),
        (date(2027, 8, 31), 6, date(2028, 2, 29)),
        (date(2026, 12, 15), 12, date(2027, 12, 15)),
        (date(2026, 11, 30), 1, date(2026, 12, 30)),
    ],
    ids=["february", "leap", "year", "december"],
)
def test_six_months_after_the_last_of_august_is_the_last_of_february(day: date, months: int, later: date) -> None:
    """A month that is too short gives its last day."""
    assert rules.months_later(day, months) == later


async def test_past_its_day_a_unit_is_not_lent_until_it_is_done(fleet: Fleet) -> None:
    """Due in ten days: that day Bruno has it, the next he does not; done, with its report, he has it again."""
    world = fleet.world
    made = await _demand(fleet, Due(_in(10), None))
    await fleet.reserve(world.bruno, "N12", between(8, 12, after=9))
    with pytest.raises(Taken, match="un contrôle est à faire avant"):
        await fleet.reserve(world.bruno, "N12", between(8, 12, after=12))
    here = f"/reservations/controles/{made.id}/fait"
    form = {"done_on": _in(0).isoformat(), "next_on": _in(180).isoformat(), "reference": "Apave 2026-118"}
    async with world.browser(world.camille) as camille:
        _says(await camille.get("/reservations/controles"), 200, "Nacelle N12", "dans 30 jours")
        _says(await camille.get(here), 200, "Noter le contrôle")
        _says(await camille.post(here, data={**form, "next_on": ""}), 422, "pour quel jour", "Apave 2026-118")
        _says(await camille.post(here, data={**form, "done_on": _in(1).isoformat()}), 422, "pas encore venu")
        _says(await camille.post(here, data={**form, "next_on": _in(-1).isoformat()}), 422, "vient après le contrôle")
        assert (await camille.post(here, data=form)).status_code == 303
        _says(await camille.get(f"/reservations/unites/{fleet.units['N12'].id}/controles"), 200, "Apave 2026-118")
    await fleet.reserve(world.bruno, "N12", between(8, 12, after=12))


async def test_past_its_hours_a_unit_is_not_lent_from_that_day(fleet: Fleet) -> None:
    """At 250 h: at 249.9 it is lent, at 250 it is not, and the meter never goes back."""
    world = fleet.world
    made = await _demand(fleet, Due(None, 2500))
    await _read(fleet, 2499)
    await fleet.reserve(world.bruno, "N12", between(8, 12))
    await _read(fleet, 2500)
    with pytest.raises(Taken, match="contrôle"):
        await fleet.reserve(world.bruno, "N12", between(14, 16))
    page = f"/reservations/unites/{fleet.units['N12'].id}"
    async with world.browser(world.camille) as camille:
        back = await camille.post(f"{page}/compteur", data={"hours": "249", "read_on": _in(0).isoformat()})
        _says(back, 422, "il ne recule pas (250\u00a0h déjà relevées)", 'value="249"')
        _says(await camille.post(f"{page}/compteur", data={"hours": "beaucoup"}), 422, "Écrivez des heures")
        here, form = f"/reservations/controles/{made.id}/fait", {"done_on": _in(0).isoformat()}
        _says(await camille.post(here, data={**form, "next_hours": "250"}), 422, "Le compteur marque déjà 250")
        assert (await camille.post(here, data={**form, "next_hours": "500"})).status_code == 303
    await fleet.reserve(world.bruno, "N12", between(14, 16))


async def test_of_two_inspections_the_first_to_fall_due_decides(fleet: Fleet) -> None:
    """In ten days and in twenty: ten; the first is no longer asked: twenty; nothing asked, nothing limits."""
    first, second = await _demand(fleet, Due(_in(10), None)), await _demand(fleet, Due(_in(20), None))

    async def until() -> date | None:
        async with fleet.world.reading() as db:
            return (await db.get_one(Unit, fleet.units["N12"].id)).usable_until

    assert await until() == _in(10)
    for made, left in ((first, _in(20)), (second, None)):
        async with fleet.world.browser(fleet.world.camille) as camille:
            assert (await camille.post(f"/reservations/controles/{made.id}/arret")).status_code == 303
            assert (await camille.post(f"/reservations/controles/{made.id}/arret")).status_code == 404
        assert await until() == left


async def test_whoever_keeps_it_is_reminded_once_of_each_threshold(fleet: Fleet) -> None:
    """90, 30 and 7 days before, the day itself and the day after: five mails to Camille, however often it runs."""
    await _demand(fleet, Due(_in(100), None))
    first = await _remind(fleet)
    assert {each["to"] for each in first} == {"camille@aubrac.example"}
    assert [each["subject"] for each in first].count("Contrôle à faire\u00a0: Nacelle N12") == 4
    assert "n’est plus prêtée tant qu’il n’est pas noté" in first[-1]["body"]
    async with fleet.world.house.database.writing() as db:
        await db.execute(text("UPDATE task SET done_at = NULL WHERE kind = :kind").bindparams(kind=REMIND))
    assert await _remind(fleet) == first


async def test_what_was_done_meanwhile_is_not_told(fleet: Fleet) -> None:
    """Done before its reminders come: only those of the next time are written."""
    made = await _demand(fleet, Due(_in(100), None))
    async with fleet.world.working(fleet.world.camille) as work:
        row = await work.db.get_one(Inspection, made.id)
        await service.do(work, row, _in(0), Due(_in(20), None))
    told = await _remind(fleet)
    assert len(told) == 3
    assert all(rules.due_words(Due(_in(20), None)) in each["body"] for each in told)


async def test_a_meter_that_nears_its_limit_is_told_once(fleet: Fleet) -> None:
    """At 235 h of 250, at 240, then at 251: near once, passed once."""
    await _demand(fleet, Due(None, 2500))
    for hours in (2350, 2400, 2510):
        await _read(fleet, hours)
    subjects = [each["subject"].partition("\u00a0:")[0] for each in await _remind(fleet)]
    assert sorted(subjects) == ["Contrôle dépassé", "Contrôle à faire"]


async def test_only_whoever_keeps_it_has_it_inspected(fleet: Fleet) -> None:
    """Bruno is refused at every door, and sees none of it in his list."""
    made = await _demand(fleet, Due(_in(10), None))
    page = f"/reservations/unites/{fleet.units['N12'].id}"
    async with fleet.world.browser(fleet.world.bruno) as bruno:
        for door in (f"{page}/controles", f"/reservations/controles/{made.id}/fait"):
            assert (await bruno.get(door)).status_code == 403
            due = {
                "name": "VGP",
                "due_on": _in(5).isoformat(),
                "done_on": _in(0).isoformat(),
                "next_on": _in(9).isoformat(),
            }
            assert (await bruno.post(door, data=due)).status_code == 403
        assert (await bruno.post(f"{page}/compteur", data={"hours": "3"})).status_code == 403
        assert (await bruno.post(f"/reservations/controles/{made.id}/arret")).status_code == 403
        _says(await bruno.get("/reservations/controles"), 200, "Vous ne gardez pas de matériel")
    with pytest.raises(Refused):
        async with fleet.world.working(fleet.world.bruno) as work:
            await service.stop(work, await work.db.get_one(Inspection, made.id))


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"name": " "}, "Nommez le contrôle"),
        ({"due_on": "", "due_hours": ""}, "pour quel jour, ou à combien d’heures"),
        ({"due_on": "2027-02-30"}, "Cette date n’existe pas"),
        ({"due_hours": "1,55"}, "un chiffre après la virgule au plus"),
        ({"every_months": "0"}, "entre 1 et 120"),
    ],
    ids=["name", "due", "date", "hours", "months"],
)
async def test_what_is_wrong_is_said(fleet: Fleet, typed: dict[str, str], sentence: str) -> None:
    """The form comes back as it was typed."""
    form = {"name": "VGP annuelle", "due_on": _in(9).isoformat(), **typed}
    async with fleet.world.browser(fleet.world.camille) as camille:
        page = f"/reservations/unites/{fleet.units['N12'].id}/controles"
        _says(await camille.post(page, data=form), 422, sentence)


@pytest.mark.parametrize("count", [1, 3])
async def test_the_list_asks_as_many_questions_however_many_fall_due(fleet: Fleet, count: int) -> None:
    """One inspection or three."""
    for code in ("N12", "N18", "MB1")[:count]:
        await _demand(fleet, Due(_in(10), None), code)
    async with fleet.world.reading() as db:
        with fleet.world.counting() as seen:
            assert len(await queries.due_for(db, fleet.world.camille)) == count
    assert len(seen) == 2


async def test_an_inspection_without_any_due_date_is_refused(fleet: Fleet) -> None:
    """Neither a day nor hours."""
    with pytest.raises(Invalid, match="due_on"):
        await _demand(fleet, Due(None, None))
