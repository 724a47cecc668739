"""Meetings: planned, changed, called off, and coming back."""

import asyncio
from dataclasses import replace
from datetime import date, time, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlmodel import col, select

from entente.journal import Entry
from entente.rules import Conflict, Invalid, Refused
from entente.web.words import PARIS
from planning import service
from planning.agenda import queries as agenda
from planning.agenda import service as points
from planning.agenda.models import ItemForm
from planning.models import Meeting, State
from planning.plans import Plan
from planning.series import rules as series_rules
from planning.series import service as series
from planning.series.rules import Reach, Repeat, SeriesForm
from planning.service import Meets, Outdated
from planning.typed import MeetingForm, moment_of
from planning_world import Council, again, at


async def meetings_of(council: Council) -> list[Meeting]:
    """Every meeting, in order of time."""
    async with council.world.reading() as db:
        return list(await db.exec(select(Meeting).order_by(col(Meeting.starts_at))))


async def test_a_form_sent_twice_makes_one_meeting(council: Council) -> None:
    """The same key at once: one meeting, told on its body's stream and on its own."""
    plan, world = council.plan(), council.world

    async def send() -> Meeting:
        async with world.working(world.camille) as work:
            return await service.plan(work, plan)

    first, second = await asyncio.gather(send(), send())
    assert first.id == second.id
    async with world.reading() as db:
        told = (await db.exec(select(Entry.stream).where(col(Entry.subject_id) == first.id))).all()
    assert sorted(told) == sorted([f"planning/body/{world.copil.id}", f"planning/meeting/{first.id}"])


async def test_a_body_meets_once_at_a_time(council: Council) -> None:
    """Two secretaries at once: one is shown the other's meeting; a meeting that ends as this one begins is fine."""
    starts = at(30, 18)
    done = await asyncio.gather(
        council.meet(starts), council.meet(starts + timedelta(hours=1), council.world.ines), return_exceptions=True
    )
    lost = [each for each in done if isinstance(each, Meets)]
    assert len(lost) == 1
    assert lost[0].other_id in {each.id for each in await meetings_of(council)}
    await council.meet(starts - timedelta(hours=2))
    assert len(await meetings_of(council)) == 2


@pytest.mark.parametrize("name", ["awa", "bruno"])
async def test_only_secretaries_write(council: Council, name: str) -> None:
    """Awa sits in the CoPil and does not write its meetings; Bruno less still."""
    with pytest.raises(Refused):
        await council.meet(who=council.world.people[name])


async def test_a_form_written_over_an_older_version_changes_nothing(council: Council) -> None:
    """Inès moved it meanwhile: Camille's older form is told, and the move stays."""
    world, meeting = council.world, await council.meet()
    seen = meeting.version
    moved = replace(Plan.of(meeting), starts_at=at(31, 18), ends_at=at(31, 20))
    async with world.working(world.ines) as work:
        await service.change(work, await again(work, meeting), moved, seen)
    with pytest.raises(Outdated):
        async with world.working(world.camille) as work:
            await service.change(work, await again(work, meeting), Plan.of(meeting), seen)
    kept = (await meetings_of(council))[0]
    assert (kept.starts_at, kept.version) == (moved.starts_at, seen + 1)


async def test_what_is_called_off_or_held_changes_no_more(council: Council) -> None:
    """A reason is asked to call off; nothing is held before it begins."""
    world, meeting = council.world, await council.meet()
    async with world.working(world.camille) as work:
        row = await again(work, meeting)
        with pytest.raises(Invalid):
            await service.cancel(work, row, " ", row.version)
        with pytest.raises(Conflict):
            await service.hold(work, row, row.version)
        await service.cancel(work, row, "Neige", row.version)
        with pytest.raises(Conflict, match="annulée"):
            await service.change(work, row, Plan.of(row), row.version)


def form(**more: Any) -> MeetingForm:
    """A form, filled."""
    return MeetingForm.model_validate({"title": "CoPil", "day": "2026-12-11", "start": "18:00", "end": "20:00"} | more)


def test_a_meeting_that_ends_before_it_starts_is_refused() -> None:
    """The sentence stands beside the end; the missing hour of March is refused beside the start."""
    with pytest.raises(Invalid) as refused:
        form(end="17:00").plan(UUID(int=1))
    assert list(refused.value.errors) == ["end"]
    with pytest.raises(Invalid) as refused:
        form(day="2027-03-28", start="02:30").plan(UUID(int=1))
    assert list(refused.value.errors) == ["start"]


@pytest.mark.parametrize("day", [date(2026, 10, 25), date(2027, 3, 28), date(2026, 7, 1)], ids=str)
def test_half_past_six_is_half_past_six_whatever_clocks_do(day: date) -> None:
    """On both nights of the change too."""
    assert moment_of(day, time(18, 30)).astimezone(PARIS).time() == time(18, 30)


