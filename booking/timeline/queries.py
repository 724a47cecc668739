"""What a person can see of the whole fleet at once: one question, whatever the number of rows and columns."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, ColumnElement, String, cast, extract, func
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from booking import queries, rules
from booking.fleet.models import Depot, ResourceType, Unit
from booking.models import HOLDING, Allocation, Change, Reservation, State
from booking.periods import Period
from booking.timeline.cells import Block
from booking.timeline.row import Row
from booking.timeline.window import Window
from entente.clock import now
from entente.db import is_embedded, rows
from entente.ids import Ref
from entente.people.models import Organisation
from entente.people.who import Who
from entente.prepared import prepared
from entente.rules import NotFound

MOST = 60
"""Units on one page."""
SHOWN = (*HOLDING, State.RETURNED)


@dataclass(frozen=True)
class Chosen:
    """Which units are looked at: nothing chosen is all of them."""

    type: str = ""
    place: UUID | None = None
    depot: UUID | None = None
    by_commune: bool = False
    page: int = 0


def require_look(who: Who) -> None:
    """Whoever takes part sees who has what and when; to anybody else, there is no fleet."""
    if not rules.may_look(who):
        raise NotFound


async def plan(db: AsyncSession, who: Who, window: Window, chosen: Chosen) -> tuple[list[Row], bool]:
    """The rows of a page, and whether others follow; one question, for those who may look."""
    require_look(who)
    question, asked = _plan(
        chosen.type.replace("\0", "") or None, chosen.place, chosen.depot, chosen.by_commune, chosen.page * MOST,
        window.period.starts, window.period.ends, is_embedded(db),
    )  # fmt: skip
    found = await _read(db, question, asked, window)
    return found[:MOST], len(found) > MOST


@prepared
def _plan(
    type_: str | None,
    place: UUID | None,
    depot: UUID | None,
    by_commune: bool,
    first: int,
    starts: datetime,
    ends: datetime,
    is_sqlite: bool,
) -> Any:
    which: list[ColumnElement[bool]] = [col(Unit.retired_at).is_(None)]
    if type_ is not None:
        which.append(col(ResourceType.slug) == type_)
    if place is not None:
        which.append(col(Unit.owner_id) == place)
    if depot is not None:
        which.append(col(Unit.depot_id) == depot)
    units = few_units(*which, by_commune=by_commune).limit(MOST + 1).offset(first)
    return asking(units, starts, ends, is_sqlite)


async def row(db: AsyncSession, window: Window, unit_id: UUID) -> Row | None:
    """One unit as its row shows it to everybody who may look; none when it is no longer lent."""
    question, asked = _unit(unit_id, window.period.starts, window.period.ends, is_embedded(db))
    found = await _read(db, question, asked, window)
    return found[0] if found else None


@prepared
def _unit(unit_id: UUID, starts: datetime, ends: datetime, is_sqlite: bool) -> Any:
    units = few_units(col(Unit.id) == unit_id, col(Unit.retired_at).is_(None))
    return asking(units, starts, ends, is_sqlite)


def _order(by_commune: bool) -> list[Any]:
    owner, type_ = [col(Organisation.name)], [col(ResourceType.place), col(ResourceType.name)]
    return [*(owner + type_ if by_commune else type_), col(Unit.name), col(Unit.id)]


def few_units(*which: ColumnElement[bool], by_commune: bool = False) -> Any:
    """These units with what their rows say, in the order of the page."""
    order = _order(by_commune)
    return (
        rows(
            col(Unit.id),
            col(Unit.name),
            col(Unit.code),
            col(Unit.capacity),
            col(ResourceType.many),
            col(ResourceType.slug),
            col(ResourceType.name).label("type"),
            col(Unit.owner_id),
            col(Organisation.short_name).label("owner"),
            col(Organisation.hue),
            col(Depot.name).label("depot"),
            func.row_number().over(order_by=order).label("number"),
        )
        .join(ResourceType, col(ResourceType.id) == col(Unit.type_id))
        .join(Organisation, col(Organisation.id) == col(Unit.owner_id))
        .join(Depot, col(Depot.id) == col(Unit.depot_id))
        .where(*which)
        .order_by(*order)
    )


def asking(units: Any, starts: datetime, ends: datetime, is_sqlite: bool) -> Any:
    """These units with what each carries, told in one word; the one question of the timeline."""
    few = units.subquery()
    # Thousands of blocks come as one text for each unit: a row for each would be read value by value.
    told, gathered = (func.json_array, func.json_group_array) if is_sqlite else (func.json_build_array, func.json_agg)
    block = told(
        _id(col(Allocation.reservation_id)),
        col(Allocation.state),
        _second(col(Allocation.starts_at)),
        _second(col(Allocation.ends_at)),
        col(Allocation.quantity),
        _id(col(Reservation.person_id)),
        col(Organisation.short_name),
        col(Organisation.hue),
        _second(col(Allocation.held_from)),
        _second(col(Allocation.held_until)),
    )
    taken = (
        rows(Allocation.unit_id, cast(gathered(block), String).label("carried"))
        .join(Reservation, col(Reservation.id) == col(Allocation.reservation_id))
        .join(Organisation, col(Organisation.id) == col(Reservation.payer_id))
        .where(
            col(Allocation.unit_id).in_(rows(few.c.id)),
            col(Allocation.state).in_(SHOWN),
            # What is held is never shorter than its period, and the index knows what is held.
            col(Allocation.held_from) < ends,
            col(Allocation.held_until) > starts,
        )
        .group_by(col(Allocation.unit_id))
        .subquery()
    )
    return rows(few, taken.c.carried).outerjoin(taken, taken.c.unit_id == few.c.id).order_by(few.c.number)


def _id(column: Any) -> Any:
    return cast(column, String)


def _second(column: Any) -> Any:
    return cast(extract("epoch", column), BigInteger)


async def _read(db: AsyncSession, question: Any, asked: dict[str, Any], window: Window) -> list[Row]:
    at = now()
    found: list[Row] = []
    for *said, _number, carried in await db.execute(question, asked):
        told: Any = (*said, carried or "[]", window, at)
        found.append(Row(*told))
    return found


async def depots(db: AsyncSession) -> Sequence[tuple[UUID, str]]:
    """Every depot, by name."""
    return [(id_, name) for id_, name in await db.execute(rows(col(Depot.id), Depot.name).order_by(col(Depot.name)))]


async def watch(db: AsyncSession, who: Who, window_id: UUID, kind: str) -> Window:
    """The window that a stream tells of, or NotFound; the page asks the same."""
    require_look(who)
    return Window.of(Ref(kind, window_id))


async def periods_of(db: AsyncSession, reservation_id: UUID) -> list[Period]:
    """When a reservation is, and every time it was before, with what is kept around it to prepare its units."""
    found = await db.get(Reservation, reservation_id)
    if found is None:
        return []
    buffers = rows(func.max(Allocation.before_minutes), func.max(Allocation.after_minutes))
    around = (await db.execute(buffers.where(col(Allocation.reservation_id) == reservation_id))).one()
    before_minutes, after_minutes = (minutes or 0 for minutes in around)
    said = {"starts_at": found.starts_at.isoformat(), "ends_at": found.ends_at.isoformat()}
    known = [Period(found.starts_at, found.ends_at)]
    changes = rows(Change.before).where(col(Change.reservation_id) == reservation_id).order_by(col(Change.id).desc())
    for (before,) in await db.execute(changes):
        said |= {key: str(before[key]) for key in said if key in before}
        known.append(Period(*(datetime.fromisoformat(said[key]) for key in ("starts_at", "ends_at"))))
    return [each.widened(before_minutes, after_minutes) for each in known]


async def taken(db: AsyncSession, who: Who, reservation_id: UUID) -> tuple[Block, str, UUID]:
    """A block with its unit, as every member sees it, or NotFound."""
    require_look(who)
    query = (
        rows(
            Allocation.reservation_id,
            Allocation.state,
            Allocation.starts_at,
            Allocation.ends_at,
            Allocation.quantity,
            Reservation.person_id,
            Organisation.short_name,
            Organisation.hue,
            Unit.name,
            col(Unit.id),
        )
        .join(Reservation, col(Reservation.id) == col(Allocation.reservation_id))
        .join(Organisation, col(Organisation.id) == col(Reservation.payer_id))
        .join(Unit, col(Unit.id) == col(Allocation.unit_id))
        .where(col(Allocation.reservation_id) == reservation_id, col(Allocation.state).in_(SHOWN))
        .order_by(col(Allocation.part_of).is_not(None), col(Unit.name))
        .limit(1)
    )
    found = (await db.execute(query)).first()
    if found is None:
        raise NotFound
    block = Block(
        found[0], State(found[1]), Period(found[2], found[3]), found[4], found[5], found[6], found[7] // 15 % 24
    )
    return block, found[8], found[9]


async def is_mine(db: AsyncSession, who: Who, reservation_id: UUID) -> bool:
    """Whether this person sees the details of a reservation."""
    query = rows(col(Reservation.id)).where(col(Reservation.id) == reservation_id, queries.is_visible(who))
    return (await db.execute(query)).first() is not None
