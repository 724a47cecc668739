"""Meetings, what is on their agenda, who answers what, and the dated rules of each body."""

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from entente.clock import now
from entente.db import Moment, Word
from entente.ids import new_id


class State(StrEnum):
    """Where a meeting stands."""

    OPTION = "option"
    """A date kept for it, and not decided: TENTATIVE in calendars."""
    PLANNED = "planned"
    CONVENED = "convened"
    HELD = "held"
    CANCELLED = "cancelled"


class Stance(StrEnum):
    """What the holder of a seat answers."""

    PRESENT = "present"
    EXCUSED = "excused"
    REPRESENTED = "represented"
    """By a pouvoir, given to another member: it is not counted in the quorum (CGCT, art. L.2121-17)."""
    SUBSTITUTED = "substituted"
    """By the substitute of the seat, where the body allows it: counted as present."""


class Channel(StrEnum):
    """How an answer came."""

    WEB = "web"
    LINK = "link"
    TELEPHONE = "telephone"


class Hall(SQLModel, table=True):
    """A room in which bodies meet; two meetings at once in one hall is a conflict, shown and not forbidden."""

    __tablename__ = "planning_hall"

    id: UUID = Field(default_factory=new_id, primary_key=True)
    name: str = Field(max_length=120, unique=True)
    address: str = Field(default="", max_length=200)
    seats: int | None = None
    version: int = 1


