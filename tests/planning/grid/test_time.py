"""Days, hours and lanes: what the clocks of Paris say, whatever they do at night."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from planning.grid.blocks import Block, by_day, marked
from planning.grid.days import DAY, Span, View, midnight
from planning.grid.hours import QUARTERS, WIDEST, hours, lanes_of

NEVER = datetime(2000, 1, 1, tzinfo=UTC)


def _block(starts: datetime, minutes: int, **more: object) -> Block:
    return Block("Bureau", starts, starts + timedelta(minutes=minutes), "x", **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("view", "day", "first", "after", "following"),
    [
        (View.MONTH, date(2026, 11, 22), date(2026, 10, 26), date(2026, 12, 7), date(2026, 12, 1)),
        (View.MONTH, date(2027, 2, 28), date(2027, 2, 1), date(2027, 3, 1), date(2027, 3, 1)),
        (View.WEEK, date(2027, 1, 1), date(2026, 12, 28), date(2027, 1, 4), date(2027, 1, 4)),
        (View.DAY, date(2028, 2, 29), date(2028, 2, 29), date(2028, 3, 1), date(2028, 3, 1)),
        (View.YEAR, date(2028, 5, 2), date(2028, 1, 1), date(2029, 1, 1), date(2029, 1, 1)),
    ],
)
def test_a_view_shows_whole_days(view: View, day: date, first: date, after: date, following: date) -> None:
    """A month from its first Monday to its last Sunday; what comes next begins where it should."""
    span = Span.around(view, day)
    assert (span.first, span.after, span.following) == (first, after, following)
    assert len(span.days) == (after - first).days
    assert Span.around(view, span.previous).following == span.day


@pytest.mark.parametrize(
    ("day", "count", "labels"),
    [
        (date(2027, 3, 28), 23, ["0", "1", "3"]),
        (date(2026, 10, 25), 25, ["0", "1", "2", "2"]),
        (date(2026, 11, 24), 24, ["0", "1", "2"]),
    ],
)
def test_a_day_has_the_hours_it_has(day: date, count: int, labels: list[str]) -> None:
    """In two nights the clock jumps: a meeting at 14:00 stands at 14:00, and its hours are named one by one."""
    night = _block(midnight(day), 30)
    noon = midnight(day) + timedelta(hours=count - 10)
    shown = hours(by_day([night, _block(noon, 60)], [day]), NEVER)
    assert [label.partition("\u00a0")[0] for label in shown.labels[: len(labels)]] == labels
    placed = shown.columns[0].placed[1]
    assert shown.labels[placed.row // QUARTERS] == "14\u00a0h"
    assert placed.rows == QUARTERS


@pytest.mark.parametrize("sunday", [date(2027, 3, 28), date(2026, 10, 25)])
def test_a_week_is_read_on_the_clock_on_both_sides_of_a_change(sunday: date) -> None:
    """18:30 on Saturday, on the Sunday of the change and the Monday after stand on one line."""
    days = [sunday - DAY, sunday, sunday + DAY]
    evening = [_block(midnight(day + DAY) - timedelta(hours=5, minutes=30), 60) for day in days]
    shown = hours(by_day(evening, days), NEVER)
    assert {column.placed[0].row for column in shown.columns} == {int((18.5 - 8) * QUARTERS)}


def test_what_lasts_all_day_stands_above_the_hours() -> None:
    """An absence, and the middle of what lasts three days; its ends lie on the hours."""
    day = date(2026, 11, 24)
    long = _block(midnight(day - DAY) + timedelta(hours=20), 48 * 60)
    shown = hours(by_day([long, _block(midnight(day), 24 * 60, is_whole=True)], [day - DAY, day, day + DAY]), NEVER)
    assert [len(column.above) for column in shown.columns] == [0, 2, 0]
    assert [len(column.placed) for column in shown.columns] == [1, 0, 1]


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 90), st.integers(2, 20)), max_size=14))
def test_blocks_that_meet_never_lie_on_each_other(starts: list[tuple[int, int]]) -> None:
    """Each has a lane of its own among as many as its neighbours need."""
    rows = [(start, start + length) for start, length in starts]
    lanes = lanes_of(rows)
    for number, ((start, end), (lane, width)) in enumerate(zip(rows, lanes, strict=True)):
        assert lane < width <= len(rows)
        for (other, until), (beside, _) in zip(rows[:number], lanes[:number], strict=True):
            assert not (start < until and other < end and lane == beside)


def test_more_than_six_at_once_are_all_said() -> None:
    """Nine meetings at two o'clock: six beside each other, three above."""
    day = date(2026, 11, 24)
    nine = [_block(midnight(day) + timedelta(hours=14), 60, address=f"/{number}") for number in range(9)]
    column = hours(by_day(nine, [day]), NEVER).columns[0]
    assert (len(column.placed), len(column.above)) == (WIDEST, 3)
    assert {each.lanes for each in column.placed} == {WIDEST}


def test_ones_own_time_taken_twice_is_a_conflict() -> None:
    """Mine against mine, one hall twice; never what was called off, what only follows, or two strangers' meetings."""
    noon = datetime(2026, 11, 24, 11, tzinfo=UTC)
    hall = Span.around(View.DAY, noon.date())  # any object that is equal to itself
    mine, also = _block(noon, 60, is_mine=True), _block(noon + timedelta(minutes=59), 60, is_mine=True)
    after = _block(noon + timedelta(minutes=120), 60, is_mine=True)
    gone = _block(noon, 60, is_mine=True, sign="cancelled")
    theirs, same = _block(noon, 60, hall_id=hall), _block(noon, 30, hall_id=hall)
    said = [each.clashes for each in marked([mine, also, after, gone, theirs, same, _block(noon, 60)])]
    assert [len(each) for each in said] == [1, 1, 0, 0, 1, 1, 0]
    assert said[0] == ("en même temps que « Bureau »",)
    assert said[4] == ("dans la même salle que « Bureau »",)
