"""A meeting as its page shows it, read in one question."""

from typing import Any, NamedTuple
from uuid import UUID

from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from entente.db import rows
from entente.people.models import Body
from entente.people.who import Who
from entente.rules import NotFound
from entente.web.words import PARIS, clock, weekday_date
from planning import queries
from planning.models import Hall, Meeting, Series


class Shown(NamedTuple):
    """A meeting, its body, its hall and its series."""

    meeting: Meeting
    body: str
    hue: int
    hall: str
    address: str
    rule: str

    @property
    def when(self) -> str:
        """« Vendredi 11 décembre 2026, de 18 h 30 à 20 h 30 »."""
        starts, ends = self.meeting.starts_at, self.meeting.ends_at
        day = weekday_date(starts)
        until = clock(ends)
        if starts.astimezone(PARIS).date() != ends.astimezone(PARIS).date():
            until = f"{until} le {weekday_date(ends)}"
        return f"{day[0].upper()}{day[1:]}, de {clock(starts)} à {until}"


async def shown(db: AsyncSession, who: Who, meeting_id: UUID) -> Shown:
    """The meeting as this person may read it, or NotFound."""
    query: Any = (
        rows(
            Meeting,
            Body.name,
            Body.hue,
            col(Hall.name).label("hall"),
            Hall.address,
            Series.rule,
        )
        .join(Body, col(Body.id) == col(Meeting.body_id))
        .outerjoin(Hall, col(Hall.id) == col(Meeting.hall_id))
        .outerjoin(Series, col(Series.id) == col(Meeting.series_id))
        .where(col(Meeting.id) == meeting_id, queries.is_open_to(who))
    )
    row = (await db.execute(query)).one_or_none()
    if row is None:
        raise NotFound
    return Shown(row[0], row[1], row[2], row[3] or "", row[4] or "", row[5] or "")
