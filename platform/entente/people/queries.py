"""Who is here: read often, so these are plain rows, never objects."""

import secrets
from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Date,
    Row,
    String,
    Uuid,
    and_,
    bindparam,
    cast,
    literal,
    null,
    or_,
    union_all,
    update,
)
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from entente.clock import now, today
from entente.db import Moment, rows
from entente.people.models import (
    Function,
    FunctionKind,
    GroupMember,
    Organisation,
    Person,
    PersonStatus,
    Seat,
    SeatRole,
    Session,
)
from entente.people.who import Who


def hash_of(secret: str) -> str:
    """What the database keeps of a secret: SHA-256, for the secret is already random."""
    return sha256(secret.encode()).hexdigest()


class SignedIn(NamedTuple):
    """A valid session: whoever it is, when the device was last seen, and whether its cookie is to be turned."""

    who: Who
    seen_at: datetime
    is_stale: bool = False


async def signed_in(db: AsyncSession, secret: str) -> SignedIn | None:
    """Whoever holds this cookie, if the session is alive and the account active."""
    at = now()
    asked = {"hash": hash_of(secret), "at": at, "turned_after": at - GRACE}
    row = (await db.execute(_SIGNED_IN, asked)).one_or_none()
    return SignedIn(await _who(db, row, row.id), row.seen_at, row.is_stale) if row else None


def is_opened_by(secret: str) -> ColumnElement[bool]:
    """The session of this cookie: the present one, or for a minute the one before it."""
    return _opened_by(hash_of(secret), now() - GRACE)


def _opened_by(hash_: Any, turned_after: Any) -> ColumnElement[bool]:
    return or_(
        col(Session.hash) == hash_, and_(col(Session.previous_hash) == hash_, col(Session.turned_at) > turned_after)
    )


async def who_is(db: AsyncSession, person_id: UUID) -> Who | None:
    """The active person with this id, with their present rights."""
    query = rows(*_PERSON).where(col(Person.id) == person_id, col(Person.status) == PersonStatus.ACTIVE)
    row = (await db.execute(query)).one_or_none()
    return await _who(db, row) if row else None


_PERSON: Any = (
    col(Person.id).label("person_id"),
    Person.given_name,
    Person.family_name,
    Person.time_zone,
    Person.version,
    Person.photo,
)


async def who_are(db: AsyncSession, ids: Collection[UUID]) -> dict[UUID, Who]:
    """Those of these people who are active, with their present rights: two statements for any number of them."""
    if not ids:
        return {}
    known = (await db.execute(_PEOPLE, {"ids": list(ids)})).all()
    ties: dict[UUID, list[Row[Any]]] = defaultdict(list)
    for tie in await db.execute(_TIES_OF_MANY, {"ids": list(ids), "day": today()}):
        ties[tie.person_id].append(tie)
    return {row.person_id: _made(row, ties[row.person_id]) for row in known}


async def _who(db: AsyncSession, row: Row[Any], session_id: UUID | None = None) -> Who:
    return _made(row, (await db.execute(_TIES, {"person": row.person_id, "day": today()})).all(), session_id)


def _made(row: Row[Any], ties: Sequence[Row[Any]], session_id: UUID | None = None) -> Who:
    return Who(
        id=row.person_id,
        name=f"{row.given_name} {row.family_name}",
        functions=frozenset((FunctionKind(tie.word), tie.id) for tie in ties if tie.tie == "function"),
        bodies=frozenset(tie.id for tie in ties if tie.tie == "seat"),
        secretary_of=frozenset(tie.id for tie in ties if tie.tie == "seat" and tie.word == SeatRole.SECRETARY),
        groups=frozenset(tie.id for tie in ties if tie.tie == "group"),
        given_name=row.given_name,
        time_zone=row.time_zone,
        version=row.version,
        photo=row.photo,
        is_discreet=any(tie.tie == "discreet" for tie in ties),
        session_id=session_id,
    )


def is_current(dated: Any, on: Any = None) -> ColumnElement[bool]:
    """Whether a dated tie holds on a given day, or on the one on which it is asked: a question may be kept."""
    day = bindparam(None, callable_=lambda: today(), type_=Date(), unique=True) if on is None else on
    return and_(dated.since <= day, or_(dated.until.is_(None), dated.until > day))


