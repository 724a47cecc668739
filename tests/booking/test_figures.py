"""Figures of the fleet: what is counted, over which hours, and that nobody is named."""

from datetime import date, datetime, timedelta

import pytest
from sqlalchemy import update
from sqlmodel import col

from booking import service
from booking.figures import queries
from booking.figures.queries import Hours, open_spans
from booking.fleet.models import Closure, HandOver, ResourceType
from booking.fleet.opening import Opening
from booking.models import Reservation
from booking.periods import Period
from booking_world import Fleet, at, between, day
from entente.rules import NotFound

MORNINGS = Opening(dict.fromkeys(range(5), ((480, 720),)))


def test_open_hours_leave_out_holidays_closures_and_weekends() -> None:
    """The week of Christmas 2026: Friday is a holiday, Thursday the depot is shut; three mornings remain."""
    shut = Opening(MORNINGS.hours, ((date(2026, 12, 24), date(2026, 12, 25), "Réveillon"),))
    week = Hours(list(open_spans(shut, date(2026, 12, 21), date(2026, 12, 27))))
    assert week.minutes == 3 * 240
    assert (
        Hours(list(open_spans(Opening(is_open_on_holidays=True), date(2027, 3, 28), date(2027, 3, 28)))).minutes == 1380
    )


def test_only_the_part_in_open_hours_counts() -> None:
    """Taken from a Tuesday at 10 until the next day at 9: two hours of one morning, one of the other."""
    week = Hours(list(open_spans(MORNINGS, date(2026, 12, 14), date(2026, 12, 18))))
    assert week.shared(Period(_moment(15, 10), _moment(16, 9))) == 180
    assert week.shared(Period(_moment(15, 13), _moment(16, 7))) == 0


def _moment(of_december: int, hour: int) -> datetime:
    return queries._minute(date(2026, 12, of_december), hour * 60)


async def test_occupancy_and_use_add_up(fleet: Fleet) -> None:
    """Four hours of a nacelle in a day that is open for eight; half of the chairs for two; one request refused."""
    world = fleet.world
    async with world.house.database.writing() as db:
        db.add(HandOver(depot_id=fleet.depot.id, weekday=day(10).weekday(), opens=480, closes=960))
        await db.execute(update(ResourceType).where(col(ResourceType.slug) == "buffered").values(needs_approval=True))
        fleet.types["buffered"].needs_approval = True
    await fleet.reserve(world.awa, "N12", between(8, 12))
    await fleet.reserve(world.bruno, "CH1", between(14, 16), 50)
    asked = await fleet.reserve(world.bruno, "MB1", between(9, 11))
    async with world.working(world.camille) as work:
        await service.refuse(work, await work.db.get_one(Reservation, asked.id), "En panne")
    async with world.reading() as db:
        found = await queries.figures(db, world.denise, day(10), day(10))
        empty = await queries.figures(db, world.denise, day(12), day(12))
    units = {each.name: each for each in found.units}
    assert (units["Nacelle N12"].open_minutes, units["Nacelle N12"].rate) == (480, 0.5)
    assert (units["Chaises CH1"].used_minutes, units["Chaises CH1"].uses) == (60, 1)
    assert (units["Minibus MB1"].rate, units["Minibus MB1"].uses) == (0, 0)
    assert {each.name: (each.uses, each.minutes, each.unmet) for each in found.communes} == {
        "Aubrac": (1, 240, 0),
        "Brioude": (1, 120, 1),
    }
    assert (found.uses, found.unmet) == (2, 1)
    assert (empty.uses, empty.rate, len(empty.units)) == (0, None, 9)


async def test_what_begins_before_and_ends_after_counts_for_its_part(fleet: Fleet) -> None:
    """Three days taken, one of them counted; a depot without hours is open day and night, and shut when it says so."""
    async with fleet.world.house.database.writing() as db:
        db.add(Closure(depot_id=fleet.depot.id, since=day(14), until=day(15), why="Inventaire"))
    await fleet.reserve(fleet.world.awa, "N12", Period(at(9, 12), at(12, 12)))
    async with fleet.world.reading() as db:
        one = await queries.figures(db, fleet.world.denise, day(10), day(10))
        shut = await queries.figures(db, fleet.world.denise, day(14), day(14))
    assert next(each.rate for each in one.units if each.name == "Nacelle N12") == 1
    assert one.communes[0].minutes == 24 * 60
    assert next(each.rate for each in shut.units if each.name == "Nacelle N12") is None


async def test_as_many_questions_whatever_is_counted(fleet: Fleet) -> None:
    """One reservation or ten; and none for someone who has left."""
    counts = set()
    for number in range(2):
        for hour in range(9):
            await fleet.reserve(fleet.world.awa, "N12", between(hour, hour + 1, after=10 + number))
        async with fleet.world.reading() as db:
            with fleet.world.counting() as asked:
                await queries.figures(db, fleet.world.denise, day(0), day(30))
        counts.add(len(asked))
    assert counts == {6}
    async with fleet.world.reading() as db:
        with pytest.raises(NotFound):
            await queries.figures(db, fleet.world.gone, day(0), day(30))


async def test_pictures_and_files_say_what_the_page_says(fleet: Fleet) -> None:
    """The page, three pictures that run nothing, two files; no name of anybody anywhere."""
    await fleet.reserve(fleet.world.awa, "N12", between(8, 12))
    span = f"?du={day(0)}&au={day(30)}"
    async with fleet.world.browser(fleet.world.denise) as browser:
        page = await browser.get(f"/reservations/chiffres{span}")
        pictures = [
            await browser.get(f"/reservations/chiffres/{name}.svg{span}") for name in ("occupation", "usage", "refus")
        ]
        files = [await browser.get(f"/reservations/chiffres/{name}.csv{span}") for name in ("occupation", "usage")]
        lost = [(await browser.get(f"/reservations/chiffres/rien.{kind}")).status_code for kind in ("svg", "csv")]
    assert [each.status_code for each in (page, *pictures, *files)] == [200] * 6
    assert lost == [404, 404]
    for each in (page, *pictures, *files):
        assert "Diallo" not in each.text
    for picture in pictures:
        assert picture.headers["content-type"] == "image/svg+xml"
        assert "<script" not in picture.text
        assert "prefers-color-scheme:dark" in picture.text.replace(" ", "")
    assert "Nacelle N12" in pictures[0].text
    assert "\r\nAubrac;1;4;0\r\n" in files[1].text
    assert "Nacelle N12;Nacelle;Aubrac;" in files[0].text
    assert page.text.count('<img class="plot"') == 3


@pytest.mark.parametrize(
    ("asked", "sentence"),
    [
        ("du=2026-02-30", "Cette date n’existe pas"),
        (f"du={day(3)}&au={day(1)}", "La fin doit venir après le début"),
        (f"du={day(0)}&au={day(0) + timedelta(days=366)}", "366\u00a0jours à la fois"),
        ("du=0001-01-01", "dix ans au plus"),
    ],
    ids=["30 February", "backwards", "too long", "long ago"],
)
async def test_a_period_that_is_wrong_is_said_beside_the_field(fleet: Fleet, asked: str, sentence: str) -> None:
    """422, what was typed, and figures of the usual period meanwhile."""
    async with fleet.world.browser(fleet.world.denise) as browser:
        page = await browser.get(f"/reservations/chiffres?{asked}")
        assert page.status_code == 422
        assert sentence in page.text.replace("&nbsp;", "\u00a0")
        assert f'value="{asked.split("&")[0].partition("=")[2]}"' in page.text
        assert (await browser.get(f"/reservations/chiffres/usage.svg?{asked}")).status_code == 200
