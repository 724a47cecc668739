"""When a depot is shut: hours, closed days, public and school holidays; and a unit never smaller than what is held."""

import asyncio
from datetime import date
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import update
from sqlmodel import col, select

from booking.depots import queries, schools, service, typed
from booking.depots.models import SchoolHoliday, Zone
from booking.fleet import service as fleet_service
from booking.fleet.models import Depot, Unit
from booking.rules import Taken, Unfit
from booking_world import Fleet, between, day
from entente.rules import Conflict, Invalid, Refused

SAMPLE = (Path(__file__).parent / "samples" / "zone-a.ics").read_bytes().replace(b"\n", b"\r\n")
WORKDAYS = {f"day-{number}": "07:30-12:00, 13h30 à 17h" for number in range(7)}


def _says(answer: httpx.Response, status: int, *sentences: str) -> None:
    assert answer.status_code == status, answer.text[:500]
    for sentence in sentences:
        assert sentence in answer.text.replace("&nbsp;", "\u00a0"), f"{sentence!r} is not in the answer"


def _here(fleet: Fleet) -> str:
    return f"/reservations/depots/{fleet.depot.id}"


async def _bring(fleet: Fleet, content: bytes = SAMPLE, zone: Zone = Zone.A) -> service.Brought:
    async with fleet.world.working(fleet.world.camille) as work:
        return await service.bring(work, zone, content)


async def test_the_hours_of_the_week_are_typed_and_hold(fleet: Fleet) -> None:
    """Half past seven to noon, half past one to five: at one nothing is handed over; an empty week is any hour."""
    world = fleet.world
    async with world.browser(world.camille) as camille:
        assert (await camille.post(f"{_here(fleet)}/horaires", data=WORKDAYS)).status_code == 303
        _says(await camille.get(_here(fleet)), 200, 'value="07:30-12:00, 13:30-17:00"')
        wrong = await camille.post(f"{_here(fleet)}/horaires", data={"day-0": "matin", "day-1": "12:00-08:00"})
        _says(wrong, 422, "Lundi\u00a0: écrivez les heures ainsi", "Mardi\u00a0: la fermeture", 'value="matin"')
    with pytest.raises(Taken, match="le dépôt ouvre"):
        await fleet.reserve(world.bruno, "N12", between(13, 15))
    async with world.browser(world.camille) as camille:
        assert (await camille.post(f"{_here(fleet)}/horaires", data={})).status_code == 303
    await fleet.reserve(world.bruno, "N12", between(13, 15))


@pytest.mark.parametrize("written", ["8-12", "08:00-25:00", "08:00-12:00, 11:00-14:00", "08:00-08:00", "08:00"])
def test_hours_that_cannot_be_are_refused(written: str) -> None:
    """No colon, no such hour, overlapping, empty, without an end."""
    with pytest.raises(ValueError, match=r"Écrivez|chevauchent|fermeture"):
        typed.spans_of(written)


async def test_closed_days_are_refused_by_name_and_forgotten(fleet: Fleet) -> None:
    """Two days of inventory over Bruno’s: his stays and is counted, Awa is refused; reopened, she has it."""
    world = fleet.world
    await fleet.reserve(world.bruno, "N12", between(8, 12))
    form = {"since": f"{day(10)}", "last": f"{day(11)}", "why": "Inventaire"}
    async with world.browser(world.camille) as camille:
        closed = await camille.post(f"{_here(fleet)}/fermetures", data=form)
        page = await camille.get(closed.headers["location"])
        _says(page, 200, "1\u00a0réservation y commence ou s’y termine", "Inventaire")
        for wrong, sentence in (
            ({"last": f"{day(9)}"}, "vient après le premier"),
            ({"since": f"{day(-9)}", "last": f"{day(-8)}"}, "sont passés"),
            ({"last": f"{day(999)}"}, "366 jours au plus"),
            ({"why": " "}, "Dites pourquoi"),
            ({"since": ""}, "à partir de quel jour"),
        ):
            _says(await camille.post(f"{_here(fleet)}/fermetures", data={**form, **wrong}), 422, sentence)
        with pytest.raises(Taken, match="Inventaire"):
            await fleet.reserve(world.awa, "N12", between(14, 16, after=11))
        (closure,) = await _closures(fleet)
        assert (await camille.post(f"/reservations/fermetures/{closure}/retrait")).status_code == 303
        assert (await camille.post(f"/reservations/fermetures/{closure}/retrait")).status_code == 404
    await fleet.reserve(world.awa, "N12", between(14, 16, after=11))


async def _closures(fleet: Fleet) -> list[Any]:
    async with fleet.world.reading() as db:
        return [each.id for each in await queries.closures_of(db, fleet.depot.id)]


