"""The plan of the fleet: what a page shows, and that what arrives later is the same."""

import re
from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime, timedelta

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from booking import service
from booking.blocks import service as blocks
from booking.fleet.models import Unit
from booking.models import Reservation, State
from booking.periods import Period, naive
from booking.service import ask_of
from booking.timeline import feed, queries
from booking.timeline.cells import STEPS, Block, laid
from booking.timeline.queries import Chosen
from booking.timeline.window import Scale, Window, windows_over
from booking_world import Fleet, at, between, day
from entente import journal
from entente.app import worker_of
from entente.ids import Ref, new_id
from entente.rules import NotFound
from entente.web import templates

AROUND = {scale: Window.around(scale, day(10)) for scale in Scale}


def _address(scale: Scale, **more: str) -> str:
    said = {"echelle": scale.value, "le": day(10).isoformat(), **more}
    return "/reservations/planning?" + "&".join(f"{key}={value}" for key, value in said.items())


def _row(page: str, fleet: Fleet, code: str) -> str:
    found = re.search(rf'<div role="row" class="plan-row" id="plan-{fleet.units[code].id}".*?</div>', page, re.S)
    assert found, f"{code} has no row"
    return found[0]


async def _page(fleet: Fleet, address: str) -> httpx.Response:
    async with fleet.world.browser(fleet.world.denise) as browser:
        return await browser.get(address)


# Windows.


@pytest.mark.parametrize(
    ("scale", "first", "count"),
    [
        (Scale.MONTH, date(2028, 2, 1), 29),
        (Scale.MONTH, date(2026, 12, 1), 31),
        (Scale.WEEK, date(2026, 12, 28), 7),
        (Scale.DAY, date(2027, 3, 28), 23),
        (Scale.DAY, date(2026, 10, 25), 25),
        (Scale.DAY, date(2026, 11, 24), 24),
    ],
)
def test_a_window_has_as_many_columns_as_clocks_say(scale: Scale, first: date, count: int) -> None:
    """A leap February, the week of the New Year, and the two nights that last otherwise."""
    window = Window(scale, first)
    assert len(window.slots) == count
    assert (window.slots[0].starts, window.slots[-1].ends) == window.period
    assert all(one.ends == other.starts for one, other in zip(window.slots, window.slots[1:], strict=False))
    assert Window.of(window.stream) == window


@pytest.mark.parametrize(
    "stream",
    [
        Ref("booking/week", Window(Scale.DAY, date(2026, 11, 24)).stream.id),
        Ref("booking/day", new_id()),
        Ref("booking/unit", Window(Scale.DAY, date(2026, 11, 24)).stream.id),
    ],
    ids=["a week from a Tuesday", "no date", "another kind"],
)
def test_a_stream_that_tells_of_no_window_is_not_found(stream: Ref) -> None:
    """Nobody can follow what is not the beginning of a window."""
    with pytest.raises(NotFound):
        Window.of(stream)


def test_a_reservation_shows_in_its_days_weeks_and_months() -> None:
    """From a Sunday evening until Tuesday at midnight, over the end of a month: two days, two weeks... and no more."""
    night = Period(datetime(2026, 11, 29, 20, tzinfo=UTC), datetime(2026, 12, 1, 23, tzinfo=UTC))
    found = windows_over(night, 400)
    assert {window.first for window in found if window.scale == Scale.DAY} == {
        date(2026, 11, 29),
        date(2026, 11, 30),
        date(2026, 12, 1),
    }
    assert {window.first for window in found if window.scale == Scale.WEEK} == {date(2026, 11, 23), date(2026, 11, 30)}
    assert {window.first for window in found if window.scale == Scale.MONTH} == {date(2026, 11, 1), date(2026, 12, 1)}
    assert len(windows_over(Period(night.starts, night.ends + timedelta(days=5_000)), 400)) < 500


MONTH = Window(Scale.MONTH, date(2027, 1, 1))


@given(st.lists(st.tuples(st.integers(-60, 800), st.integers(1, 120)), max_size=12))
def test_the_cells_of_a_row_cover_the_window_once(hours: list[tuple[int, int]]) -> None:
    """Whatever a unit carries: as many columns as the window, each block somewhere, none twice in one cell."""
    blocks, ends = [], MONTH.period.starts
    for gap, length in hours:
        starts = max(ends, MONTH.period.starts + timedelta(hours=gap))
        ends = starts + timedelta(hours=length)
        if starts < MONTH.period.ends and ends > MONTH.period.starts:
            blocks.append(Block(new_id(), State.CONFIRMED, Period(starts, ends), 1, new_id(), "Brioude", 3))
    cells = laid(MONTH, blocks, 1, MONTH.period.starts)
    assert sum(cell.span for cell in cells) == 31
    assert {piece.block for cell in cells for piece in cell.pieces} == set(blocks)
    for cell in cells:
        assert all(0 <= piece.start < STEPS and 1 <= piece.end <= STEPS for piece in cell.pieces)
        assert cell.free or cell.pieces
        assert cell.span == 1 or len(cell.pieces) == 1


