"""How dates and numbers are said on screen."""

from datetime import UTC, date, datetime, timedelta

import pytest

from entente.clock import now
from entente.web import words


@pytest.mark.parametrize(
    ("day", "said"),
    [
        (date(2016, 11, 22), "22\u00a0novembre 2026".replace("2026", "2016")),
        (date(2016, 1, 1), "1er\u00a0janvier 2016"),
        (datetime(2016, 12, 31, 23, 30, tzinfo=UTC), "1er\u00a0janvier 2017"),
    ],
)
def test_a_day_is_said_in_words_in_the_time_of_the_town(day: date, said: str) -> None:
    """The first is « 1er », and midnight comes earlier in Paris than in Greenwich."""
    assert words.long_date(day) == said


def test_an_hour_is_said_without_a_leading_zero_and_on_both_sides_of_the_change_of_hour() -> None:
    """Nine in the morning is 9 h; the same UTC hour is another one in summer."""
    assert words.clock(datetime(2016, 3, 26, 8, 5, tzinfo=UTC)) == "9\u00a0h\u00a005"
    assert words.clock(datetime(2016, 3, 28, 8, 5, tzinfo=UTC)) == "10\u00a0h\u00a005"


@pytest.mark.parametrize(
    ("count", "said"),
    [(0, "0\u00a0réponse"), (1, "1\u00a0réponse"), (2, "2\u00a0réponses"), (12_500, "12\u202f500\u00a0réponses")],
)
def test_less_than_two_is_singular(count: int, said: str) -> None:
    """French counts from two."""
    assert words.plural(count, "réponse", "réponses") == said


@pytest.mark.parametrize(
    ("age", "said"),
    [
        (timedelta(seconds=20), "à l’instant"),
        (timedelta(minutes=5), "il y a 5\u00a0min"),
        (timedelta(hours=3), "il y a 3\u00a0h"),
        (timedelta(days=1, hours=1), "hier"),
        (timedelta(days=3), "il y a 3\u00a0jours"),
    ],
)
def test_what_is_recent_is_said_loosely(age: timedelta, said: str) -> None:
    """The exact moment stays in the title, for whoever asks."""
    at = now() - age

    shown = words.moment(at)

    assert f">{said}<" in shown
    assert words.date_time(at) in shown


def test_a_day_has_its_name() -> None:
    """Monday comes first, and the 22nd of November 2026 is a Sunday."""
    assert words.weekday_date(date(2026, 11, 22)) == "dimanche 22\u00a0novembre 2026"
