"""Who may know of a meeting."""

from datetime import timedelta

import pytest
from sqlmodel import col

from entente.people.models import Seat
from planning import queries, rules
from planning.models import Meeting
from planning_world import Council, day


@pytest.mark.parametrize(
    ("name", "open_", "confidential"),
    [
        ("awa", True, True),
        ("camille", True, True),
        ("hugo", True, True),
        ("ines", True, True),
        ("bruno", True, False),
        ("gone", False, False),
    ],
)
async def test_a_confidential_meeting_is_known_to_those_who_sit(
    council: Council, name: str, open_: bool, confidential: bool
) -> None:
    """Members of the house read of open meetings; of the others, holders, substitutes, secretaries, administrators."""
    public = await council.meet()
    private = await council.meet(public.starts_at + timedelta(days=1), is_confidential=True)
    who = council.world.people[name]
    async with council.world.reading() as db:
        found = {each.id for each in await db.exec(queries.readable_meetings(who))}

    assert (public.id in found, private.id in found) == (open_, confidential)
    assert rules.may_read(who, public, False) is open_
    assert rules.may_read(who, private, False) is confidential


async def test_whoever_sat_on_the_day_of_a_meeting_goes_on_reading_it(council: Council) -> None:
    """Bruno's seat ended last week: he reads what was said before, and nothing of what comes."""
    world = council.world
    async with world.house.database.writing() as db:
        db.add(
            Seat(
                body_id=world.copil.id,
                organisation_id=world.brioude.id,
                holder_id=world.bruno.id,
                since=day(-100),
                until=day(-7),
            )
        )
    before = await council.meet(council.plan().starts_at - timedelta(days=60), is_confidential=True)
    after = await council.meet(is_confidential=True)
    async with world.reading() as db:
        query = queries.readable_meetings(await world.again(world.bruno)).where(
            col(Meeting.id).in_([before.id, after.id])
        )
        assert [each.id for each in await db.exec(query)] == [before.id]
