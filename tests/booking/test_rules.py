"""Rules as plain functions: each refusal names its rule and its figure."""

from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from booking import rules
from booking.asks import Ask
from booking.fleet.models import Kind, Quota, ResourceType, Scope
from booking.fleet.opening import Opening, holiday
from booking.free import Busy, Candidate, Need, choose, free_in, next_periods, peak
from booking.periods import NoSuchTime, Period, later, length, moment_of, naive
from booking.series.rules import MOST, dates, in_words
from booking.typed import When, amount_of, amount_words, day_of, quantity_of
from entente.ids import new_id
from entente.rules import Invalid

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
TYPE = ResourceType(
    slug="nacelle", name="Nacelle", kind=Kind.EXCLUSIVE, lead_minutes=1440, min_minutes=120, max_minutes=2880
)


def period(hours: float, lasting: float) -> Period:
    starts = NOW + timedelta(hours=hours)
    return Period(starts, starts + timedelta(hours=lasting))


@pytest.mark.parametrize(
    ("asked", "quantity", "rule", "figure"),
    [
        (period(48, -1), 1, "Fin de la réservation", "après le début"),
        (period(48, 0), 1, "Fin de la réservation", "après le début"),
        (period(-1, 4), 1, "Début de la réservation", "23\u00a0novembre 2026"),
        (period(23, 4), 1, "Délai de prévenance", "1\u00a0jour"),
        (period(24 * 366, 4), 1, "Ouverture du calendrier", "365\u00a0jours"),
        (period(48, 1), 1, "Durée minimale", "2\u00a0h"),
        (period(48, 49), 1, "Durée maximale", "2\u00a0jours"),
        (period(48, 24 * 3653), 1, "Durée maximale", "2\u00a0jours"),
        (period(48, 4), 10**9, "Nombre demandé", "1\u202f000\u202f000\u202f000"),
        (period(48, 4), 0, "Nombre demandé", "1 au moins"),
    ],
)
def test_a_rule_that_is_broken_says_its_name_and_its_figure(
    asked: Period, quantity: int, rule: str, figure: str
) -> None:
    """The same request within the rules is accepted; this one says why not."""
    assert rules.broken_by(TYPE, period(48, 4), 1, NOW) == []
    broken = rules.broken_by(TYPE, asked, quantity, NOW)
    assert [each.rule for each in broken] == [rule]
    assert figure in broken[0].sentence


@pytest.mark.parametrize(("times", "minutes", "rule"), [(3, 60, None), (4, 60, "Quota"), (1, 601, "Quota")])
def test_a_quota_counts_uses_and_hours(times: int, minutes: int, rule: str | None) -> None:
    """Three times and ten hours a month: the fourth time, or a minute more, is refused with the figure."""
    quota = Quota(type_id=new_id(), scope=Scope.ORGANISATION, days=30, most_times=3, most_minutes=600)
    broken = rules.over_quota(quota, times, minutes)
    assert (broken.rule if broken else None) == rule
    assert broken is None or "30\u00a0jours" in broken.sentence


def test_the_night_with_a_missing_hour_and_the_night_with_one_too_many() -> None:
    """At the end of March 2.30 does not exist; at the end of October it does twice, and the first is meant."""
    with pytest.raises(NoSuchTime, match="heure d’été"):
        moment_of(date(2026, 3, 29), time(2, 30))
    assert moment_of(date(2026, 10, 25), time(2, 30)) == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    night = Period(moment_of(date(2026, 3, 28), time(20)), moment_of(date(2026, 3, 29), time(8)))
    assert night.minutes == 11 * 60
    night = Period(moment_of(date(2026, 10, 24), time(20)), moment_of(date(2026, 10, 25), time(8)))
    assert night.minutes == 13 * 60


@pytest.mark.parametrize("day", [date(2026, 3, 27), date(2026, 10, 23)])
def test_a_series_keeps_its_hours_through_the_change_of_time(day: date) -> None:
    """From Friday to Tuesday, every day from 8 to 12 on the clock, whatever the clock does in between."""
    first = Period(moment_of(day, time(8)), moment_of(day, time(12)))
    found = dates("FREQ=DAILY;COUNT=5", first)
    assert {(naive(each.starts).hour, naive(each.ends).hour) for each in found} == {(8, 12)}
    assert naive(later(first.starts, timedelta(days=4))).hour == 8


