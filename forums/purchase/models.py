"""A group purchase, its lots, and one line for each commune that answers."""

from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKeyConstraint
from sqlmodel import Field, SQLModel

from entente.clock import now
from entente.db import Moment, Word
from entente.ids import new_id

MOST_QUANTITY = 10_000_000
"""What a commune may take of a lot, in its unit."""
DECIMALS = 3
MOST_LOTS = 20


class Stance(StrEnum):
    """What a commune says to a group purchase."""

    JOINED = "joined"
    INTERESTED = "interested"
    NOT_CONCERNED = "not_concerned"


class Purchase(SQLModel, table=True):
    """What a thread proposes to buy together, and until when communes answer."""

    thread_id: UUID = Field(foreign_key="thread.id", primary_key=True)
    need: str = Field(max_length=500)
    deadline: datetime = Field(sa_type=Moment)
    """On the server's clock: the statement that writes an answer checks it."""
    closed_at: datetime | None = Field(default=None, sa_type=Moment)
    """When its owner closed it, before the deadline."""
    version: int = 1
    """Grows with every change of what readers see: names the plot, and its lock orders those who answer at once."""


class Lot(SQLModel, table=True):
    """One of the things bought together, and the unit in which it is counted."""

    __tablename__ = "purchase_lot"

    id: UUID = Field(default_factory=new_id, primary_key=True)
    purchase_id: UUID = Field(foreign_key="purchase.thread_id", index=True)
    place: int
    name: str = Field(max_length=120)
    unit: str = Field(max_length=30)
    thousandths: int | None = Field(default=None, sa_type=BigInteger)
    """What is expected in all, if anyone has an idea."""

    @property
    def estimate(self) -> Decimal | None:
        """What is expected in all, in the unit of the lot."""
        return None if self.thousandths is None else in_units(self.thousandths)


class Answer(SQLModel, table=True):
    """What one commune says to a purchase: the key is the constraint, one line each."""

    __tablename__ = "purchase_answer"

    purchase_id: UUID = Field(foreign_key="purchase.thread_id", primary_key=True)
    organisation_id: UUID = Field(foreign_key="organisation.id", primary_key=True)
    stance: Stance = Field(sa_type=Word)
    version: int = 1
    """Grows with every change: whoever writes over an older one is told."""
    person_id: UUID = Field(foreign_key="person.id")
    """Who answered last for the commune."""
    at: datetime = Field(default_factory=now, sa_type=Moment)


class Quantity(SQLModel, table=True):
    """How much of a lot a commune takes, or might take."""

    __tablename__ = "purchase_quantity"
    __table_args__ = (
        ForeignKeyConstraint(
            ["purchase_id", "organisation_id"],
            ["purchase_answer.purchase_id", "purchase_answer.organisation_id"],
            name="quantity_of_answer",
        ),
        CheckConstraint(f"thousandths > 0 AND thousandths <= {MOST_QUANTITY * 1000}", name="quantity_bounds"),
    )

    lot_id: UUID = Field(foreign_key="purchase_lot.id", primary_key=True)
    organisation_id: UUID = Field(primary_key=True)
    purchase_id: UUID = Field(index=True)
    # Whole thousandths: SQLite has no decimal numbers, and half a ton must stay half a ton.
    thousandths: int = Field(sa_type=BigInteger)


def in_units(thousandths: int) -> Decimal:
    """Thousandths as a decimal number without useless zeros."""
    return _plain(Decimal(thousandths).scaleb(-DECIMALS))


def in_thousandths(quantity: Decimal) -> int:
    """A quantity of at most three decimals, as the database keeps it."""
    return int(quantity.scaleb(DECIMALS))


def _plain(quantity: Decimal) -> Decimal:
    whole = quantity.to_integral_value()
    return whole if whole == quantity else quantity.normalize()
