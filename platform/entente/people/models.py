"""Organisations, bodies, people, and the dated ties between them."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, CheckConstraint, Index, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from entente.clock import now
from entente.db import Moment, Word
from entente.ids import new_id


class OrganisationKind(StrEnum):
    """Legal kinds of members."""

    EPCI = "epci"
    COMMUNE = "commune"
    CCAS = "ccas"
    SYNDICAT = "syndicat"
    ASSOCIATION = "association"


class BodyKind(StrEnum):
    """Kinds of instances in which people sit."""

    COPIL = "copil"
    COTECH = "cotech"
    CONFERENCE_DES_MAIRES = "conference_des_maires"
    BUREAU = "bureau"
    CONSEIL_COMMUNAUTAIRE = "conseil_communautaire"
    CONSEIL_MUNICIPAL = "conseil_municipal"
    GROUPE_DE_TRAVAIL = "groupe_de_travail"
    REUNION_DES_DGS = "reunion_des_dgs"
    RESEAU = "reseau"


class FunctionKind(StrEnum):
    """What someone is in an organisation."""

    AGENT = "agent"
    ACHETEUR = "acheteur"
    TECHNICIEN = "technicien"
    ELU = "elu"
    MAIRE = "maire"
    DGS = "dgs"
    GESTIONNAIRE = "gestionnaire"
    ADMINISTRATEUR = "administrateur"


class PersonStatus(StrEnum):
    """Whether an account may be used."""

    INVITED = "invited"
    ACTIVE = "active"
    SUSPENDED = "suspended"


class SeatRole(StrEnum):
    """What a seat lets its holder do in the body."""

    MEMBER = "member"
    CHAIR = "chair"
    SECRETARY = "secretary"


class Organisation(SQLModel, table=True):
    """A commune, the EPCI itself, or another public body that takes part."""

    id: UUID = Field(default_factory=new_id, primary_key=True)
    kind: OrganisationKind = Field(sa_type=Word)
    name: str = Field(max_length=120, unique=True)
    short_name: str = Field(max_length=20)
    code_insee: str | None = Field(default=None, max_length=5, unique=True)
    siren: str | None = Field(default=None, max_length=9, unique=True)
    postcodes: str = Field(default="", max_length=60)
    population: int | None = None
    hue: int = Field(default=0, ge=0, lt=360)
    hides_presence: bool = False
    """Whether others are not told that its people are reading or writing."""


class Membership(SQLModel, table=True):
    """From when until when an organisation belongs to the EPCI; `until` is the first day outside."""

    __table_args__ = (CheckConstraint("until IS NULL OR until > since", name="membership_dates"),)

    id: UUID = Field(default_factory=new_id, primary_key=True)
    organisation_id: UUID = Field(foreign_key="organisation.id", index=True)
    since: date
    until: date | None = None


class Service(SQLModel, table=True):
    """A department of an organisation, such as « Espaces verts »."""

    __table_args__ = (UniqueConstraint("organisation_id", "name"),)

    id: UUID = Field(default_factory=new_id, primary_key=True)
    organisation_id: UUID = Field(foreign_key="organisation.id")
    name: str = Field(max_length=120)


class Person(SQLModel, table=True):
    """One account, whatever the number of functions."""

    id: UUID = Field(default_factory=new_id, primary_key=True)
    email: str = Field(max_length=254, unique=True)
    """In lower case; the constraint decides when two invitations race."""
    given_name: str = Field(max_length=80)
    family_name: str = Field(max_length=80)
    status: PersonStatus = Field(default=PersonStatus.INVITED, sa_type=Word)
    password_hash: str | None = None
    time_zone: str = Field(default="Europe/Paris", max_length=40)
    notifications: dict[str, Any] = Field(default_factory=dict, sa_type=JSON)
    photo: UUID | None = None
    """Name of the photo's file; a new photo is a new name."""
    version: int = 1
    """Grows with every change of what others see of this person."""
    created_at: datetime = Field(default_factory=now, sa_type=Moment)
    demo_pitch: str | None = None
    """In the demonstration, what signing in as this person shows; none elsewhere."""
    forgotten_at: datetime | None = Field(default=None, sa_type=Moment)
    """Since when nothing here says who it was; the row stays, for what they did refers to it."""

    @property
    def name(self) -> str:
        """First name, then family name."""
        return f"{self.given_name} {self.family_name}"


class Function(SQLModel, table=True):
    """What a person is in an organisation, from when until when."""

    __table_args__ = (CheckConstraint("until IS NULL OR until > since", name="function_dates"),)

    id: UUID = Field(default_factory=new_id, primary_key=True)
    person_id: UUID = Field(foreign_key="person.id", index=True)
    organisation_id: UUID = Field(foreign_key="organisation.id", index=True)
    service_id: UUID | None = Field(default=None, foreign_key="service.id")
    kind: FunctionKind = Field(sa_type=Word)
    title: str = Field(default="", max_length=120)
    since: date
    until: date | None = None