FIRST = Period(moment_of(date(2026, 11, 30), time(8)), moment_of(date(2026, 11, 30), time(12)))


@pytest.mark.parametrize(
    ("rule", "figure"),
    [
        ("FREQ=DAILY;COUNT=10000", "10\u202f000"),
        ("FREQ=DAILY;COUNT=999999999999", str(MOST)),
        ("FREQ=DAILY;UNTIL=99991231", "deux ans"),
        ("FREQ=DAILY;UNTIL=20280101", str(MOST)),
        ("FREQ=YEARLY;COUNT=20", "deux ans"),
        ("FREQ=WEEKLY", "jusqu’à quelle date"),
        ("FREQ=SECONDLY;COUNT=5", "illisible"),
        ("FREQ=DAILY;COUNT=-1", "illisible"),
        ("FREQ=DAILY;BYEASTER=1;COUNT=2", "illisible"),
        ("FREQ=DAILY;BYMONTH=13;COUNT=2", "aucune date"),
        ("FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30;COUNT=2", "aucune date"),
        ("n’importe quoi", "illisible"),
    ],
)
def test_a_series_without_end_or_sense_is_refused(rule: str, figure: str) -> None:
    """Ten thousand dates, no end, every second, a day that never comes: each is refused, at once."""
    with pytest.raises(rules.Unfit) as refused:
        dates(rule, FIRST)
    assert figure in " ".join(refused.value.errors.values())


@pytest.mark.parametrize(
    ("rule", "words", "count"),
    [
        ("FREQ=WEEKLY;COUNT=4", "chaque semaine, 4 fois", 4),
        ("FREQ=WEEKLY;INTERVAL=2;UNTIL=20261231", "toutes les 2 semaines, jusqu’au\u00a031\u00a0décembre 2026", 3),
        ("FREQ=MONTHLY;COUNT=3", "chaque mois, 3 fois", 3),
    ],
)
def test_a_series_says_itself(rule: str, words: str, count: int) -> None:
    """What one repeats, in French."""
    assert (in_words(rule), len(dates(rule, FIRST))) == (words, count)


def test_public_holidays_and_hours_close_the_depot() -> None:
    """On 11 November nothing is handed over; on a Tuesday, from 7.30 to noon."""
    depot = Opening({1: ((450, 720),)}, ((date(2026, 12, 24), date(2026, 12, 27), "inventaire"),))
    assert holiday(date(2026, 11, 11)) == "Armistice"
    assert depot.refuses(moment_of(date(2026, 11, 24), time(7, 30))) == ""
    assert "férié (Armistice)" in depot.refuses(moment_of(date(2026, 11, 11), time(9)))
    assert "de 7\u00a0h\u00a030 à 12\u00a0h\u00a000" in depot.refuses(moment_of(date(2026, 11, 24), time(13)))
    assert "fermé le mercredi" in depot.refuses(moment_of(date(2026, 11, 25), time(9)))
    assert "inventaire" in depot.refuses(moment_of(date(2026, 12, 26), time(9)))
    assert Opening().refuses(moment_of(date(2026, 11, 24), time(3))) == ""


def _candidate(capacity: int = 1, kind: Kind = Kind.EXCLUSIVE, **more: object) -> Candidate:
    id_ = new_id()
    needs = (Need(id_, capacity, 1, 0, 0),)
    return Candidate(id_, new_id(), "N", "N", kind, capacity, new_id(), new_id(), "Dépôt", needs, **more)  # type: ignore[arg-type]


hours = st.tuples(st.integers(0, 40), st.integers(1, 20), st.integers(1, 5))


@given(st.lists(hours, max_size=12), hours)
def test_the_peak_is_what_an_hour_by_hour_count_finds(
    held: list[tuple[int, int, int]], asked: tuple[int, int, int]
) -> None:
    """However reservations lie, the most that is held at once is what one finds by looking at every hour."""
    busy = [Busy(period(first, lasting), count) for first, lasting, count in held]
    asked_period = period(asked[0], asked[1])
    by_hour = [
        sum(count for first, lasting, count in held if first <= hour < first + lasting)
        for hour in range(asked[0], asked[0] + asked[1])
    ]
    assert peak(busy, asked_period) == max(by_hour)