def _ties(person_id: Any, day: Any, *more: Any) -> Any:
    """Everything a person's rights come from, in one query; `more` columns beside each tie."""
    functions = rows(
        literal("function").label("tie"),
        cast(col(Function.kind), String).label("word"),
        col(Function.organisation_id).label("id"),
        *more,
    ).where(col(Function.person_id) == person_id, is_current(Function, day))
    seats = rows(literal("seat"), cast(col(Seat.role), String), col(Seat.body_id), *more).where(
        or_(col(Seat.holder_id) == person_id, col(Seat.substitute_id) == person_id), is_current(Seat, day)
    )
    groups = rows(literal("group"), cast(null(), String), col(GroupMember.group_id), *more).where(
        col(GroupMember.person_id) == person_id
    )
    discreet = (
        rows(literal("discreet"), cast(null(), String), col(Organisation.id), *more)
        .join(Function, col(Function.organisation_id) == col(Organisation.id))
        .where(col(Function.person_id) == person_id, is_current(Function, day), col(Organisation.hides_presence))
    )
    return union_all(functions, seats, groups, discreet)


# Built once: every request of every signed-in person asks these two.
_TIES = _ties(bindparam("person", type_=Uuid()), bindparam("day", type_=Date()))
_THESE = select(Person.id).where(col(Person.id).in_(bindparam("ids", expanding=True))).subquery("these")
_TIES_OF_MANY = _ties(_THESE.c.id, bindparam("day", type_=Date()), _THESE.c.id.label("person_id"))
_PEOPLE = rows(*_PERSON).where(
    col(Person.id).in_(bindparam("ids", expanding=True)), col(Person.status) == PersonStatus.ACTIVE
)
_SIGNED_IN = (
    rows(Session.id, Session.seen_at, Session.is_stale, *_PERSON)
    .join(Person, col(Person.id) == col(Session.person_id))
    .where(
        _opened_by(bindparam("hash"), bindparam("turned_after", type_=Moment)),
        col(Session.expires_at) > bindparam("at", type_=Moment),
        col(Person.status) == PersonStatus.ACTIVE,
    )
)


class Face(NamedTuple):
    """How a person is shown beside what they wrote."""

    id: UUID
    name: str
    title: str
    commune: str
    hue: int
    """Colour of the organisation (0–359)."""
    photo: UUID | None
    version: int

    @property
    def initials(self) -> str:
        """Two letters for an avatar without photo."""
        return "".join(part[0] for part in self.name.split()[:2]).upper()


async def faces(db: AsyncSession, ids: set[UUID]) -> dict[UUID, Face]:
    """How these people are shown: name, first current function, and organisation."""
    if not ids:
        return {}
    return {
        row.person_id: Face(
            row.person_id,
            f"{row.given_name} {row.family_name}",
            row.title or "",
            row.short_name or "",
            row.hue if row.hue is not None else row.person_id.int % 360,
            row.photo,
            row.version,
        )
        for row in await db.execute(_FACES, {"ids": list(ids)})
    }


_FACES = (
    rows(*_PERSON, Function.title, Function.kind, Organisation.short_name, Organisation.hue)
    .select_from(Person)
    .outerjoin(Function, and_(col(Function.person_id) == col(Person.id), is_current(Function)))
    .outerjoin(Organisation, col(Organisation.id) == col(Function.organisation_id))
    .where(col(Person.id).in_(bindparam("ids", expanding=True)))
    .order_by(col(Function.id).desc())
)


async def person_by_email(db: AsyncSession, email: str) -> Person | None:
    """The account with this address, whatever its status."""
    return (await db.exec(select(Person).where(col(Person.email) == email.strip().lower()))).one_or_none()


async def demo_people(db: AsyncSession) -> list[Face]:
    """Those who can sign in with one click in the demonstration."""
    ids = (await db.exec(select(Person.id).where(col(Person.demo_pitch).is_not(None)))).all()
    shown = await faces(db, set(ids))
    return sorted(shown.values(), key=lambda face: face.name)


async def touch(db: AsyncSession, session_id: UUID, days: int) -> None:
    """The device was seen: it stays signed in for that many days more."""
    seen = update(Session).where(col(Session.id) == session_id)
    await db.execute(seen.values(seen_at=now(), expires_at=now() + timedelta(days=days)))


async def turn(db: AsyncSession, secret: str) -> str | None:
    """A new secret for a device whose cookie is stale; none when another request has just turned it."""
    new = secrets.token_urlsafe(32)
    turned = (
        update(Session)
        .where(col(Session.hash) == hash_of(secret), col(Session.is_stale).is_(True))
        .values(hash=hash_of(new), previous_hash=hash_of(secret), turned_at=now(), is_stale=False)
        .returning(col(Session.id))
    )
    return new if (await db.execute(turned)).scalar_one_or_none() else None


GRACE = timedelta(seconds=60)
"""How long a turned cookie is still good: a browser asks for several things at once."""

STALE_AFTER = timedelta(minutes=10)
"""How old « last seen » may be before a request writes it again."""
