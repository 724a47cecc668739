"""A group purchase as everybody sees it, and as one commune answered it: a fixed number of questions."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, exists, or_
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from entente.clock import now
from entente.db import rows
from entente.people.models import Membership, Organisation, OrganisationKind, Person
from entente.people.queries import is_current
from entente.people.who import Who
from entente.rules import NotFound
from forums.models import Thread
from forums.purchase import rules
from forums.purchase.models import Answer, Lot, Purchase, Quantity, Stance, in_units

NONE = Decimal(0)


def answers_purchases() -> ColumnElement[bool]:
    """The organisations that answer: today's members of the EPCI, and the EPCI itself."""
    member = exists().where(col(Membership.organisation_id) == col(Organisation.id), is_current(Membership))
    return or_(col(Organisation.kind) == OrganisationKind.EPCI, member)


class Commune(NamedTuple):
    """An organisation that may answer."""

    id: UUID
    name: str
    short_name: str
    hue: int


_COMMUNE: Any = (col(Organisation.id), Organisation.name, Organisation.short_name, Organisation.hue)


async def communes_of(db: AsyncSession, who: Who) -> list[Commune]:
    """Those of the answering organisations for which this person acts."""
    query = rows(*_COMMUNE).where(col(Organisation.id).in_(who.organisations), answers_purchases())
    return [Commune(*row) for row in await db.execute(query.order_by(col(Organisation.name)))]


async def commune_for(db: AsyncSession, who: Who, organisation_id: UUID) -> Commune:
    """The organisation in whose name this person answers, or NotFound."""
    found = [commune for commune in await communes_of(db, who) if commune.id == organisation_id]
    if not found or not rules.may_answer_for(who, organisation_id):
        raise NotFound
    return found[0]


class Line(NamedTuple):
    """What one commune says, with its quantities by lot."""

    commune: Commune
    stance: Stance
    version: int
    by: str
    at: datetime
    quantities: Mapping[UUID, Decimal]


@dataclass(frozen=True)
class Board:
    """A group purchase as everybody sees it at a moment."""

    thread: Thread
    purchase: Purchase
    lots: list[Lot]
    lines: list[Line]
    silent: list[Commune]
    """Those who have not answered."""
    at: datetime

    @property
    def ended(self) -> str:
        """Why the purchase is over; empty while it goes on."""
        return rules.why_ended(self.purchase, self.at)

    @property
    def counts(self) -> Mapping[Stance, int]:
        """How many communes say what."""
        return Counter(line.stance for line in self.lines)

    def total(self, lot: Lot, *stances: Stance) -> Decimal:
        """How much of a lot those who say so take together."""
        return sum((line.quantities.get(lot.id, NONE) for line in self.lines if line.stance in stances), NONE)

    def joined(self, lot: Lot) -> Decimal:
        """How much of a lot is taken."""
        return self.total(lot, Stance.JOINED)

    def possible(self, lot: Lot) -> Decimal:
        """How much of a lot would be taken if those who are interested joined."""
        return self.total(lot, Stance.JOINED, Stance.INTERESTED)

    def line_of(self, organisation_id: UUID) -> Line | None:
        """What one commune says, if it has answered."""
        return next((line for line in self.lines if line.commune.id == organisation_id), None)

    @property
    def answered_lots(self) -> frozenset[UUID]:
        """The lots of which someone takes something: they no longer change."""
        return frozenset(lot for line in self.lines for lot in line.quantities)


async def board(db: AsyncSession, thread_id: UUID) -> Board | None:
    """The group purchase of a thread, if it is one."""
    purchase, thread = await db.get(Purchase, thread_id), await db.get(Thread, thread_id)
    if purchase is None or thread is None:
        return None
    lots = list((await db.exec(select(Lot).where(col(Lot.purchase_id) == thread_id).order_by(col(Lot.place)))).all())
    quantities = await _quantities(db, thread_id)
    lines = await _lines(db, thread_id, quantities)
    answered = {line.commune.id for line in lines}
    query = rows(*_COMMUNE).where(answers_purchases()).order_by(col(Organisation.name))
    silent = [commune for row in await db.execute(query) if (commune := Commune(*row)).id not in answered]
    return Board(thread, purchase, lots, lines, silent, now())


async def board_for(db: AsyncSession, thread_id: UUID) -> Board:
    """The group purchase of a thread, or NotFound."""
    found = await board(db, thread_id)
    if found is None:
        raise NotFound
    return found


async def _quantities(db: AsyncSession, thread_id: UUID) -> dict[UUID, dict[UUID, Decimal]]:
    query = rows(Quantity.organisation_id, Quantity.lot_id, Quantity.thousandths)
    found: dict[UUID, dict[UUID, Decimal]] = {}
    for row in await db.execute(query.where(col(Quantity.purchase_id) == thread_id)):
        found.setdefault(row.organisation_id, {})[row.lot_id] = in_units(row.thousandths)
    return found


async def _lines(db: AsyncSession, thread_id: UUID, quantities: Mapping[UUID, Mapping[UUID, Decimal]]) -> list[Line]:
    query = (
        rows(*_COMMUNE, Answer.stance, Answer.version, Answer.at, Person.given_name, Person.family_name)
        .join(Answer, col(Answer.organisation_id) == col(Organisation.id))
        .join(Person, col(Person.id) == col(Answer.person_id))
        .where(col(Answer.purchase_id) == thread_id)
        .order_by(col(Organisation.name))
    )
    return [
        Line(
            Commune(row.id, row.name, row.short_name, row.hue),
            Stance(row.stance),
            row.version,
            f"{row.given_name} {row.family_name}",
            row.at,
            quantities.get(row.id, {}),
        )
        for row in await db.execute(query)
    ]