@pytest.mark.parametrize(
    ("fields", "first", "rule", "last", "words"),
    [
        (
            {"repeat": "week", "every": "2", "times": "3"},
            date(2026, 10, 13),
            "FREQ=WEEKLY;INTERVAL=2;BYDAY=TU;COUNT=3",
            date(2026, 11, 10),
            "toutes les 2 semaines, le mardi, 3 fois",
        ),
        (
            {"repeat": "month", "until": "2027-01-31"},
            date(2026, 10, 13),
            "FREQ=MONTHLY;INTERVAL=1;BYDAY=2TU;UNTIL=20270131T235959",
            date(2027, 1, 12),
            "chaque mois, le deuxième mardi, jusqu’au 31 janvier 2027",
        ),
        (
            {"repeat": "month_last", "times": "2"},
            date(2026, 10, 27),
            "FREQ=MONTHLY;INTERVAL=1;BYDAY=-1TU;COUNT=2",
            date(2026, 11, 24),
            "chaque mois, le dernier mardi, 2 fois",
        ),
    ],
    ids=["weeks", "rank", "last"],
)
def test_a_series_says_its_rule(fields: dict[str, str], first: date, rule: str, last: date, words: str) -> None:
    """From a friendly form to a rule with an end, its days, and its words."""
    made = SeriesForm.model_validate(fields).rule(first)

    assert made == rule
    assert series_rules.days(made, first)[-1] == last
    assert series_rules.in_words(made).replace("\u00a0", " ") == words


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"repeat": "week"}, "until"),
        ({"repeat": "week", "until": "2026-10-12"}, "until"),
        ({"repeat": "week", "until": "2036-10-12"}, "until"),
        ({"repeat": "month_last", "times": "2"}, "day"),
        ({"repeat": "month", "every": "26", "times": "120"}, "times"),
    ],
    ids=["endless", "ends-before", "too-far", "not-last", "too-long"],
)
def test_a_series_has_an_end(fields: dict[str, str], wrong: str) -> None:
    """Without an end, with one in the past or out of sight, it is refused beside the field."""
    first = date(2026, 10, 13)
    with pytest.raises(Invalid) as refused:
        series_rules.days(SeriesForm.model_validate(fields).rule(first), first)
    assert list(refused.value.errors) == [wrong]


async def _series(council: Council) -> list[Meeting]:
    async with council.world.working(council.world.camille) as work:
        starts = at(20, 18, 30)
        rule = SeriesForm(repeat=Repeat.WEEK, times=4).rule(starts.date())
        return await series.plan(work, council.plan(starts), rule)


@pytest.mark.parametrize(("reach", "moved"), [(Reach.ONE, 1), (Reach.FOLLOWING, 3), (Reach.ALL, 4)])
@pytest.mark.parametrize("days", [7, -7, 1])
async def test_a_series_moves_as_far_as_asked(council: Council, reach: Reach, moved: int, days: int) -> None:
    """The second of four moves; those that are reached too, at 17 h 15; what the rule said stays said."""
    made = await _series(council)
    if (reach, abs(days)) == (Reach.ONE, 7) or (reach, days) == (Reach.FOLLOWING, -7):
        with pytest.raises(Meets):
            await _shift(council, made[1], days, reach)
        return
    assert await _shift(council, made[1], days, reach) == moved

    after = await meetings_of(council)
    assert sum(each.starts_at.astimezone(PARIS).time() == time(17, 15) for each in after) == moved
    assert sorted(each.occurs_at for each in after if each.occurs_at) == [each.starts_at for each in made]


async def _shift(council: Council, meeting: Meeting, days: int, reach: Reach) -> int:
    starts = moment_of(meeting.starts_at.astimezone(PARIS).date() + timedelta(days=days), time(17, 15))
    async with council.world.working(council.world.camille) as work:
        row = await again(work, meeting)
        wanted = replace(Plan.of(row), starts_at=starts, ends_at=starts + timedelta(hours=2))
        return await series.change(work, row, wanted, row.version, reach)


@pytest.mark.parametrize(("reach", "left"), [(Reach.ONE, 3), (Reach.FOLLOWING, 1), (Reach.ALL, 0)])
async def test_a_series_is_called_off_as_far_as_asked(council: Council, reach: Reach, left: int) -> None:
    """The second of four, those after it, or all of them."""
    made = await _series(council)
    async with council.world.working(council.world.camille) as work:
        row = await again(work, made[1])
        await series.cancel(work, row, "Neige", row.version, reach)
    assert sum(each.state == State.PLANNED for each in await meetings_of(council)) == left


async def _titles(council: Council, meeting: Meeting) -> list[tuple[int, str]]:
    async with council.world.reading() as db:
        return [(each.position, each.title) for each in (await agenda.agenda_of(db, meeting.id)).points]


async def test_an_agenda_is_written_and_put_in_order(council: Council) -> None:
    """Four points; the last goes up, the first goes, and the ranks are closed; at the edge nothing moves."""
    meeting, world = await council.meet(), council.world
    async with world.working(world.camille) as work:
        row = await again(work, meeting)
        made = [await points.add(work, row, ItemForm(title=title)) for title in "ABCD"]
        await work.db.flush()
        await points.shift(work, row, made[3], -1)
        await points.shift(work, row, made[0], -1)
        await points.remove(work, row, made[0])
    assert await _titles(council, meeting) == [(1, "B"), (2, "D"), (3, "C")]


async def test_only_secretaries_write_the_agenda(council: Council) -> None:
    """Awa reads it."""
    meeting = await council.meet()
    with pytest.raises(Refused):
        async with council.world.working(council.world.awa) as work:
            await points.add(work, await again(work, meeting), ItemForm(title="A"))