def test_pieces_come_from_as_few_depots_as_possible_and_places_from_one() -> None:
    """120 chairs come from two depots of 100 and 60; ten greenhouse tables do not come from two rooms of eight."""
    large, small = _candidate(100, Kind.STOCK), _candidate(60, Kind.STOCK)
    asked = period(48, 4)
    assert [(each.capacity, count) for each, count in choose([small, large], 120, asked, {})] == [(100, 100), (60, 20)]
    assert [(each.capacity, count) for each, count in choose([small, large], 50, asked, {})] == [(60, 50)]
    assert choose([small, large], 161, asked, {}) == []
    rooms = [_candidate(8, Kind.PLACES), _candidate(8, Kind.PLACES)]
    assert choose(rooms, 10, asked, {}) == []


def test_a_kit_is_as_free_as_its_scarcest_part() -> None:
    """A stage takes 12 of 20 rails: with 9 of them elsewhere, there is no stage."""
    rails = new_id()
    kit = _candidate(1, Kind.KIT)
    kit = Candidate(**{**kit.__dict__, "needs": (*kit.needs, Need(rails, 20, 12, 0, 0))})
    asked = period(48, 4)
    assert free_in(kit, asked, {rails: [Busy(period(49, 1), 8)]}) == 1
    assert free_in(kit, asked, {rails: [Busy(period(49, 1), 9)]}) == 0


def test_one_s_own_commune_is_served_from_its_own_first() -> None:
    """Of two free nacelles, Brioude is given its own."""
    one, own = _candidate(), _candidate()
    assert choose([one, own], 1, period(48, 4), {}, own.owner_id)[0][0] == own


def test_the_next_free_periods_do_not_overlap_and_are_free() -> None:
    """It is taken until 14 h that day, and the next day at the same hours: here are three others."""
    unit = _candidate()
    asked = Period(moment_of(date(2026, 11, 30), time(8)), moment_of(date(2026, 11, 30), time(12)))
    tomorrow = later(asked.starts, timedelta(days=1))
    plan = {
        unit.unit_id: [
            Busy(Period(asked.starts, asked.starts + timedelta(hours=6)), 1),
            Busy(Period(tomorrow, tomorrow + timedelta(hours=1)), 1),
        ]
    }
    found = next_periods([unit], Ask(TYPE, asked), plan, NOW)
    assert [(naive(each.starts).day, naive(each.starts).hour) for each in found] == [(30, 14), (1, 9), (2, 8)]


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"day": "2026-02-30"}, {"day"}),
        ({"day": "0001-01-01"}, {"day"}),
        ({"day": "9999-12-31"}, {"day"}),
        ({"day": "٢٠٢٦-١١-٣٠"}, {"day"}),
        ({"start": "25:00"}, {"start"}),
        ({"end": ""}, {"end"}),
        ({"last_day": "2026-13-01"}, {"last_day"}),
        ({}, set()),
    ],
)
def test_dates_that_are_none_are_named(fields: dict[str, str], wrong: set[str]) -> None:
    """30 February, the year 1 and 25 o’clock: the field that is wrong, and no other."""
    when = When.of({"day": "2026-11-30", "start": "8h", "last_day": "30/11/2026", "end": "12 h 30", **fields})
    assert (when.period() is None) == bool(wrong)
    assert set(when.errors) == wrong


def test_numbers_as_people_write_them() -> None:
    """« 12,5 », « 1 000 », and what is no number."""
    assert (amount_of("12,5"), amount_of(""), amount_words(1250, "m")) == (1250, None, "12,5\u00a0m")
    assert (quantity_of("1\u202f000"), quantity_of("")) == (1000, 1)
    assert day_of("3/2/2027") == date(2027, 2, 3)
    with pytest.raises(Invalid):
        quantity_of("beaucoup")
    with pytest.raises(ValueError, match="haut"):
        amount_of("haut")


@pytest.mark.parametrize(
    ("minutes", "words"),
    [
        (45, "45\u00a0min"),
        (90, "1\u00a0h\u00a030"),
        (1440, "1\u00a0jour"),
        (2 * 1440, "2\u00a0jours"),
        (1500, "25\u00a0h"),
    ],
)
def test_lengths_are_said_as_people_say_them(minutes: int, words: str) -> None:
    """An hour and a half, two days."""
    assert length(minutes) == words