class BodyRule(SQLModel, table=True):
    """How a body meets, from when until when (`until` is the first day without the rule)."""

    __tablename__ = "planning_rule"
    __table_args__ = (
        CheckConstraint("until IS NULL OR until > since", name="planning_rule_dates"),
        CheckConstraint("days >= 0 AND urgency_days >= 0 AND urgency_days <= days", name="planning_rule_days"),
        CheckConstraint("quorum_over >= 1 AND quorum_of >= 1", name="planning_rule_quorum"),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    body_id: UUID = Field(foreign_key="body.id", index=True)
    since: date
    until: date | None = None
    days: int = 3
    """How long before a meeting its convocation is sent."""
    is_clear: bool = True
    """Whether these are clear days: neither the day of sending nor that of the meeting counts."""
    urgency_days: int = 1
    """How short the notice may become for a recorded reason of urgency."""
    is_strict: bool = False
    """Whether a late convocation is refused without such a reason, rather than warned of."""
    has_quorum: bool = True
    quorum_of: int = 1
    quorum_over: int = 2
    """The quorum is more than `quorum_of` / `quorum_over` of the members in office: more than half by default."""
    allows_pouvoirs: bool = True
    allows_substitutes: bool = False


class Series(SQLModel, table=True):
    """Meetings that come back by a rule, which has an end."""

    __tablename__ = "planning_series"

    id: UUID = Field(default_factory=new_id, primary_key=True)
    rule: str = Field(max_length=300)
    """As RFC 5545 writes it, in Paris time, with COUNT or UNTIL."""
    created_at: datetime = Field(default_factory=now, sa_type=Moment)


class Meeting(SQLModel, table=True):
    """A body meets, or might."""

    __tablename__ = "meeting"
    __table_args__ = (
        CheckConstraint("ends_at > starts_at", name="meeting_period"),
        UniqueConstraint("person_id", "key", name="meeting_key"),
        Index("meeting_of_body", "body_id", "starts_at"),
        Index("meeting_when", "starts_at", "ends_at"),
        Index("meeting_in_hall", "hall_id", "starts_at"),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    body_id: UUID = Field(foreign_key="body.id")
    title: str = Field(max_length=160)
    state: State = Field(default=State.PLANNED, sa_type=Word)
    starts_at: datetime = Field(sa_type=Moment)
    ends_at: datetime = Field(sa_type=Moment)
    hall_id: UUID | None = Field(default=None, foreign_key="planning_hall.id")
    place: str = Field(default="", max_length=200)
    """Where it is, when not in a hall of the list."""
    link: str = Field(default="", max_length=500)
    """Where it is joined from afar."""
    note: str = Field(default="", max_length=10_000)
    is_confidential: bool = False
    """Whether only those who sit, and the secretaries, may know more than that their time is taken."""
    series_id: UUID | None = Field(default=None, foreign_key="planning_series.id", index=True)
    occurs_at: datetime | None = Field(default=None, sa_type=Moment)
    """When the rule of its series put it: it never moves, and names the occurrence in calendars (RECURRENCE-ID)."""
    convened_at: datetime | None = Field(default=None, sa_type=Moment)
    urgency: str = Field(default="", max_length=500)
    """The recorded reason of a late convocation."""
    cancelled_for: str = Field(default="", max_length=500)
    person_id: UUID = Field(foreign_key="person.id")
    """Who wrote it down."""
    key: str = Field(max_length=60)
    """A form sent twice bears the same one, and makes one meeting."""
    version: int = 1
    """Grows with every change: SEQUENCE in calendars, and the lock of the form."""
    created_at: datetime = Field(default_factory=now, sa_type=Moment)
    changed_at: datetime = Field(default_factory=now, sa_type=Moment)


class Item(SQLModel, table=True):
    """A point of the agenda of a meeting."""

    __tablename__ = "meeting_item"
    __table_args__ = (UniqueConstraint("meeting_id", "position", name="meeting_item_position"),)

    id: UUID = Field(default_factory=new_id, primary_key=True)
    meeting_id: UUID = Field(foreign_key="meeting.id")
    position: int
    """From 1."""
    title: str = Field(max_length=200)
    note: str = Field(default="", max_length=4_000)
    rapporteur: str = Field(default="", max_length=120)
    minutes: int | None = None
    is_deliberation: bool = False


class Document(SQLModel, table=True):
    """A file joined to a point of an agenda; its bytes lie in the store of the house, and never change."""

    __tablename__ = "meeting_document"

    id: UUID = Field(default_factory=new_id, primary_key=True)
    meeting_id: UUID = Field(foreign_key="meeting.id", index=True)
    item_id: UUID | None = Field(default=None, foreign_key="meeting_item.id", index=True)
    """None once its point is gone."""
    person_id: UUID = Field(foreign_key="person.id", index=True)
    name: str = Field(max_length=120)
    label: str = Field(max_length=40)
    media_type: str = Field(max_length=100)
    size: int
    kept: str = Field(max_length=60, unique=True)
    width: int = 0
    height: int = 0
    created_at: datetime = Field(default_factory=now, sa_type=Moment)
    removed_at: datetime | None = Field(default=None, sa_type=Moment)
    """Since when it shows nowhere; its bytes go a day later."""


class Answer(SQLModel, table=True):
    """What a seat answers to a meeting: the last word wins, and the words before it stay in `AnswerSaid`."""

    __tablename__ = "meeting_answer"
    __table_args__ = (
        # One pouvoir per bearer (CGCT, art. L.2121-20): the database decides when two members give theirs at once.
        UniqueConstraint("meeting_id", "bearer_id", name="meeting_answer_bearer"),
        CheckConstraint("bearer_id IS NULL OR bearer_id <> seat_id", name="meeting_answer_not_oneself"),
        CheckConstraint("(bearer_id IS NULL) = (stance <> 'represented')", name="meeting_answer_pouvoir"),
    )

    meeting_id: UUID = Field(foreign_key="meeting.id", primary_key=True)
    seat_id: UUID = Field(foreign_key="seat.id", primary_key=True, index=True)
    stance: Stance = Field(sa_type=Word)
    bearer_id: UUID | None = Field(default=None, foreign_key="seat.id", index=True)
    """The seat whose holder bears the pouvoir."""
    channel: Channel = Field(default=Channel.WEB, sa_type=Word)
    person_id: UUID = Field(foreign_key="person.id")
    """Who said it: the holder, their substitute, or the secretary who took the call."""
    at: datetime = Field(default_factory=now, sa_type=Moment)


class AnswerSaid(SQLModel, table=True):
    """Every answer that was ever given: written once."""

    __tablename__ = "meeting_answer_said"
    __table_args__ = (Index("meeting_answer_said_of", "meeting_id", "seat_id", "at"),)

    id: UUID = Field(default_factory=new_id, primary_key=True)
    meeting_id: UUID = Field(foreign_key="meeting.id")
    seat_id: UUID = Field(foreign_key="seat.id")
    stance: Stance | None = Field(default=None, sa_type=Word)
    """None when the answer was taken back."""
    bearer_id: UUID | None = Field(default=None, foreign_key="seat.id")
    channel: Channel = Field(sa_type=Word)
    person_id: UUID = Field(foreign_key="person.id")
    at: datetime = Field(default_factory=now, sa_type=Moment)


class AnswerLink(SQLModel, table=True):
    """A secret address in an invitation, by which one seat answers one meeting; only its hash is kept."""

    __tablename__ = "meeting_answer_link"
    __table_args__ = (UniqueConstraint("hash", name="meeting_answer_link_hash"),)

    id: UUID = Field(default_factory=new_id, primary_key=True)
    hash: str = Field(max_length=64)
    meeting_id: UUID = Field(foreign_key="meeting.id", index=True)
    seat_id: UUID = Field(foreign_key="seat.id")
    person_id: UUID = Field(foreign_key="person.id", index=True)
    """To whom it was sent: nobody else may use it while signed in."""
    expires_at: datetime = Field(sa_type=Moment)
    used_at: datetime | None = Field(default=None, sa_type=Moment)


class Invitation(SQLModel, table=True):
    """What someone was last sent about a meeting: who is told of a change, and of which (RFC 5546)."""

    __tablename__ = "meeting_invitation"

    meeting_id: UUID = Field(foreign_key="meeting.id", primary_key=True)
    person_id: UUID = Field(foreign_key="person.id", primary_key=True, index=True)
    version: int
    """Of the meeting, as it was sent."""
    told: str = Field(default="", max_length=64)
    """What was said of when, where and what, as a hash: a change of nothing else is not written about."""
    is_cancelled: bool = False
    sent_at: datetime = Field(default_factory=now, sa_type=Moment)


class Absence(SQLModel, table=True):
    """Someone is away, whole days; `until` is the first day back."""

    __tablename__ = "planning_absence"
    __table_args__ = (
        CheckConstraint("until > since", name="planning_absence_dates"),
        Index("planning_absence_of", "person_id", "until"),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    person_id: UUID = Field(foreign_key="person.id")
    since: date
    until: date
    note: str = Field(default="", max_length=200)
    """For oneself alone: others read that one is away."""
