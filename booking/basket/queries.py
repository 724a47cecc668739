"""What someone sees of their basket, and of what was asked for together."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

from sqlalchemy import exists, func
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from booking import queries, rules, search
from booking.asks import Ask
from booking.basket.models import Basket, Order, OrderLine
from booking.basket.rules import Refusal
from booking.fleet.models import ResourceType, Trait, Unit
from booking.free import Candidate, Plan, choose
from booking.models import Reservation
from booking.periods import Period
from booking.queries import Shown
from booking.search import Sheet, Sought
from booking.typed import amount_words, placed
from booking.ways import Way, ways_out
from entente.clock import now
from entente.db import rows
from entente.people.models import Organisation
from entente.people.who import Who
from entente.rules import NotFound

TAKEN = "Ce n’est plus libre à ces dates."


async def mine(db: AsyncSession, who: Who) -> Basket | None:
    """What this person is gathering, if anything was ever."""
    return await db.get(Basket, who.id)


async def count(db: AsyncSession, who: Who) -> int:
    """How many lines this person has gathered."""
    found = (await db.execute(rows(Basket.lines).where(col(Basket.person_id) == who.id))).scalar_one_or_none()
    return len(found or ())


@dataclass
class Line:
    """A line of the basket as its page shows it."""

    id: str
    number: int
    sought: Sought
    type: ResourceType | None
    ask: Ask | None
    sheet: Sheet | None = None
    where: Organisation | None = None
    wishes: Sequence[str] = ()
    """« Hauteur de travail : 12 m au moins »."""
    candidates: Sequence[Candidate] = ()
    reason: str = ""
    """Why it cannot be had; nothing when it can, as far as one sees now."""
    ways: Sequence[Way] = ()
    errors: dict[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """What is asked for, in a word or two."""
        if self.sheet:
            return self.sheet.unit.name
        return self.type.name if self.type else "Ce matériel ne se prête plus"


async def look(db: AsyncSession, lines: Sequence[Mapping[str, str]]) -> list[Line]:
    """The lines with what is free of them now: as many questions whatever their number, while all are free."""
    types = {each.slug: each for each in await queries.types(db)}
    made = [_line(number, line, types) for number, line in enumerate(lines, 1)]
    asks = [each.ask for each in made if each.ask]
    units = {ask.unit_id for ask in asks if ask.unit_id}
    sheets = {each.unit.id: each for each in await search.sheets(db, col(Unit.id).in_(units))} if units else {}
    owners = await search.organisations(db)
    wishes = await _wishes(db, {trait for ask in asks for trait in ask.least})
    lent = await queries.candidates_of(db, list({ask.type.id: ask.type for ask in asks}.values()))
    plan = await _plan(db, asks, lent)
    for line in made:
        if line.ask:
            line.sheet = sheets.get(line.ask.unit_id) if line.ask.unit_id else None
            line.where = owners.get(line.ask.place_id) if line.ask.place_id else None
            line.wishes = [wishes[trait].format(amount_words(least)) for trait, least in line.ask.least.items()]
            await _judge(db, line, lent, plan)
    return made


def _line(number: int, line: Mapping[str, str], types: Mapping[str, ResourceType]) -> Line:
    sought = Sought.of(line)
    type_ = types.get(sought.what)
    ask = sought.ask_for(type_)
    return Line(line["line"], number, sought, type_, ask, errors=dict(sought.errors))


async def _wishes(db: AsyncSession, traits: set[UUID]) -> dict[UUID, str]:
    query = rows(col(Trait.id), Trait.name, Trait.measure).where(col(Trait.id).in_(traits))
    found = (await db.execute(query)).all() if traits else []
    wishes = {id_: f"{name}\u00a0: {{}}\u00a0{measure}".rstrip() + " au moins" for id_, name, measure in found}
    return {trait: wishes.get(trait, "{} au moins") for trait in traits}


async def _plan(db: AsyncSession, asks: Sequence[Ask], lent: Sequence[Candidate]) -> Plan:
    if not asks:
        return {}
    whole = Period(min(ask.period.starts for ask in asks), max(ask.period.ends for ask in asks))
    return await queries.plan_of(db, queries.units_needed(lent), whole.widened(24 * 60, 24 * 60))


async def _judge(db: AsyncSession, line: Line, lent: Sequence[Candidate], plan: Plan) -> None:
    """Say whether a line can be had now; the other lines are not counted, they are when it is asked for."""
    ask = line.ask
    assert ask
    line.candidates = [each for each in lent if _fits(each, ask)]
    if broken := rules.broken_by(ask.type, ask.period, ask.quantity, now()):
        line.reason = " ".join(placed(rules.Unfit(broken).errors).values())
    elif not choose(line.candidates, ask.quantity, ask.period, plan):
        line.reason = TAKEN
    if line.reason:
        line.ways = await ways_out(db, ask)


def _fits(each: Candidate, ask: Ask) -> bool:
    return (
        each.type_id == ask.type.id
        and ask.unit_id in (None, each.unit_id)
        and ask.place_id in (None, each.owner_id)
        and all(each.traits.get(trait, -1) >= least for trait, least in ask.least.items())
    )


def refused(lines: Sequence[Line], refusals: Mapping[int, Refusal]) -> list[Line]:
    """The lines with what was said of each when they were asked for together."""
    return [
        replace(line, reason=refusals[line.number].reason, ways=refusals[line.number].ways)
        if line.number in refusals
        else line
        for line in lines
    ]


@dataclass(frozen=True)
class ShownOrder:
    """What was asked for together, as far as this person may see it."""

    id: UUID
    person_id: UUID
    created_at: datetime
    lines: Sequence[Shown]


async def order_for(db: AsyncSession, who: Who, id_: UUID) -> ShownOrder:
    """A request with those of its reservations that this person sees; NotFound when they see none."""
    order = await db.get(Order, id_)
    part = exists().where(col(OrderLine.reservation_id) == col(Reservation.id), col(OrderLine.order_id) == id_)
    lines = await queries.shown_where(db, part, queries.is_visible(who)) if order else []
    if order is None or not lines:
        raise NotFound
    return ShownOrder(order.id, order.person_id, order.created_at, lines)


async def order_of(db: AsyncSession, reservation_id: UUID) -> tuple[UUID, int] | None:
    """The request that a reservation belongs to, and of how many lines; none when it was asked for alone."""
    order = select(OrderLine.order_id).where(col(OrderLine.reservation_id) == reservation_id).scalar_subquery()
    query = (
        rows(OrderLine.order_id, func.count()).where(col(OrderLine.order_id) == order).group_by(col(OrderLine.order_id))
    )
    found = (await db.execute(query)).one_or_none()
    return (found[0], found[1]) if found else None
