"""The form of a meeting: what it shows, and what it says of the notice before anything is written."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any
from uuid import UUID, uuid4

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession
from starlette.requests import Request
from starlette.responses import Response

from entente import clock
from entente.clock import now
from entente.people.models import Body
from entente.people.who import Who
from entente.rules import Refused
from entente.web import pages
from entente.web.requests import reading_of
from entente.web.words import PARIS
from planning import queries
from planning.conflicts.checking import NOT_YET, checked
from planning.conflicts.rules import Conflicts
from planning.doors import HOME, ROOM, address_of, keeping
from planning.halls.queries import halls
from planning.models import Meeting
from planning.notice.queries import rule_on
from planning.notice.rules import Delay
from planning.series.rules import REACHES, REPEATS
from planning.shown import Shown
from planning.typed import day_of, fields_of

USUAL = {"start": "18:00", "end": "20:00"}


@dataclass(frozen=True)
class Trouble:
    """What is wrong with a form that comes back."""

    errors: Mapping[str, str] = field(default_factory=dict)
    status: int = 200
    conflict: str = ""
    other: UUID | None = None
    """The meeting that stands in the way."""


async def fresh(db: AsyncSession, who: Who, asked: Mapping[str, str]) -> dict[str, str]:
    """What the empty form proposes: nothing, or the last meeting over again."""
    fields = {**USUAL, "key": str(uuid4()), "body_id": asked.get("instance", ""), "day": asked.get("jour", "")}
    source = await _source(db, who, asked.get("depuis", ""))
    if source is None:
        return fields
    again = fields_of(source) | {"key": fields["key"], "body_id": str(source.body_id), "from": str(source.id)}
    return again | {"day": f"{next_day(source.starts_at.astimezone(PARIS).date()):%Y-%m-%d}", "is_option": ""}


async def _source(db: AsyncSession, who: Who, written: str) -> Meeting | None:
    try:
        query = queries.readable_meetings(who).where(col(Meeting.id) == UUID(written))
    except ValueError:
        return None
    return (await db.exec(query)).one_or_none()


def next_day(former: date) -> date:
    """The same weekday four weeks later, or the first one after today."""
    day, today = former + timedelta(days=28), clock.today()
    return day if day > today else day + timedelta(days=((today - day).days // 7 + 1) * 7)


async def form(request: Request, fields: Mapping[str, str], trouble: Trouble, shown: Shown | None = None) -> Response:
    """The form of a meeting, new or being written again; refused, as it was typed."""
    who = keeping(request)
    async with reading_of(request) as db:
        bodies = [] if shown else await queries.bodies_to_plan(db, who)
        known = await halls(db)
        delay = await delay_of(db, str(shown.meeting.body_id) if shown else fields.get("body_id", ""), fields)
        last = await _last(db, who, fields) if not shown and not fields.get("from") else None
        found, not_yet = await _conflicts(db, who, fields, shown)
    title = "Modifier la réunion" if shown else "Prévoir une réunion"
    crumbs = [HOME, (shown.meeting.title, address_of(shown.meeting.id)), ("Modifier", "")] if shown else [HOME]
    return pages.page(
        request,
        "planning/meeting_form.html",
        current=ROOM,
        crumbs=crumbs if shown else [*crumbs, (title, "")],
        status=trouble.status,
        title=title,
        shown=shown,
        fields=fields,
        errors=trouble.errors,
        conflict=trouble.conflict,
        other=trouble.other,
        body_options=[(each.id, each.name) for each in bodies],
        hall_options=[(each.id, f"{each.name} ({each.seats} places)" if each.seats else each.name) for each in known],
        repeats=REPEATS,
        reaches=REACHES,
        delay=delay,
        last=last,
        conflicts=found,
        error=not_yet,
    )


async def _conflicts(
    db: AsyncSession, who: Who, fields: Mapping[str, str], shown: Shown | None
) -> tuple[Conflicts | None, str]:
    """What stands in the way of the meeting as it is typed; a body that is another's is refused when it is saved."""
    known = {"body_id": str(shown.meeting.body_id), "but": str(shown.meeting.id)} if shown else {}
    try:
        return await checked(db, who, {**fields, **known})
    except Refused:
        return None, NOT_YET


async def delay_of(db: AsyncSession, body: str, fields: Mapping[str, str]) -> Delay | None:
    """What the notice asks of the body and the day in the form; nothing while they are not both chosen."""
    try:
        day, body_id = day_of(fields.get("day", "")), UUID(body)
    except ValueError:
        return None
    known: Sequence[Any] = (await db.exec(select(Body.id).where(col(Body.id) == body_id))).all()
    if not known:
        return None
    return Delay(day, clock.today(), await rule_on(db, body_id, day))


async def _last(db: AsyncSession, who: Who, fields: Mapping[str, str]) -> Meeting | None:
    """The last meeting of the body that is chosen, to be taken over again."""
    try:
        body_id = UUID(fields.get("body_id", ""))
    except ValueError:
        return None
    query = queries.readable_meetings(who).where(col(Meeting.body_id) == body_id, col(Meeting.starts_at) < now())
    return (await db.exec(query.order_by(col(Meeting.starts_at).desc()).limit(1))).one_or_none()
