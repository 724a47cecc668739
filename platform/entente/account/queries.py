"""Who knocks, with what, and from which devices."""

from collections.abc import Sequence
from typing import NamedTuple
from uuid import UUID

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from entente.clock import now
from entente.db import rows
from entente.ids import Ref
from entente.mail import KeptMail
from entente.mail import kept as kept_mails
from entente.people.models import (
    AuditEntry,
    EmailDomain,
    Function,
    FunctionKind,
    Organisation,
    OrganisationKind,
    Person,
    PersonStatus,
    Session,
)
from entente.people.queries import Face, faces, is_current
from entente.people.who import Who
from entente.rules import NotFound


class Lock(NamedTuple):
    """What a password is compared with."""

    person_id: UUID
    password_hash: str


async def lock_of(db: AsyncSession, email: str) -> Lock | None:
    """The lock of the active account with this address, if it has one."""
    query = rows(Person.id, Person.password_hash).where(
        col(Person.email) == email,
        col(Person.status) == PersonStatus.ACTIVE,
        col(Person.password_hash).is_not(None),
    )
    row = (await db.execute(query)).one_or_none()
    return Lock(row.id, row.password_hash) if row else None


async def domain_of(db: AsyncSession, email: str) -> EmailDomain | None:
    """The declared domain of this address: whoever reads mail there may create an account."""
    return await db.get(EmailDomain, email.rpartition("@")[2])


class DemoPerson(NamedTuple):
    """Someone whose place a visitor may take, and what that shows."""

    face: Face
    pitch: str


async def demo_people(db: AsyncSession) -> list[DemoPerson]:
    """Those who can sign in with one click in the demonstration."""
    query = rows(Person.id, Person.demo_pitch).where(
        col(Person.demo_pitch).is_not(None), col(Person.status) == PersonStatus.ACTIVE
    )
    pitches = {row.id: row.demo_pitch for row in await db.execute(query)}
    shown = await faces(db, set(pitches))
    # Photos are for those who are signed in: here everyone has their initials.
    found = [DemoPerson(face._replace(photo=None), pitches[id_]) for id_, face in shown.items()]
    return sorted(found, key=lambda each: each.face.name)


async def mails(db: AsyncSession) -> Sequence[KeptMail]:
    """The latest mails of the demonstration."""
    return await kept_mails(db)


async def devices_of(db: AsyncSession, who: Who) -> Sequence[Session]:
    """The devices on which this person is signed in, the latest first."""
    query = select(Session).where(col(Session.person_id) == who.id, col(Session.expires_at) > now())
    return (await db.exec(query.order_by(col(Session.seen_at).desc(), col(Session.id).desc()))).all()


async def device_for(db: AsyncSession, who: Who, session_id: UUID) -> Session:
    """One of this person's devices, or NotFound."""
    query = select(Session).where(col(Session.id) == session_id, col(Session.person_id) == who.id)
    session = (await db.exec(query)).one_or_none()
    if session is None:
        raise NotFound
    return session


async def inviter_of(db: AsyncSession, person_id: UUID) -> str | None:
    """The name of whoever last invited this person; none when the operator did."""
    query = (
        rows(Person.given_name, Person.family_name)
        .select_from(AuditEntry)
        .outerjoin(Person, col(Person.id) == col(AuditEntry.person_id))
        .where(
            col(AuditEntry.act) == "invitation.sent",
            col(AuditEntry.subject) == str(Ref("entente/person", person_id)),
        )
        .order_by(col(AuditEntry.at).desc(), col(AuditEntry.id).desc())
        .limit(1)
    )
    row = (await db.execute(query)).one_or_none()
    return f"{row.given_name} {row.family_name}" if row and row.given_name else None


async def epci(db: AsyncSession) -> str | None:
    """The name of the intercommunality that keeps this house."""
    query = rows(Organisation.name).where(col(Organisation.kind) == OrganisationKind.EPCI)
    name: str | None = (await db.execute(query.order_by(col(Organisation.name)).limit(1))).scalar_one_or_none()
    return name


class Keeper(NamedTuple):
    """An administrator, and where to write to them."""

    name: str
    email: str


async def keepers(db: AsyncSession) -> list[Keeper]:
    """The administrators, for those who are signed in."""
    query = (
        rows(Person.given_name, Person.family_name, Person.email)
        .join(Function, col(Function.person_id) == col(Person.id))
        .where(
            col(Function.kind) == FunctionKind.ADMINISTRATEUR,
            col(Person.status) == PersonStatus.ACTIVE,
            is_current(Function),
        )
        .distinct()
    )
    found = [Keeper(f"{row.given_name} {row.family_name}", row.email) for row in await db.execute(query)]
    return sorted(found)
