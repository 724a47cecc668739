"""What stands in a calendar of meetings, and as much of each as its reader may see: one question for all of it."""

from collections import defaultdict
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, exists, or_, true
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from entente.clock import now
from entente.db import rows
from entente.people.models import Body, Seat
from entente.people.queries import is_current
from entente.people.who import Who
from planning.models import Hall, Item, Meeting, Series, State
from planning.queries import is_open_to, paris_day

KEPT = timedelta(days=366)
"""How long what is over stays in a calendar."""
CANCELLED_FOR = timedelta(days=30)
"""How long a calendar says that a meeting was cancelled."""
MANY = 5_000
"""What one question may name: databases have a limit, and whoever asks for more asks for nearly all."""


@dataclass(frozen=True)
class Said:
    """A meeting as one reader's calendar says it; of a closed one, only when it is."""

    id: UUID
    is_open: bool
    state: State
    starts_at: datetime
    ends_at: datetime
    version: int
    changed_at: datetime
    series_id: UUID | None
    occurs_at: datetime | None
    rule: str
    body_id: UUID
    body: str
    title: str
    hall: str
    address: str
    place: str
    link: str
    note: str
    cancelled_for: str

    @property
    def changes(self) -> int:
        """How many times what is shown was changed, its hall and body too: SEQUENCE in calendars."""
        return self.version - 1

    @property
    def is_undone(self) -> bool:
        """Whether it was called off so long ago that calendars no longer say so."""
        return self.state == State.CANCELLED and self.changed_at < now() - CANCELLED_FOR


def is_mine(who: Who) -> ColumnElement[bool]:
    """Meetings of the bodies where this person sits today, or sat on their day; keeping the house is no seat."""
    seated = exists().where(
        col(Seat.body_id) == col(Meeting.body_id),
        or_(col(Seat.holder_id) == who.id, col(Seat.substitute_id) == who.id),
        is_current(Seat, paris_day(col(Meeting.starts_at))),
    )
    return or_(col(Meeting.body_id).in_(who.bodies), seated)


def is_of_body(body_id: UUID) -> ColumnElement[bool]:
    """Meetings of a body."""
    return col(Meeting.body_id) == body_id


def is_of_town(organisation_id: UUID) -> ColumnElement[bool]:
    """Meetings of the bodies where a commune sits on their day."""
    return exists().where(
        col(Seat.body_id) == col(Meeting.body_id),
        col(Seat.organisation_id) == organisation_id,
        is_current(Seat, paris_day(col(Meeting.starts_at))),
    )


async def said(
    db: AsyncSession, who: Who, which: ColumnElement[bool], among: Collection[UUID] | None = None
) -> list[Said]:
    """The meetings of a calendar in order of time; with `among`, only these and those of these series.

    Of a series, all are said as soon as one is: what repeats is told from its beginning.
    """
    query = _said(is_open_to(who)).where(which, _is_kept())
    if among is not None and len(among) <= MANY:
        query = query.where(or_(col(Meeting.id).in_(among), col(Meeting.series_id).in_(among)))
    return [each for each in map(_made, await db.execute(query)) if _is_said(each)]


async def whole(db: AsyncSession, meeting_id: UUID) -> Said:
    """A meeting as a calendar of anybody who may read it would say it."""
    return _made((await db.execute(_said(true()).where(col(Meeting.id) == meeting_id))).one())


async def one(db: AsyncSession, who: Who, meeting_id: UUID) -> Said | None:
    """A meeting as a calendar of this person would say it, however old."""
    found = (await db.execute(_said(is_open_to(who)).where(col(Meeting.id) == meeting_id))).one_or_none()
    return _made(found) if found else None


def _is_said(each: Said) -> bool:
    # What is closed says that its time is taken: once it is not, there is nothing to say.
    return each.is_open or each.state != State.CANCELLED


def _is_kept() -> ColumnElement[bool]:
    since = now() - KEPT
    going_on = rows(col(Meeting.series_id)).where(col(Meeting.series_id).is_not(None), col(Meeting.ends_at) > since)
    return or_(
        col(Meeting.series_id).in_(going_on),
        and_(
            col(Meeting.series_id).is_(None),
            col(Meeting.ends_at) > since,
            or_(col(Meeting.state) != State.CANCELLED, col(Meeting.changed_at) > now() - CANCELLED_FOR),
        ),
    )


def _said(is_open: ColumnElement[bool]) -> Any:
    return (
        rows(
            col(Meeting.id),
            is_open.label("is_open"),
            Meeting.state,
            Meeting.starts_at,
            Meeting.ends_at,
            Meeting.version,
            Meeting.changed_at,
            Meeting.series_id,
            Meeting.occurs_at,
            Series.rule,
            Meeting.body_id,
            col(Body.name).label("body"),
            Meeting.title,
            col(Hall.name).label("hall"),
            Hall.address,
            Meeting.place,
            Meeting.link,
            Meeting.note,
            Meeting.cancelled_for,
        )
        .join(Body, col(Body.id) == col(Meeting.body_id))
        .outerjoin(Hall, col(Hall.id) == col(Meeting.hall_id))
        .outerjoin(Series, col(Series.id) == col(Meeting.series_id))
        .order_by(col(Meeting.starts_at), col(Meeting.id))
    )


def _made(row: Any) -> Said:
    is_open = bool(row.is_open)

    def shown(words: str | None) -> str:
        return (words or "") if is_open else ""

    return Said(
        id=row.id,
        is_open=is_open,
        state=State(row.state),
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        version=row.version,
        changed_at=row.changed_at,
        series_id=row.series_id if is_open else None,
        occurs_at=row.occurs_at if is_open else None,
        rule=shown(row.rule),
        body_id=row.body_id,
        body=shown(row.body),
        title=shown(row.title),
        hall=shown(row.hall),
        address=shown(row.address),
        place=shown(row.place),
        link=shown(row.link),
        note=shown(row.note),
        cancelled_for=shown(row.cancelled_for),
    )


async def agendas_of(db: AsyncSession, meetings: Collection[UUID]) -> dict[UUID, tuple[str, ...]]:
    """The points on the agenda of each of these meetings, which their reader may see."""
    found: dict[UUID, list[str]] = defaultdict(list)
    for some in _by_handfuls(meetings):
        query = rows(Item.meeting_id, Item.title).where(col(Item.meeting_id).in_(some))
        for row in await db.execute(query.order_by(col(Item.meeting_id), col(Item.position))):
            found[row.meeting_id].append(row.title)
    return {meeting: tuple(titles) for meeting, titles in found.items()}


def _by_handfuls(ids: Collection[UUID]) -> Iterator[list[UUID]]:
    each = iter(ids)
    while some := list(islice(each, MANY)):
        yield some
