"""What someone gathers before asking for it, and what was asked for together."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import JSON, UniqueConstraint
from sqlmodel import Field, SQLModel

from entente.clock import now
from entente.db import Moment
from entente.ids import new_id

MOST_LINES = 20


class Basket(SQLModel, table=True):
    """What one person is gathering, as it was typed: nothing in it is held, and nobody else sees it."""

    __tablename__ = "booking_basket"

    person_id: UUID = Field(foreign_key="person.id", primary_key=True)
    key: str = Field(max_length=60)
    """Names the request to come: sent twice, it is made once."""
    lines: list[dict[str, str]] = Field(default_factory=list, sa_type=JSON)
    """Each line as the fields of the search, with the `line` that names it."""
    fields: dict[str, str] = Field(default_factory=dict, sa_type=JSON)
    """For whom, at whose expense and why, as it was typed."""
    changed_at: datetime = Field(default_factory=now, sa_type=Moment)


class Order(SQLModel, table=True):
    """Reservations that were asked for together."""

    __tablename__ = "booking_order"
    # Of one request sent twice at once, this lets one through.
    __table_args__ = (UniqueConstraint("person_id", "key", name="booking_order_key"),)

    id: UUID = Field(default_factory=new_id, primary_key=True)
    person_id: UUID = Field(foreign_key="person.id")
    key: str = Field(max_length=60)
    created_at: datetime = Field(default_factory=now, sa_type=Moment)


class OrderLine(SQLModel, table=True):
    """One of the reservations that were asked for together."""

    __tablename__ = "booking_order_line"

    order_id: UUID = Field(foreign_key="booking_order.id", primary_key=True)
    number: int = Field(primary_key=True)
    """Its place in the basket, from 1."""
    reservation_id: UUID = Field(foreign_key="reservation.id", unique=True)
