"""What someone is told, gathered by what it is about, and how they are to be written to."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import and_, case, func, or_
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from entente.db import rows
from entente.ids import Ref
from entente.notices import rules
from entente.notices.models import Notice, Silence
from entente.notices.queries import tell, tell_refs
from entente.people.models import Person
from entente.people.queries import Face, faces
from entente.people.who import Who
from entente.rules import NotFound
from entente.telling import Tellers, Told

PER_PAGE = 20
"""Groups, on a page of the centre."""
PER_GROUP = 4
MOST_SILENCES = 200
_BIRTH = datetime(1970, 1, 1, tzinfo=UTC)
_TICK = timedelta(microseconds=1)


class Item(NamedTuple):
    """One notice, as this person may know it now."""

    id: UUID
    told: Told
    by: Face | None
    reason: str
    at: datetime
    is_read: bool


@dataclass
class Group:
    """What is told about one thing: a thread, most often."""

    about: str
    count: int
    unread: int
    items: list[Item] = field(default_factory=list)

    @property
    def title(self) -> str:
        """What it is about."""
        return self.items[0].told.title

    @property
    def place(self) -> str:
        """Where that is."""
        return self.items[0].told.place

    @property
    def more(self) -> int:
        """How many notices the page does not show."""
        return self.count - len(self.items)


class Centre(NamedTuple):
    """A page of the centre, where older news begins, and what is to be forgotten."""

    groups: list[Group]
    unread: int
    older: str | None
    hidden: list[UUID]


async def centre_of(db: AsyncSession, tellers: Tellers, who: Who, before: str | None = None) -> Centre:
    """What this person is told: unread first, then the latest."""
    found = (await db.execute(_groups(who.id, before))).all()
    shown = found[:PER_PAGE]
    groups = {row.about: Group(row.about, row.total, row.unread) for row in shown}
    notices = await _latest(db, who.id, list(groups))
    told, hidden = await tell(db, tellers, who, notices)
    people = await faces(db, {notice.by_id for notice in notices if notice.id in told and notice.by_id})
    for notice in notices:
        if notice.id in told:
            groups[notice.about].items.append(_item(notice, told[notice.id], people))
    older = _key(shown[-1]) if len(found) > PER_PAGE else None
    seen = [group for group in groups.values() if group.items]
    return Centre(seen, sum(group.unread for group in seen), older, hidden)


async def notice_for(db: AsyncSession, who: Who, notice_id: UUID) -> Notice:
    """One of this person's notices, or NotFound."""
    notice = await db.get(Notice, notice_id)
    if notice is None or notice.person_id != who.id:
        raise NotFound
    return notice


def _item(notice: Notice, told: Told, people: dict[UUID, Face]) -> Item:
    by = people.get(notice.by_id) if notice.by_id else None
    return Item(notice.id, told, by, notice.reason, notice.at, notice.read_at is not None)


def _groups(person_id: UUID, before: str | None) -> Any:
    is_unread = func.max(case((col(Notice.read_at).is_(None), 1), else_=0))
    last = func.max(col(Notice.at))
    query = (
        rows(
            Notice.about,
            func.count().label("total"),
            func.count().filter(col(Notice.read_at).is_(None)).label("unread"),
            last.label("last"),
        )
        .where(col(Notice.person_id) == person_id)
        .group_by(col(Notice.about))
        .order_by(is_unread.desc(), last.desc(), col(Notice.about).desc())
        .limit(PER_PAGE + 1)
    )
    if before:
        unread, at, about = _parsed(before)
        after = or_(last < at, and_(last == at, col(Notice.about) < about))
        query = query.having(or_(is_unread < unread, and_(is_unread == unread, after)))
    return query


def _key(row: Any) -> str:
    return f"{int(row.unread > 0)}_{(row.last - _BIRTH) // _TICK}_{row.about}"


def _parsed(before: str) -> tuple[int, datetime, str]:
    unread, _, rest = before.partition("_")
    moment, _, about = rest.partition("_")
    try:
        return int(unread == "1"), _BIRTH + int(moment) * _TICK, str(Ref.parse(about))
    except (ValueError, OverflowError):
        raise NotFound from None


async def _latest(db: AsyncSession, person_id: UUID, abouts: Sequence[str]) -> list[Notice]:
    """The latest notices about each of these, unread ones first."""
    rank = func.row_number().over(
        partition_by=col(Notice.about),
        order_by=(case((col(Notice.read_at).is_(None), 0), else_=1), col(Notice.at).desc(), col(Notice.id).desc()),
    )
    ranked = (
        rows(col(Notice.id).label("id"), rank.label("rank"))
        .where(col(Notice.person_id) == person_id, col(Notice.about).in_(abouts))
        .subquery()
    )
    query = select(Notice).join(ranked, ranked.c.id == col(Notice.id)).where(ranked.c.rank <= PER_GROUP)
    return list((await db.exec(query.order_by(ranked.c.rank))).all())


class Silenced(NamedTuple):
    """Something about which someone wants no more mail."""

    about: str
    told: Told


class Settings(NamedTuple):
    """How someone is written to, and about what they are not."""

    wishes: rules.Wishes
    email: str
    silenced: list[Silenced]


async def settings_of(db: AsyncSession, tellers: Tellers, who: Who) -> Settings:
    """How this person is written to now."""
    person = rows(Person.email, Person.notifications, Person.time_zone).where(col(Person.id) == who.id)
    row = (await db.execute(person)).one()
    silences = select(Silence.about).where(col(Silence.person_id) == who.id).order_by(col(Silence.at).desc())
    abouts = (await db.exec(silences.limit(MOST_SILENCES))).all()
    told = await tell_refs(db, tellers, who, [Ref.parse(about) for about in abouts])
    silenced = [Silenced(about, told[about]) for about in abouts if about in told]
    return Settings(rules.wishes_of(row.notifications, row.time_zone), row.email, silenced)