class Body(SQLModel, table=True):
    """An instance in which communes sit: CoPil, CoTech, a network."""

    id: UUID = Field(default_factory=new_id, primary_key=True)
    kind: BodyKind = Field(sa_type=Word)
    name: str = Field(max_length=120, unique=True)
    organisation_id: UUID | None = Field(default=None, foreign_key="organisation.id")
    hue: int = Field(default=0, ge=0, lt=360)


class Seat(SQLModel, table=True):
    """A place in a body, from when until when: its holder, their substitute, and whether they decide."""

    __table_args__ = (
        CheckConstraint("until IS NULL OR until > since", name="seat_dates"),
        CheckConstraint("substitute_id IS NULL OR substitute_id <> holder_id", name="seat_substitute"),
        # Whoever sits twice for the same commune in the same body would decide twice.
        Index(
            "seat_once",
            "body_id",
            "organisation_id",
            "holder_id",
            unique=True,
            sqlite_where=text("until IS NULL"),
            postgresql_where=text("until IS NULL"),
        ),
        Index(
            "seat_one_chair",
            "body_id",
            unique=True,
            sqlite_where=text("until IS NULL AND role = 'chair'"),
            postgresql_where=text("until IS NULL AND role = 'chair'"),
        ),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    body_id: UUID = Field(foreign_key="body.id", index=True)
    organisation_id: UUID = Field(foreign_key="organisation.id")
    holder_id: UUID = Field(foreign_key="person.id", index=True)
    substitute_id: UUID | None = Field(default=None, foreign_key="person.id", index=True)
    role: SeatRole = Field(default=SeatRole.MEMBER, sa_type=Word)
    mandate: bool = False
    """Whether the holder may decide for the commune."""
    since: date
    until: date | None = None


class Group(SQLModel, table=True):
    """People gathered by hand, such as the guests of a forum."""

    __tablename__ = "circle"  # GROUP is a word of SQL

    id: UUID = Field(default_factory=new_id, primary_key=True)
    name: str = Field(max_length=120, unique=True)


class GroupMember(SQLModel, table=True):
    """Someone is in a group."""

    __tablename__ = "circle_member"

    group_id: UUID = Field(foreign_key="circle.id", primary_key=True)
    person_id: UUID = Field(foreign_key="person.id", primary_key=True, index=True)


class EmailDomain(SQLModel, table=True):
    """Whoever has an address there may create an account for that organisation."""

    domain: str = Field(max_length=253, primary_key=True)
    organisation_id: UUID = Field(foreign_key="organisation.id")


class Purpose(StrEnum):
    """What a secret link is for; it serves nothing else."""

    SIGN_IN = "sign_in"
    INVITATION = "invitation"
    EMAIL_CHANGE = "email_change"


class Token(SQLModel, table=True):
    """A secret link sent by mail: only its hash is kept, and it serves once."""

    hash: str = Field(max_length=64, primary_key=True)
    purpose: Purpose = Field(sa_type=Word)
    person_id: UUID = Field(foreign_key="person.id", index=True)
    email: str = Field(max_length=254)
    expires_at: datetime = Field(sa_type=Moment)
    used_at: datetime | None = Field(default=None, sa_type=Moment)


class Session(SQLModel, table=True):
    """A device on which someone is signed in; only the hash of its cookie is kept."""

    id: UUID = Field(default_factory=new_id, primary_key=True)
    hash: str = Field(max_length=64, unique=True)
    previous_hash: str | None = Field(default=None, max_length=64, index=True)
    """The cookie before the last turn, still good for a minute: a browser asks for several things at once."""
    turned_at: datetime | None = Field(default=None, sa_type=Moment)
    is_stale: bool = False
    """Whether the cookie is to be turned over at the next page (a change of rights)."""
    person_id: UUID = Field(foreign_key="person.id", index=True)
    device: str = Field(default="", max_length=200)
    address: str = Field(default="", max_length=45)
    created_at: datetime = Field(default_factory=now, sa_type=Moment)
    seen_at: datetime = Field(default_factory=now, sa_type=Moment)
    expires_at: datetime = Field(sa_type=Moment)


class Attempt(SQLModel, table=True):
    """How often something guarded was tried in a window of time."""

    key: str = Field(max_length=100, primary_key=True)
    count: int = 0
    until: datetime = Field(sa_type=Moment)
    """When the window closes and counting starts again."""


class AuditEntry(SQLModel, table=True):
    """Who did what to whom: written once, never changed."""

    __tablename__ = "audit"

    id: UUID = Field(default_factory=new_id, primary_key=True)
    at: datetime = Field(default_factory=now, sa_type=Moment, index=True)
    person_id: UUID | None = Field(default=None, foreign_key="person.id", index=True)
    act: str = Field(max_length=60, index=True)
    subject: str = Field(max_length=120, index=True)
    detail: dict[str, Any] = Field(default_factory=dict, sa_type=JSON)
