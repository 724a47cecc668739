"""How long before a meeting its convocation is sent."""

from datetime import date, timedelta
from uuid import UUID

import pytest

from entente.people.models import BodyKind
from entente.rules import Invalid
from planning.models import BodyRule, State
from planning.notice import service
from planning.notice.queries import rule_on
from planning.notice.rules import Delay, default_rule, last_sending_day
from planning_world import Council, again, at, day

FRIDAY = date(2026, 12, 11)
BODY = UUID(int=1)


@pytest.mark.parametrize(
    ("days", "is_clear", "limit"),
    [
        (5, True, date(2026, 12, 5)),
        (3, True, date(2026, 12, 7)),
        (1, True, date(2026, 12, 9)),
        (5, False, date(2026, 12, 6)),
    ],
)
def test_clear_days_count_neither_end(days: int, is_clear: bool, limit: date) -> None:
    """For Friday 11 December 2026: Saturday 5 with five clear days, Monday 7 with three."""
    assert last_sending_day(FRIDAY, days, is_clear) == limit


@pytest.mark.parametrize(("population", "days"), [(3_499, 3), (3_500, 5), (None, 3)])
def test_a_town_makes_the_whole_epci_wait_five_clear_days(population: int | None, days: int) -> None:
    """CGCT, art. L.5211-1: one member commune of 3,500 inhabitants is enough."""
    rule = default_rule(BodyKind.CONSEIL_COMMUNAUTAIRE, BODY, [120, population])

    assert (rule.days, rule.is_clear, rule.is_strict) == (days, True, True)


@pytest.mark.parametrize(
    ("today", "is_strict", "refused"),
    [
        (date(2026, 12, 5), True, ""),
        (date(2026, 12, 6), True, "urgence"),
        (date(2026, 12, 6), False, ""),
        (date(2026, 12, 10), True, "choisissez une date plus lointaine"),
    ],
)
def test_a_late_convocation_is_refused_where_the_rule_is_strict(today: date, is_strict: bool, refused: str) -> None:
    """On time nothing is said; late, a reason is asked; beyond the floor of urgency, none would do."""
    delay = Delay(FRIDAY, today, BodyRule(body_id=BODY, since=today, days=5, is_strict=is_strict))

    assert (refused in delay.refusal) if refused else delay.refusal == ""
    assert "samedi 5" in delay.words


async def test_a_late_convocation_keeps_its_reason(council: Council) -> None:
    """Three days before: refused without a reason, then convened with the one that was given."""
    world = council.world
    async with world.working(world.camille) as work:
        rule = BodyRule(body_id=world.copil.id, since=day(0), days=5, is_strict=True)
        await service.write_rule(work, rule)
    meeting = await council.meet(at(3, 18))
    async with world.working(world.camille) as work:
        with pytest.raises(Invalid) as refused:
            await service.convene(work, await again(work, meeting), meeting.version)
    assert list(refused.value.errors) == ["urgency"]

    async with world.working(world.camille) as work:
        await service.convene(work, await again(work, meeting), meeting.version, "Péril sur le pont de Brioude")
    async with world.reading() as db:
        kept = await db.get(type(meeting), meeting.id)
    assert kept
    assert (kept.state, kept.urgency) == (State.CONVENED, "Péril sur le pont de Brioude")


async def test_the_rule_of_a_body_is_dated(council: Council) -> None:
    """From the tenth day on it takes seven days; until then it takes four, and nothing is written twice for a day."""
    world, body = council.world, council.world.copil.id
    async with world.working(world.camille) as work:
        await service.write_rule(work, BodyRule(body_id=body, since=day(0), days=9))
        await service.write_rule(work, BodyRule(body_id=body, since=day(0), days=4))
        await service.write_rule(work, BodyRule(body_id=body, since=day(10), days=7))
    async with world.reading() as db:
        found = [(await rule_on(db, body, day(after))).days for after in (0, 9, 10)]
        assert (await rule_on(db, body, day(0) - timedelta(days=1))).days == 3
    assert found == [4, 4, 7]