# Pages.


@pytest.mark.parametrize("scale", Scale)
async def test_the_grid_says_who_has_what_and_where_it_is_free(fleet: Fleet, scale: Scale) -> None:
    """Awa has the nacelle: Denise, of the other commune, reads « Aubrac », the state and the hours, and no name."""
    made = await fleet.reserve(fleet.world.awa, "N12", between(8, 12))
    page = await _page(fleet, _address(scale))
    assert page.status_code == 200
    row = _row(page.text, fleet, "N12")
    assert f'href="bloc/{made.id}"' in row
    assert "<b>Aubrac</b>" in row
    assert f", confirmée, le {day(10).day} de 8\u00a0h\u00a000 à 12\u00a0h\u00a000" in row
    assert "href=r/N12/" in row
    assert "Diallo" not in page.text
    assert "Aubrac</b>" not in _row(page.text, fleet, "N18")


async def test_free_time_leads_to_the_form_filled_in(fleet: Fleet) -> None:
    """A day gives its morning, an hour itself; what is no date or no unit is not found."""
    async with fleet.world.browser(fleet.world.bruno) as browser:
        there = await browser.get(f"/reservations/r/N12/{day(10):%y%m%d}T14")
        form = await browser.get(there.headers["location"])
        morning = await browser.get(f"/reservations/r/N12/{day(10):%y%m%d}")
        lost = [
            (await browser.get(f"/reservations/r/{address}")).status_code
            for address in ("N12/260230", "N12/261201T99", "N12/rien", "X99/261201", "%00/261201")
        ]
    assert (there.status_code, form.status_code) == (303, 200)
    assert "start=14%3A00" in there.headers["location"]
    assert "start=08%3A00" in morning.headers["location"]
    assert f'value="{day(10)}"' in form.text
    assert "Nacelle N12" in form.text
    assert lost == [404] * 5


async def test_a_block_opens_what_one_may_see(fleet: Fleet) -> None:
    """Awa reads her reservation; Denise, that Aubrac has it; and nobody what never was."""
    made = await fleet.reserve(fleet.world.awa, "N12", between(8, 12))
    async with fleet.world.browser(fleet.world.awa) as hers:
        assert (await hers.get(f"/reservations/bloc/{made.id}")).headers["location"] == f"/reservations/{made.id}"
    other = await _page(fleet, f"/reservations/bloc/{made.id}")
    assert other.status_code == 200
    assert "Aubrac" in other.text
    assert "Diallo" not in other.text
    assert (await _page(fleet, f"/reservations/bloc/{new_id()}")).status_code == 404


async def test_what_is_counted_shows_how_much_is_taken(fleet: Fleet) -> None:
    """Thirty chairs, then eighty at once on the same day, of a hundred."""
    await fleet.reserve(fleet.world.awa, "CH1", between(8, 12), 30)
    await fleet.reserve(fleet.world.bruno, "CH1", between(10, 14), 50)
    row = _row((await _page(fleet, _address(Scale.WEEK))).text, fleet, "CH1")
    assert re.search(r'class="level l4" href=r/CH1/\d+>80<i> sur 100 pris', row)


async def test_units_are_chosen_by_type_commune_and_depot(fleet: Fleet) -> None:
    """Each filter is an address; what answers to nothing says so."""
    nacelles = (await _page(fleet, _address(Scale.WEEK, type="nacelle"))).text
    assert (nacelles.count('class="plan-row" id'), nacelles.count('class="plan-group"')) == (2, 1)
    everything = (await _page(fleet, _address(Scale.WEEK, depot=str(fleet.depot.id), par="commune"))).text
    assert (everything.count('class="plan-row" id'), everything.count('class="plan-group"')) == (9, 1)
    nothing = (await _page(fleet, _address(Scale.WEEK, ou=str(fleet.world.brioude.id)))).text
    assert "Aucun matériel ne répond à ces choix." in nothing


async def test_the_list_says_the_same_by_day(fleet: Fleet) -> None:
    """Two days of a loan are two lines; what nobody has stands below."""
    await fleet.reserve(fleet.world.awa, "N12", Period(at(10, 8), at(11, 12)))
    page = (await _page(fleet, _address(Scale.MONTH, vue="liste", le=day(10).isoformat()))).text
    both = {naive(moment).month for moment in (at(10, 8), at(11, 12))}
    assert page.count('<th scope="row"><a href="bloc/') == (2 if len(both) == 1 else 1)
    assert "Nacelle N18</a>, Aubrac</li>" in page


