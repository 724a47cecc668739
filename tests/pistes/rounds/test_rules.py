"""Medians and quartiles of ordinal marks: always a level that somebody gave."""

from collections import Counter
from statistics import median_high, median_low

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pistes.criteria.sets import built_in
from pistes.rounds.models import Middle
from pistes.rounds.rules import spread


@pytest.mark.parametrize(
    ("marks", "middle", "expected"),
    [
        ([2], Middle.LOW, (2, 2, 2, 2, 2)),
        ([1, 3], Middle.LOW, (1, 1, 1, 3, 3)),
        ([1, 3], Middle.HIGH, (1, 1, 3, 3, 3)),
        ([1, 1, 2, 3, 4], Middle.LOW, (1, 1, 2, 3, 4)),
        ([1, 2, 2, 4], Middle.HIGH, (1, 1, 2, 2, 4)),
    ],
    ids=["one", "two low", "two high", "five", "four high"],
)
def test_the_median_of_an_even_number_is_the_declared_one(
    marks: list[int], middle: Middle, expected: tuple[int, ...]
) -> None:
    """Least, first quartile, median, third quartile, most."""
    found = spread(Counter(marks), middle)
    assert found
    assert found[1:6] == expected


def test_nobody_gave_any() -> None:
    """No mark, no median."""
    assert spread({}, Middle.LOW) is None
    assert spread({1: 0}, Middle.LOW) is None


@settings(max_examples=50, deadline=None)
@given(st.lists(st.integers(0, 4), min_size=1, max_size=40))
def test_what_is_computed_is_what_somebody_gave(marks: list[int]) -> None:
    """Both medians are those of the standard library; quartiles are in order and were given."""
    low, high = spread(Counter(marks), Middle.LOW), spread(Counter(marks), Middle.HIGH)
    assert low
    assert high
    assert (low.median, high.median) == (median_low(marks), median_high(marks))
    assert low.least <= low.first <= low.median <= high.median <= high.third <= high.most
    assert set(low[1:6]) | set(high[1:6]) <= set(marks)
    assert low.mean * len(marks) == sum(marks)


def test_steps_are_counted_on_the_scale() -> None:
    """From 1 to 3 there are two steps, whichever end is the best."""
    criterion = built_in("groupes_2014").criteria[0]
    found = spread({1: 3, 3: 3}, Middle.LOW)
    assert found
    assert found.steps(criterion) == 2
