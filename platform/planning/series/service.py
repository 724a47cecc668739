"""What can be done with a series: each of its meetings is a row, written by the verbs of the room."""

from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

from sqlmodel import col, select

from entente.clock import now
from entente.rules import NotFound
from entente.web.words import PARIS
from entente.work import Work
from planning import service
from planning.models import Meeting, Series
from planning.plans import Plan
from planning.rules import OVER
from planning.series import rules
from planning.series.rules import Reach


async def plan(work: Work, wanted: Plan, rule: str) -> list[Meeting]:
    """Write down every meeting of a series, or none of them; sent twice with one key, they are written once."""
    days = rules.days(rule, wanted.starts_at.astimezone(PARIS).date())
    if known := await service.already_made(work, _key(wanted, 0)):
        return await _of_series(work, known.series_id) if known.series_id else [known]
    series = Series(rule=rule)
    work.db.add(series)
    await work.db.flush()
    first = days[0] - wanted.starts_at.astimezone(PARIS).date()
    made = []
    for number, day in enumerate(days):
        by = day - days[0] + first
        each = replace(
            wanted,
            key=_key(wanted, number),
            starts_at=rules.shifted(wanted.starts_at, by, wanted.starts_at),
            ends_at=rules.shifted(wanted.ends_at, by, wanted.ends_at),
        )
        made.append(await service.plan(work, each, series.id))
    return made


def _key(wanted: Plan, number: int) -> str:
    return f"{wanted.key[:50]}#{number}" if wanted.key else ""


async def change(work: Work, meeting: Meeting, wanted: Plan, version: int, reach: Reach) -> int:
    """Write a meeting again, and as many of its series; returns how many were written.

    The others move by as many days, at the same hours.
    """
    if reach == Reach.ONE or meeting.series_id is None:
        await service.change(work, meeting, wanted, version)
        return 1
    by = wanted.starts_at.astimezone(PARIS).date() - meeting.starts_at.astimezone(PARIS).date()
    found = await _reached(work, meeting, version, reach)
    # Those that go forward make room for those behind them: the last one moves first.
    for each in sorted(found, key=lambda one: one.starts_at, reverse=by.days >= 0):
        moved = replace(
            wanted,
            starts_at=rules.shifted(each.starts_at, by, wanted.starts_at),
            ends_at=rules.shifted(each.ends_at, by, wanted.ends_at),
        )
        await service.change(work, each, moved, each.version)
        await work.db.flush()
    return len(found)


async def cancel(work: Work, meeting: Meeting, why: str, version: int, reach: Reach) -> int:
    """Call off a meeting, and as many of its series; returns how many."""
    if reach == Reach.ONE or meeting.series_id is None:
        await service.cancel(work, meeting, why, version)
        return 1
    found = await _reached(work, meeting, version, reach)
    for each in found:
        await service.cancel(work, each, why, each.version)
        await work.db.flush()
    return len(found)


async def _reached(work: Work, meeting: Meeting, version: int, reach: Reach) -> list[Meeting]:
    await service.begin(work, meeting, version)
    if meeting.series_id is None:
        raise NotFound
    since = meeting.starts_at if reach == Reach.FOLLOWING else now()
    found = await _of_series(work, meeting.series_id)
    alive = [each for each in found if each.state not in OVER and each.starts_at >= since]
    return alive if meeting in alive else [meeting, *alive]


async def _of_series(work: Work, series_id: UUID) -> list[Meeting]:
    query = select(Meeting).where(col(Meeting.series_id) == series_id).order_by(col(Meeting.starts_at))
    found: Sequence[Meeting] = (await work.db.exec(query)).all()
    return list(found)
