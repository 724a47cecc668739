"""What a person can see of meetings."""

from collections.abc import Collection
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Date, Function, and_, exists, or_, true
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession
from sqlmodel.sql.expression import SelectOfScalar

from entente.db import rows
from entente.people.models import Body, Seat
from entente.people.queries import is_current
from entente.people.who import Who
from entente.rules import NotFound
from planning import rules
from planning.models import Meeting


class paris_day(Function[date]):
    """The day of a moment as a clerk reads it; the embedded database knows no zones and says the day in UTC.

    They differ for what begins between midnight and 2 in the morning alone, and only for whoever took or left a
    seat on that very day.
    """

    inherit_cache = True
    type = Date()

    def __init__(self, moment: Any) -> None:
        super().__init__("paris_day", moment)


@compiles(paris_day, "sqlite")
def _day_of_sqlite(element: Any, compiler: SQLCompiler, **more: Any) -> str:
    return f"date({compiler.process(element.clauses, **more)})"


@compiles(paris_day, "postgresql")
def _day_of_postgresql(element: Any, compiler: SQLCompiler, **more: Any) -> str:
    return f"date({compiler.process(element.clauses, **more)} AT TIME ZONE 'Europe/Paris')"


def holds(who_id: UUID) -> ColumnElement[bool]:
    """The seats which this person holds, or shares as a substitute."""
    return or_(col(Seat.holder_id) == who_id, col(Seat.substitute_id) == who_id)


def sits(who: Who) -> ColumnElement[bool]:
    """Of the meetings in a query, those of bodies where this person sits today, or sat on the day of the meeting."""
    if who.is_administrator:
        return true()
    then = (
        exists()
        .where(col(Seat.body_id) == col(Meeting.body_id), holds(who.id))
        .where(is_current(Seat, paris_day(col(Meeting.starts_at))))
    )
    return or_(col(Meeting.body_id).in_(who.bodies), then)


def is_open_to(who: Who) -> ColumnElement[bool]:
    """Of the meetings in a query, those of which this person may know everything.

    To whoever takes part today, the others say « Occupé » and nothing else: no title, place, agenda or body.
    """
    if not rules.may_look(who):
        return ~true()
    return or_(col(Meeting.is_confidential).is_(False), sits(who))


def readable_meetings(who: Who) -> SelectOfScalar[Meeting]:
    """The meetings of which this person may know everything: the page, lists, search, feeds and live streams."""
    return select(Meeting).where(is_open_to(who))


async def meeting_for(db: AsyncSession, who: Who, meeting_id: UUID) -> Meeting:
    """The meeting, or NotFound: a stranger cannot tell a secret from a void."""
    found = (await db.exec(readable_meetings(who).where(col(Meeting.id) == meeting_id))).one_or_none()
    if found is None:
        raise NotFound
    return found


async def watch_body(db: AsyncSession, who: Who, body_id: UUID) -> object:
    """The body whose calendar someone follows; fragments on it never show what is confidential."""
    found = (await db.execute(rows(Body.id).where(col(Body.id) == body_id))).scalar_one_or_none()
    if found is None or not rules.may_look(who):
        raise NotFound
    return found


def bodies_written_by(who: Who) -> ColumnElement[bool]:
    """Of the bodies in a query, those whose meetings this person writes."""
    return true() if who.is_administrator else col(Body.id).in_(who.secretary_of)


async def bodies_to_plan(db: AsyncSession, who: Who) -> list[Body]:
    """The bodies for which this person may plan a meeting, by name."""
    return list(await db.exec(select(Body).where(bodies_written_by(who)).order_by(col(Body.name))))


async def body_of(db: AsyncSession, body_id: UUID) -> Body:
    """The body with this id, or NotFound."""
    found = await db.get(Body, body_id)
    if found is None:
        raise NotFound
    return found


async def names_of_bodies(db: AsyncSession, ids: Collection[UUID]) -> dict[UUID, str]:
    """How these bodies are called."""
    found = await db.execute(rows(Body.id, Body.name).where(and_(col(Body.id).in_(ids))))
    return {row.id: row.name for row in found}