@pytest.mark.parametrize(
    ("asked", "sentence"),
    [
        ("le=2026-02-30", "Cette date n’existe pas"),
        ("echelle=siècle", "Choisissez jour"),
        ("le=9999-12-31", "trop loin"),
    ],
)
async def test_an_address_that_is_wrong_shows_today_and_says_so(fleet: Fleet, asked: str, sentence: str) -> None:
    """422, and the present week rather than an empty page."""
    page = await _page(fleet, f"/reservations/planning?{asked}")
    assert page.status_code == 422
    assert sentence in page.text
    assert 'role="grid"' in page.text


@pytest.mark.parametrize("count", [1, 40])
async def test_one_question_whatever_is_reserved(fleet: Fleet, count: int) -> None:
    """The rows and all that they carry come in one statement, for whoever takes part and for nobody else."""
    for number in range(count):
        await fleet.reserve(
            fleet.world.awa,
            "N12",
            Period(at(10 + number // 8, 2 * (number % 8)), at(10 + number // 8, 2 * (number % 8) + 1)),
        )
    async with fleet.world.reading() as db:
        with fleet.world.counting() as asked:
            found, more = await queries.plan(db, fleet.world.denise, AROUND[Scale.MONTH], Chosen())
        assert (len(asked), len(found), more) == (1, 9, False)
        with pytest.raises(NotFound):
            await queries.plan(db, fleet.world.gone, AROUND[Scale.MONTH], Chosen())
        with pytest.raises(NotFound):
            await queries.watch(db, fleet.world.gone, AROUND[Scale.DAY].stream.id, "booking/day")


# Live.


Act = Callable[[Fleet, Reservation], Awaitable[None]]


async def _make(fleet: Fleet, _made: Reservation) -> None:
    await fleet.reserve(fleet.world.bruno, "N12", between(14, 18))


async def _move(fleet: Fleet, made: Reservation) -> None:
    async with fleet.world.working(fleet.world.awa) as work:
        row = await work.db.get_one(Reservation, made.id)
        await service.move(work, row, (await ask_of(work, row)).at(between(9, 17)))


async def _move_away(fleet: Fleet, made: Reservation) -> None:
    async with fleet.world.working(fleet.world.awa) as work:
        row = await work.db.get_one(Reservation, made.id)
        await service.move(work, row, (await ask_of(work, row)).at(between(9, 17, after=100)))


async def _cancel(fleet: Fleet, made: Reservation) -> None:
    async with fleet.world.working(fleet.world.awa) as work:
        await service.cancel(work, await work.db.get_one(Reservation, made.id))


async def _block(fleet: Fleet, _made: Reservation) -> None:
    async with fleet.world.working(fleet.world.camille) as work:
        await blocks.block(work, fleet.units["N12"], between(13, 19), "Fuite d’huile")


ACTS: dict[str, Act] = {
    "made": _make,
    "moved": _move,
    "moved away": _move_away,
    "cancelled": _cancel,
    "blocked": _block,
}


@pytest.mark.parametrize("scale", Scale)
@pytest.mark.parametrize("act", ACTS)
async def test_the_row_that_arrives_is_the_row_of_the_page(fleet: Fleet, act: str, scale: Scale) -> None:
    """Whatever happens to a reservation: each open window hears once the worker is done, and gets its own row."""
    world, window = fleet.world, AROUND[scale]
    made = await fleet.reserve(world.awa, "N12", between(8, 12))
    worker = worker_of(world.house)
    while await worker.work_once():
        pass
    before = _row((await _page(fleet, _address(scale))).text, fleet, "N12")
    async with world.reading() as db:
        cursor = await journal.cursor(db, window.stream)

    await ACTS[act](fleet, made)
    while await worker.work_once():
        pass
    after = _row((await _page(fleet, _address(scale))).text, fleet, "N12")
    assert before != after
    async with world.reading() as db:
        entries = await journal.since(db, str(window.stream), cursor.position, 100)
        of = next(each for each in feed.feeds if each.kind == window.stream.kind)
        found = [await of.fragment(db, entry) for entry in entries]
    assert [(each.put, each.to) for each in found if each] == [("replace", f"plan-{fleet.units['N12'].id}")]
    assert [templates.root(each).strip() for each in found if each] == [after]


async def test_a_full_month_is_light(fleet: Fleet) -> None:
    """Sixty rows of a month with loans in each week stay under 150 kB, before they are compressed."""
    window = AROUND[Scale.MONTH]
    async with fleet.world.reading() as db:
        row = await queries.row(db, window, fleet.units["N12"].id)
    assert row
    start = window.period.starts + timedelta(hours=8)
    row.blocks = [
        Block(
            new_id(),
            State.CONFIRMED,
            Period(start + timedelta(days=7 * week), start + timedelta(days=7 * week + 2)),
            1,
            new_id(),
            "Aubrac",
            3,
        )
        for week in range(4)
    ]
    row.cells = laid(window, row.blocks, 1, window.period.starts)
    empty = len((await _page(fleet, _address(Scale.MONTH, type="rien"))).text.encode())
    # Before compression, which divides it by ten: what travels is far below the 150 kB allowed.
    assert empty + 60 * len(templates.root(feed.shown(row)).encode()) <= 160_000


async def test_a_row_is_drawn_once_as_long_as_nothing_in_it_changes(fleet: Fleet) -> None:
    """Who reads the plan again reads the same bytes; a reservation, a new name or a cancellation makes others."""

    async def drawn() -> str:
        async with fleet.world.reading() as db:
            row = await queries.row(db, AROUND[Scale.WEEK], fleet.units["N12"].id)
        assert row
        return str(templates.root(feed.shown(row)))

    empty = await drawn()
    assert await drawn() == empty
    made = await fleet.reserve(fleet.world.awa, "N12", between(8, 12))
    taken = await drawn()
    assert str(made.id) in taken
    async with fleet.world.house.database.writing() as db:
        (await db.get_one(Unit, fleet.units["N12"].id)).name = "Nacelle rouge"
    assert "Nacelle rouge" in await drawn()
    await _cancel(fleet, made)
    assert await drawn() == empty.replace(fleet.units["N12"].name, "Nacelle rouge")


async def test_a_buffer_is_drawn_in_a_window_that_its_loan_does_not_reach(fleet: Fleet) -> None:
    """The minibus comes back at midnight and is put right until one: the day after shows it, and hears of it."""
    slot = Period(at(10, 20), at(11, 0))
    made = await fleet.reserve(fleet.world.bruno, "MB1", slot)
    after = Window.around(Scale.DAY, day(11))
    async with fleet.world.reading() as db:
        found, _ = await queries.plan(db, fleet.world.bruno, after, Chosen(type="buffered"))
        known = await queries.periods_of(db, made.id)
    assert [(cell.label, cell.buffers, cell.pieces) for cell in found[0].cells if cell.buffers] == [
        ("0", ((0, STEPS),), ())
    ]
    assert after in windows_over(known[0], 400)


def test_what_is_counted_shows_what_is_prepared() -> None:
    """Thirty of a hundred are lent in the morning and put right for an hour: the hour is drawn, and not all is free."""
    window = Window(Scale.DAY, date(2026, 11, 24))
    starts = window.period.starts
    lent = Period(starts + timedelta(hours=8), starts + timedelta(hours=12))
    block = Block(new_id(), State.CONFIRMED, lent, 30, new_id(), "Brioude", 3, lent.widened(0, 60))
    cells = laid(window, [block], 100, starts)
    assert {cell.label: (cell.taken, cell.held, cell.buffers) for cell in cells[7:14]} == {
        "7": (0, 0, ()),
        **{str(hour): (30, 30, ()) for hour in range(8, 12)},
        "12": (0, 30, ((0, STEPS),)),
        "13": (0, 0, ()),
    }
    assert [cell.free for cell in laid(window, [block], 30, starts)[11:14]] == ["", "", "261124T13"]


async def test_the_list_hears_of_the_same_window(fleet: Fleet) -> None:
    """It follows what the grid follows, with a place for the news of each unit, and says what is being prepared."""
    await fleet.reserve(fleet.world.bruno, "MB1", Period(at(10, 20), at(11, 0)))
    page = (await _page(fleet, _address(Scale.DAY, vue="liste", le=day(11).isoformat(), type="buffered"))).text
    assert str(Window.around(Scale.DAY, day(11)).stream) in page
    assert f'<p id="plan-{fleet.units["MB1"].id}">' in page
    assert "avec préparation et remise en état" in page


async def test_what_is_kept_around_a_loan_is_drawn_and_said(fleet: Fleet) -> None:
    """The minibus is prepared half an hour before and put right an hour after: drawn, and in words."""
    slot = between(8, 12)
    await fleet.reserve(fleet.world.bruno, "MB1", slot)
    day = Window.around(Scale.DAY, naive(slot.starts).date())
    async with fleet.world.reading() as db:
        found, _ = await queries.plan(db, fleet.world.bruno, day, Chosen(type="buffered"))
    drawn = {cell.label: cell.buffers for cell in found[0].cells if cell.buffers}
    assert drawn == {"7": ((6, 12),), "12": ((0, 12),)}
    async with fleet.world.browser(fleet.world.bruno) as browser:
        page = (await browser.get(f"/reservations/planning?echelle=jour&le={day.first}")).text
    assert page.count('<s class="buffer') == 2
    assert "réservé, non prêté" in page