async def test_the_ministry_s_file_is_read_once(fleet: Fleet) -> None:
    """Six periods of zone A, two days of school passed over; the same file again changes nothing."""
    assert await _bring(fleet) == (6, 0, 0, 0, 2)
    assert await _bring(fleet) == (0, 0, 6, 0, 2)
    moved = SAMPLE.replace(b"20270410", b"20270403").replace(b"20270426", b"20270419")
    assert await _bring(fleet, moved) == (0, 1, 5, 0, 2)
    async with fleet.world.reading() as db:
        found = await queries.vacations(db, date(2026, 12, 1), date(2027, 5, 1))
        assert len((await db.exec(select(SchoolHoliday))).all()) == 6
    assert found[0].words == ("Vacances de Noël (zone\u00a0A), du 19\u00a0décembre 2026 au 3\u00a0janvier 2027")
    assert found[-1].since == date(2027, 4, 3)


def test_what_is_wrong_in_a_file_is_counted_and_the_rest_kept() -> None:
    """A date that is none, an end before its beginning, no title: three wrong, and three periods."""
    wrong = (
        SAMPLE.replace(b"20261017", b"2026xx17").replace(b"20270301", b"20270201").replace(b"Pont de l'Ascension", b"")
    )
    read = schools.read(wrong, Zone.A)
    assert (len(read.spans), read.wrong, read.passed) == (3, 3, 2)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "n’est pas un calendrier"),
        (b"bonjour", "n’est pas un calendrier"),
        (b"\xff\xfe\x00", "n’est pas un calendrier"),
        (SAMPLE[:-30], "n’est pas un calendrier"),
        (b"BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n", "aucun jour de vacances"),
        (b"x" * 500_001, "500\u00a0Ko"),
    ],
    ids=["empty", "words", "bytes", "cut", "nothing", "heavy"],
)
def test_a_file_that_is_no_calendar_is_refused(content: bytes, sentence: str) -> None:
    """Whatever it holds, the refusal is in French."""
    with pytest.raises(Invalid) as refused:
        schools.read(content, Zone.A)
    assert sentence in refused.value.errors["file"]


async def test_school_holidays_are_seen_and_close_a_depot_by_choice(fleet: Fleet) -> None:
    """Holidays in ten days: noted on the plan and in the search; they close the depot once Camille says so."""
    world = fleet.world
    since, until = day(9), day(16)
    event = f"DTSTART;VALUE=DATE:{since:%Y%m%d}\r\nDTEND;VALUE=DATE:{until:%Y%m%d}\r\nSUMMARY:Vacances d’essai\r\n"
    file = (
        f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VEVENT\r\nUID:1\r\n{event}END:VEVENT\r\nEND:VCALENDAR\r\n"
    )
    when = {"day": f"{day(10)}", "start": "08:00", "last_day": f"{day(10)}", "end": "12:00"}
    async with world.browser(world.camille) as camille:
        sent = {"file": ("zone-a.ics", file.encode(), "text/calendar")}
        page = "/reservations/depots/vacances"
        _says(await camille.post(page, data={"zone": "D"}, files=sent), 422, "Choisissez la zone")
        _says(await camille.post(page, data={"zone": "A"}), 422, "Choisissez le fichier")
        assert (await camille.post(page, data={"zone": "A"}, files=sent)).status_code == 303
        _says(await camille.get("/reservations/depots"), 200, "Vacances d’essai")
        _says(await camille.get(f"/reservations/planning?le={day(10)}"), 200, "Vacances scolaires", "Vacances d’essai")
        _says(await camille.get("/reservations", params=when), 200, "Vacances d’essai (zone\u00a0A)")
        await fleet.reserve(world.bruno, "N12", between(8, 12))
        days = f"{_here(fleet)}/jours"
        _says(await camille.post(days, data={"vacations": "1"}), 422, "Choisissez la zone dont")
        assert (await camille.post(days, data={"holidays": "1", "zone": "A", "vacations": "1"})).status_code == 303
        with pytest.raises(Taken, match="Vacances d’essai"):
            await fleet.reserve(world.bruno, "N12", between(14, 16))
        assert (await camille.post(days, data={"holidays": "1", "zone": "A"})).status_code == 303
    await fleet.reserve(world.bruno, "N12", between(14, 16))


@pytest.mark.parametrize("act", ["horaires", "jours", "fermetures"])
async def test_only_whoever_keeps_a_depot_changes_it(fleet: Fleet, act: str) -> None:
    """Bruno reads its hours, and is refused at every other door."""
    form = {"since": f"{day(10)}", "why": "Fête"}
    async with fleet.world.browser(fleet.world.bruno) as bruno:
        _says(await bruno.get(_here(fleet)), 200, "Remise et retour")
        assert (await bruno.post(f"{_here(fleet)}/{act}", data=form)).status_code == 403
    with pytest.raises(Refused):
        async with fleet.world.working(fleet.world.bruno) as work:
            await service.bring(work, Zone.A, SAMPLE)


