"""Reservations, what each holds and when, and everything that ever changed in them."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, CheckConstraint, ForeignKeyConstraint, Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from booking.fleet.models import Kind
from entente.clock import now
from entente.db import Moment, Word
from entente.ids import new_id


class State(StrEnum):
    """Where a reservation stands."""

    REQUESTED = "requested"
    """It awaits the owner, and holds its slot until `held_until`."""
    OFFERED = "offered"
    """The waiting list offers it, and holds its slot until `held_until`."""
    CONFIRMED = "confirmed"
    OUT = "out"
    RETURNED = "returned"
    WAITING = "waiting"
    """On the waiting list: it holds nothing."""
    REFUSED = "refused"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    """Nobody answered in time."""
    BLOCKED = "blocked"
    """Not a loan: the owner keeps the thing back, for repair or inspection."""

    @property
    def holds(self) -> bool:
        """Whether nobody else can have the slot."""
        return self in HOLDING


HOLDING = (State.REQUESTED, State.OFFERED, State.CONFIRMED, State.OUT, State.BLOCKED)
"""The guard in the database knows the same list: a change here is a migration there."""

_STATES = ", ".join(f"'{state}'" for state in State)


class Series(SQLModel, table=True):
    """Reservations that come back by a rule."""

    __tablename__ = "booking_series"
    __table_args__ = (UniqueConstraint("person_id", "key", name="booking_series_key"),)

    id: UUID = Field(default_factory=new_id, primary_key=True)
    rule: str = Field(max_length=300)
    """As RFC 5545 writes it: FREQ=WEEKLY;COUNT=10."""
    person_id: UUID = Field(foreign_key="person.id")
    key: str = Field(max_length=60)
    created_at: datetime = Field(default_factory=now, sa_type=Moment)


class Reservation(SQLModel, table=True):
    """Someone has something from a moment until another, or asks for it."""

    __table_args__ = (
        # Allocations point to all four, and follow: what is held is always what is written here.
        UniqueConstraint("id", "state", "starts_at", "ends_at", name="reservation_held"),
        UniqueConstraint("person_id", "key", name="reservation_key"),
        CheckConstraint("ends_at > starts_at", name="reservation_period"),
        CheckConstraint(f"state IN ({_STATES})", name="reservation_state"),
        CheckConstraint("quantity >= 1", name="reservation_quantity"),
        Index("reservation_of_person", "person_id", "ends_at"),
        Index("reservation_of_payer", "payer_id", "ends_at"),
        Index("reservation_awaiting", "state", "held_until"),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    state: State = Field(sa_type=Word)
    starts_at: datetime = Field(sa_type=Moment)
    ends_at: datetime = Field(sa_type=Moment)
    type_id: UUID = Field(foreign_key="resource_type.id", index=True)
    quantity: int = 1
    wanted: dict[str, Any] = Field(default_factory=dict, sa_type=JSON)
    """What was asked of the unit: id of a trait → least amount, `unit` → the unit itself."""
    person_id: UUID = Field(foreign_key="person.id")
    payer_id: UUID = Field(foreign_key="organisation.id")
    service_id: UUID | None = Field(default=None, foreign_key="service.id")
    on_behalf_of: str = Field(default="", max_length=120)
    """A school, a service or an association for whom it is taken."""
    purpose: str = Field(default="", max_length=300)
    held_until: datetime | None = Field(default=None, sa_type=Moment)
    """When a request or an offer lets go of its slot."""
    series_id: UUID | None = Field(default=None, foreign_key="booking_series.id", index=True)
    occurrence: int | None = None
    """Its number in the series, from 1."""
    key: str = Field(max_length=60)
    """A request sent twice bears the same one, and makes one reservation."""
    version: int = 1
    created_at: datetime = Field(default_factory=now, sa_type=Moment)


class Allocation(SQLModel, table=True):
    """A reservation holds a unit, or so many of its places; the database lets no two overlap.

    State and period are those of the reservation, whatever anybody writes here: a foreign key that cascades. The
    database itself computes `held_from` and `held_until`, and brings the parts of a kit with the kit.
    """

    __table_args__ = (
        ForeignKeyConstraint(
            ["reservation_id", "state", "starts_at", "ends_at"],
            ["reservation.id", "reservation.state", "reservation.starts_at", "reservation.ends_at"],
            name="allocation_reservation",
            onupdate="CASCADE",
            ondelete="CASCADE",
        ),
        ForeignKeyConstraint(["unit_id", "kind"], ["unit.id", "unit.kind"], name="allocation_unit"),
        ForeignKeyConstraint(
            ["reservation_id", "part_of"],
            ["allocation.reservation_id", "allocation.unit_id"],
            name="allocation_part",
            ondelete="CASCADE",
            deferrable=True,
            initially="DEFERRED",
        ),
        CheckConstraint("quantity >= 1 AND (quantity = 1 OR kind IN ('places', 'stock'))", name="allocation_quantity"),
        CheckConstraint("before_minutes >= 0 AND after_minutes >= 0", name="allocation_buffers"),
        Index("allocation_of_unit", "unit_id", "held_until", "held_from"),
    )

    reservation_id: UUID = Field(primary_key=True)
    unit_id: UUID = Field(primary_key=True)
    kind: Kind = Field(sa_type=Word)
    state: State = Field(sa_type=Word)
    starts_at: datetime = Field(sa_type=Moment)
    ends_at: datetime = Field(sa_type=Moment)
    quantity: int = 1
    before_minutes: int = 0
    after_minutes: int = 0
    held_from: datetime = Field(sa_type=Moment)
    held_until: datetime = Field(sa_type=Moment)
    part_of: UUID | None = None
    """The kit that brought it."""


class Change(SQLModel, table=True):
    """Who changed what in a reservation: written once, never changed."""

    __tablename__ = "reservation_change"

    id: UUID = Field(default_factory=new_id, primary_key=True)
    reservation_id: UUID = Field(foreign_key="reservation.id", index=True)
    at: datetime = Field(default_factory=now, sa_type=Moment)
    person_id: UUID | None = Field(default=None, foreign_key="person.id")
    verb: str = Field(max_length=40)
    why: str = Field(default="", max_length=300)
    before: dict[str, Any] = Field(default_factory=dict, sa_type=JSON)
    after: dict[str, Any] = Field(default_factory=dict, sa_type=JSON)
    together: UUID | None = Field(default=None, index=True)
    """Changes that one act made bear the same one, and are told in one mail."""
