"""Who sits at a meeting, what each seat answered, and who may speak for it."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from itertools import takewhile
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, and_
from sqlalchemy.orm import aliased
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from entente.db import rows
from entente.people.models import Body, Organisation, Person, Seat, SeatRole
from entente.people.queries import is_current
from entente.people.who import Who
from entente.prepared import prepared
from entente.rules import NotFound
from entente.web.words import PARIS
from planning import queries, rules
from planning.absences.queries import away_on
from planning.answers.rules import MOST_SITTINGS, Count, Said, count
from planning.models import Answer, AnswerSaid, Channel, Hall, Meeting, Stance, State
from planning.notice.queries import rule_on


class Member(NamedTuple):
    """A seat that counts at a meeting, and what it answered."""

    seat_id: UUID
    holder_id: UUID
    name: str
    commune: str
    hue: int
    is_chair: bool
    substitute_id: UUID | None
    substitute: str
    said: Said | None = None
    bearer: str = ""
    """Who bears the pouvoir."""
    channel: Channel | None = None
    at: datetime | None = None
    is_away: bool = False
    """Whether an absence covers the day."""


class Attendance(NamedTuple):
    """Everybody who sits at a meeting, and where its quorum stands."""

    meeting_id: UUID
    members: Sequence[Member]
    quorum: Count
    allows_pouvoirs: bool
    allows_substitutes: bool


def day_of(meeting: Meeting) -> date:
    """The day of a meeting in Paris, on which seats and rules are looked at."""
    return meeting.starts_at.astimezone(PARIS).date()


def counts_on(day: Any) -> ColumnElement[bool]:
    """The seats in office on a day: those of secretaries hold no vote and are not counted."""
    return and_(is_current(Seat, day), col(Seat.role) != SeatRole.SECRETARY)


async def attendance(db: AsyncSession, meeting: Meeting) -> Attendance:
    """Who sits at a meeting and what each answered: a fixed number of questions, whatever the number of seats."""
    members = await members_of(db, meeting)
    rule = await rule_on(db, meeting.body_id, day_of(meeting))
    answers = {each.seat_id: each.said for each in members if each.said}
    return Attendance(
        meeting.id,
        members,
        count([each.seat_id for each in members], answers, rule),
        rule.allows_pouvoirs,
        rule.allows_substitutes,
    )


async def members_of(db: AsyncSession, meeting: Meeting) -> list[Member]:
    """The seats in office on the day, the chair first, then by name."""
    holder, substitute = aliased(Person), aliased(Person)
    query = (
        rows(
            col(Seat.id),
            Seat.holder_id,
            holder.given_name,
            holder.family_name,
            Organisation.short_name,
            Organisation.hue,
            Seat.role,
            Seat.substitute_id,
            col(substitute.given_name).label("substitute_given"),
            col(substitute.family_name).label("substitute_family"),
            Answer.stance,
            Answer.bearer_id,
            Answer.channel,
            Answer.at,
        )
        .join(holder, col(holder.id) == col(Seat.holder_id))
        .join(Organisation, col(Organisation.id) == col(Seat.organisation_id))
        .outerjoin(substitute, col(substitute.id) == col(Seat.substitute_id))
        .outerjoin(Answer, and_(col(Answer.seat_id) == col(Seat.id), col(Answer.meeting_id) == meeting.id))
        .where(col(Seat.body_id) == meeting.body_id, counts_on(day_of(meeting)))
        .order_by(col(Seat.role), holder.family_name, holder.given_name, col(Seat.id))
    )
    found = (await db.execute(query)).all()
    away = await away_on(db, [row.holder_id for row in found], day_of(meeting))
    names = {row.id: f"{row.given_name} {row.family_name}" for row in found}
    return [_member(row, names, away) for row in found]


def _member(row: Any, names: Mapping[UUID, str], away: Collection[UUID]) -> Member:
    said = Said(Stance(row.stance), row.bearer_id) if row.stance else None
    return Member(
        seat_id=row.id,
        holder_id=row.holder_id,
        name=names[row.id],
        commune=row.short_name,
        hue=row.hue,
        is_chair=row.role == SeatRole.CHAIR,
        substitute_id=row.substitute_id,
        substitute=f"{row.substitute_given} {row.substitute_family}" if row.substitute_id else "",
        said=said,
        bearer=names.get(row.bearer_id, "un membre qui ne siège plus") if row.bearer_id else "",
        channel=Channel(row.channel) if row.channel else None,
        at=row.at,
        is_away=row.holder_id in away,
    )


async def in_a_row(db: AsyncSession, meeting: Meeting, seat_id: UUID, bearer_id: UUID) -> int:
    """For how many sittings right before and right after this one the seat gave its pouvoir to this bearer."""
    sittings = (
        rows(Answer.bearer_id)
        .select_from(Meeting)
        .outerjoin(Answer, and_(col(Answer.meeting_id) == col(Meeting.id), col(Answer.seat_id) == seat_id))
        .where(
            col(Meeting.body_id) == meeting.body_id,
            col(Meeting.state).in_([State.PLANNED, State.CONVENED, State.HELD]),
        )
        .limit(MOST_SITTINGS)
    )
    starts = col(Meeting.starts_at)
    before = sittings.where(starts < meeting.starts_at).order_by(starts.desc())
    after = sittings.where(starts > meeting.starts_at).order_by(starts)
    found = [(await db.execute(query)).scalars() for query in (before, after)]
    return sum(len(list(takewhile(lambda each: each == bearer_id, side))) for side in found)


def seats_of(who: Who, members: Sequence[Member]) -> list[Member]:
    """The seats for which this person answers: their own, and those in which they stand in."""
    return [each for each in members if who.id in (each.holder_id, each.substitute_id)]


class Told(NamedTuple):
    """An answer as it was given once."""

    seat_id: UUID
    name: str
    stance: Stance | None
    bearer_id: UUID | None
    channel: Channel
    by: str
    at: datetime


async def history(db: AsyncSession, meeting: Meeting) -> list[Told]:
    """Everything that was ever answered to a meeting, the last word first."""
    holder, teller = aliased(Person), aliased(Person)
    query = (
        rows(
            AnswerSaid.seat_id,
            holder.given_name,
            holder.family_name,
            AnswerSaid.stance,
            AnswerSaid.bearer_id,
            AnswerSaid.channel,
            col(teller.given_name).label("by_given"),
            col(teller.family_name).label("by_family"),
            AnswerSaid.at,
        )
        .join(Seat, col(Seat.id) == col(AnswerSaid.seat_id))
        .join(holder, col(holder.id) == col(Seat.holder_id))
        .join(teller, col(teller.id) == col(AnswerSaid.person_id))
        .where(col(AnswerSaid.meeting_id) == meeting.id)
        .order_by(col(AnswerSaid.at).desc(), col(AnswerSaid.id).desc())
    )
    return [
        Told(
            row.seat_id,
            f"{row.given_name} {row.family_name}",
            Stance(row.stance) if row.stance else None,
            row.bearer_id,
            Channel(row.channel),
            f"{row.by_given} {row.by_family}",
            row.at,
        )
        for row in await db.execute(query)
    ]


async def watch(db: AsyncSession, who: Who, meeting_id: UUID) -> Meeting:
    """A meeting whose answers this person may follow by name: those who sit in it, and its secretaries."""
    query = queries.readable_meetings(who).where(col(Meeting.id) == meeting_id, queries.sits(who))
    found = (await db.exec(query)).one_or_none()
    if found is None:
        raise NotFound
    return found


async def may_follow(db: AsyncSession, who: Who, meeting: Meeting) -> bool:
    """Whether this person may know who comes, by name: `watch`, for a meeting that is already read."""
    if rules.sits_in(who, meeting.body_id):
        return True
    query = rows(Meeting.id).where(col(Meeting.id) == meeting.id, queries.sits(who))
    return (await db.execute(query)).first() is not None


class Awaited(NamedTuple):
    """A coming meeting of someone, with the seat for which they answer."""

    id: UUID
    title: str
    body: str
    hue: int
    starts_at: datetime
    ends_at: datetime
    place: str
    state: str
    seat_id: UUID
    holder_id: UUID
    holder: str
    stance: str | None


async def awaited(
    db: AsyncSession, who: Who, since: datetime, most: int, until: datetime | None = None
) -> list[Awaited]:
    """The next meetings at which this person has a seat or stands in, the first one first."""
    found = await db.execute(*_awaited(who.id, since, until, most))
    return [
        Awaited(
            row.id,
            row.title,
            row.name,
            row.hue,
            row.starts_at,
            row.ends_at,
            row.hall or row.place,
            row.state,
            row.seat_id,
            row.holder_id,
            f"{row.given_name} {row.family_name}",
            row.stance,
        )
        for row in found
    ]


@prepared
def _awaited(person_id: UUID, since: datetime, until: datetime | None, most: int) -> Any:
    holder = aliased(Person)
    query = (
        rows(
            col(Meeting.id),
            Meeting.title,
            Body.name,
            Body.hue,
            Meeting.starts_at,
            Meeting.ends_at,
            col(Hall.name).label("hall"),
            Meeting.place,
            Meeting.state,
            col(Seat.id).label("seat_id"),
            Seat.holder_id,
            holder.given_name,
            holder.family_name,
            Answer.stance,
        )
        .join(Body, col(Body.id) == col(Meeting.body_id))
        .join(Seat, and_(col(Seat.body_id) == col(Meeting.body_id), queries.holds(person_id)))
        .join(holder, col(holder.id) == col(Seat.holder_id))
        .outerjoin(Hall, col(Hall.id) == col(Meeting.hall_id))
        .outerjoin(Answer, and_(col(Answer.meeting_id) == col(Meeting.id), col(Answer.seat_id) == col(Seat.id)))
        .where(
            col(Meeting.ends_at) > since,
            col(Meeting.state).in_([State.PLANNED, State.CONVENED]),
            counts_on(queries.paris_day(col(Meeting.starts_at))),
        )
        .order_by(col(Meeting.starts_at), col(Meeting.id))
        .limit(most)
    )
    return query if until is None else query.where(col(Meeting.starts_at) < until)