async def test_hours_of_two_managers_at_once_are_those_of_one(fleet: Fleet) -> None:
    """Two weeks saved together: one of them whole, never a mixture."""

    async def save(hours: tuple[int, int]) -> None:
        async with fleet.world.working(fleet.world.camille) as work:
            depot = await work.db.get_one(Depot, fleet.depot.id)
            await service.set_hours(work, depot, {number: [hours] for number in range(5)})

    await asyncio.gather(save((480, 720)), save((540, 780)))
    async with fleet.world.reading() as db:
        found = await queries.hours_of(db, fleet.depot.id)
    assert len({tuple(each) for each in found.values()}) == 1
    assert all(len(each) == 1 for each in found.values())


# How small a unit may become.


async def _resize(fleet: Fleet, code: str, capacity: int) -> None:
    async with fleet.world.working(fleet.world.camille) as work:
        await fleet_service.resize(work, await work.db.get_one(Unit, fleet.units[code].id), capacity)


async def test_a_cold_room_is_never_smaller_than_what_is_held_of_it(fleet: Fleet) -> None:
    """Three places and two more at once: to four is refused with the figure and the date, to five is not."""
    await fleet.reserve(fleet.world.bruno, "CF1", between(8, 12), 3)
    await fleet.reserve(fleet.world.awa, "CF1", between(10, 14), 2)
    with pytest.raises(Unfit) as refused:
        await _resize(fleet, "CF1", 4)
    assert "5 sont réservées le" in refused.value.errors["capacity"]
    assert "10\u00a0h\u00a000" in refused.value.errors["capacity"]
    await _resize(fleet, "CF1", 5)
    with pytest.raises(Taken):
        await fleet.reserve(fleet.world.bruno, "CF1", between(11, 12), 1)
    await _resize(fleet, "CF1", 6)
    await fleet.reserve(fleet.world.bruno, "CF1", between(11, 12), 1)


async def test_the_database_itself_refuses_a_smaller_unit(fleet: Fleet) -> None:
    """A raw UPDATE that bypasses Python; what is over does not count."""
    made = await fleet.reserve(fleet.world.bruno, "CF1", between(8, 12), 3)
    shrink = update(Unit).where(col(Unit.id) == fleet.units["CF1"].id).values(capacity=2)
    with pytest.raises(Exception, match="allocation_taken"):
        async with fleet.world.house.database.writing() as db:
            await db.execute(shrink)
    past = {"starts_at": between(8, 12, after=-9).starts, "ends_at": between(8, 12, after=-9).ends}
    async with fleet.world.house.database.writing() as db:
        await db.execute(update(type(made)).where(col(type(made).id) == made.id).values(**past))
        await db.execute(shrink)


async def test_a_smaller_unit_and_a_reservation_at_once_never_both(fleet: Fleet) -> None:
    """The room is made smaller while Bruno takes all of it: one of the two is refused."""
    told = await asyncio.gather(
        _resize(fleet, "CF1", 4), fleet.reserve(fleet.world.bruno, "CF1", between(8, 12), 8), return_exceptions=True
    )
    assert sum(isinstance(each, Unfit | Conflict) for each in told) == 1


async def test_only_whoever_keeps_it_and_only_what_is_counted(fleet: Fleet) -> None:
    """A nacelle has no capacity; Bruno changes none."""
    with pytest.raises(Invalid, match="capacity"):
        await _resize(fleet, "N12", 2)
    with pytest.raises(Refused):
        async with fleet.world.working(fleet.world.bruno) as work:
            await fleet_service.resize(work, await work.db.get_one(Unit, fleet.units["CF1"].id), 9)


async def test_the_page_of_a_capacity_refuses_with_the_figure(fleet: Fleet) -> None:
    """Camille types less than what is held, then words, then enough; Bruno has no such page."""
    await fleet.reserve(fleet.world.bruno, "CF1", between(8, 12), 3)
    page = f"/reservations/unites/{fleet.units['CF1'].id}/contenance"
    async with fleet.world.browser(fleet.world.camille) as camille, fleet.world.browser(fleet.world.bruno) as bruno:
        _says(await camille.get(page), 200, "3\u00a0places sont réservées")
        _says(await camille.post(page, data={"capacity": "2"}), 422, "3 sont réservées le", 'value="2"')
        _says(await camille.post(page, data={"capacity": "dix"}), 422, "Entre 1 et")
        assert (await camille.post(page, data={"capacity": "3"})).status_code == 303
        assert (await bruno.get(page)).status_code == 403
        assert (await bruno.post(page, data={"capacity": "9"})).status_code == 403
