"""The calendars themselves: which there are, for whom, and which meetings stand in each."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from hashlib import sha256
from uuid import UUID

from sqlalchemy import ColumnElement, and_, true
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from entente.db import rows
from entente.ical import Event, Key
from entente.people.models import Body, Organisation, Seat
from entente.people.queries import is_current
from entente.people.who import Who
from entente.room import Calendar
from entente.rules import NotFound
from entente.web.words import NBSP
from planning import rules
from planning.calendars import queries
from planning.calendars.absences import ABSENCES
from planning.calendars.queries import Said
from planning.calendars.rules import AT, CLOSED_AT, SERIES_AT, event_of, parted, series_of
from planning.queries import is_open_to

HUE = 210

Choices = Callable[[AsyncSession, Who], Awaitable[Sequence[tuple[UUID | None, str]]]]
Headed = Callable[[AsyncSession, Who, UUID | None], Awaitable[tuple[str, int]]]
Which = Callable[[Who, UUID | None], ColumnElement[bool]]
Told = list[tuple[str, list[Said]]]
"""What becomes one event, by its uid, in order of time."""


def _told(who: Who, said: Sequence[Said]) -> Told:
    """Each meeting under its uid, those of a series under one."""
    found: dict[str, list[Said]] = {}
    for each in said:
        found.setdefault(_uid_of(who, each), []).append(each)
    for uid in [uid for uid in found if uid.endswith(SERIES_AT)]:
        together, alone = parted(found.pop(uid))
        found |= {uid: together} if together else {}
        found |= {f"{each.id}{AT}": [each] for each in alone if not each.is_undone}
    return sorted(found.items(), key=lambda each: each[1][0].starts_at)


def _uid_of(who: Who, said: Said) -> str:
    if not said.is_open:
        # For this reader alone: two who compare cannot tell which meeting takes both their times.
        return f"{sha256(f'{who.id} {said.id}'.encode()).hexdigest()[:40]}{CLOSED_AT}"
    return f"{said.series_id}{SERIES_AT}" if said.series_id else f"{said.id}{AT}"


def _key_of(uid: str, said: Sequence[Said]) -> Key:
    # Everything it shows, the name of a hall and of the body too; an agenda that changes moves the version.
    return Key(uid, sha256(repr([(each, each.is_undone) for each in said]).encode()).hexdigest()[:24])


def _event_of(uid: str, said: Sequence[Said], agendas: Mapping[UUID, tuple[str, ...]]) -> Event:
    if uid.endswith(SERIES_AT):
        return series_of(said, agendas, uid)
    return event_of(said[0], agendas.get(said[0].id, ()), uid)


def _among(uids: Sequence[str]) -> list[UUID] | None:
    """The meetings and series of these uids; None when one of them does not tell which meeting it is."""
    if any(uid.endswith(CLOSED_AT) for uid in uids):
        return None
    return [UUID(uid.partition("@")[0]) for uid in uids]


def _calendar(kind: str, which: Which, choices: Choices, head: Headed) -> Calendar:
    async def keys(db: AsyncSession, who: Who, subject: UUID | None) -> Sequence[Key]:
        said = await queries.said(db, who, which(who, subject))
        return [_key_of(uid, each) for uid, each in _told(who, said)]

    async def events(
        db: AsyncSession, who: Who, subject: UUID | None, uids: list[str] | None
    ) -> Sequence[tuple[Key, Event]]:
        said = await queries.said(db, who, which(who, subject), None if uids is None else _among(uids))
        told = _told(who, said)
        if uids is not None:
            asked = set(uids)
            told = [(uid, each) for uid, each in told if uid in asked]
        agendas = await queries.agendas_of(db, [each.id for _, some in told for each in some if each.is_open])
        return [(_key_of(uid, each), _event_of(uid, each, agendas)) for uid, each in told]

    return Calendar(kind, choices, head, keys, events)


def _known(subject: UUID | None) -> UUID:
    if subject is None:
        raise NotFound
    return subject


def _require_look(who: Who) -> None:
    if not rules.may_look(who):
        raise NotFound


def _one(title: str) -> tuple[Choices, Headed]:
    """A calendar there is one of, for whoever takes part."""

    async def choices(_db: AsyncSession, who: Who) -> Sequence[tuple[UUID | None, str]]:
        return [(None, title)] if rules.may_look(who) else []

    async def head(_db: AsyncSession, who: Who, subject: UUID | None) -> tuple[str, int]:
        _require_look(who)
        if subject is not None:
            raise NotFound
        return title, HUE

    return choices, head


async def _body_choices(db: AsyncSession, who: Who) -> Sequence[tuple[UUID | None, str]]:
    if not rules.may_look(who):
        return []
    found = await db.execute(rows(col(Body.id), Body.name).order_by(col(Body.name)))
    return [(id_, f"Réunions\u00a0: {name}") for id_, name in found]


async def _body_head(db: AsyncSession, who: Who, subject: UUID | None) -> tuple[str, int]:
    _require_look(who)
    body = await db.get(Body, _known(subject))
    if body is None:
        raise NotFound
    return body.name, body.hue


async def _town_choices(db: AsyncSession, who: Who) -> Sequence[tuple[UUID | None, str]]:
    if not rules.may_look(who):
        return []
    query = (
        rows(col(Organisation.id), Organisation.name)
        .where(col(Organisation.id).in_(rows(Seat.organisation_id).where(is_current(Seat))))
        .where(true() if who.is_administrator else col(Organisation.id).in_(who.organisations))
        .order_by(col(Organisation.name))
    )
    return [(id_, f"Réunions où siège\u00a0: {name}") for id_, name in await db.execute(query)]


async def _town_head(db: AsyncSession, who: Who, subject: UUID | None) -> tuple[str, int]:
    _require_look(who)
    town = await db.get(Organisation, _known(subject))
    if town is None:
        raise NotFound
    return f"Réunions{NBSP}: {town.name}", town.hue


def _of_body(who: Who, subject: UUID | None) -> ColumnElement[bool]:
    # What is closed hides its body: under the name of one, « Occupé » would tell it.
    return and_(queries.is_of_body(_known(subject)), is_open_to(who))


def _of_town(who: Who, subject: UUID | None) -> ColumnElement[bool]:
    # A commune sits in few bodies: the same.
    return and_(queries.is_of_town(_known(subject)), is_open_to(who))


CALENDARS = (
    _calendar("planning/mine", lambda who, _: and_(queries.is_mine(who), is_open_to(who)), *_one("Mes réunions")),
    _calendar("planning/all", lambda _who, _: true(), *_one("Toutes les réunions que je peux voir")),
    _calendar("planning/organisation", _of_town, _town_choices, _town_head),
    _calendar("planning/body", _of_body, _body_choices, _body_head),
    ABSENCES,
)
