"""What a manager brings from a spreadsheet: looked at first, then every reservation of it, or none."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple
from uuid import UUID

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from booking import queries, rules, service
from booking.fleet.models import Unit
from booking.free import Busy, Need, free_in
from booking.hold import Verb, settle, tell
from booking.imports.rules import Known, Meant, lines_of, meant, named
from booking.models import Reservation, State
from booking.periods import Period
from booking.rules import Taken
from entente.db import rows
from entente.ids import new_id
from entente.people.models import Organisation
from entente.people.who import Who
from entente.rules import Invalid, require
from entente.web.sheets import Line
from entente.work import Work

TAKEN = "c’est déjà pris à ces dates."


class Judged(NamedTuple):
    """A line of the file with what it would do."""

    line: Line
    meant: Meant | None = None
    error: str = ""
    is_known: bool = False
    """It was brought before: nothing is done again."""

    @property
    def number(self) -> int:
        """Its number in the file."""
        return self.line.number


class Unread(Invalid):
    """Some lines cannot be taken: nothing is, and each says why (422)."""

    def __init__(self, lines: Sequence[Judged]) -> None:
        super().__init__({"file": "\n".join(f"Ligne {each.number}\u00a0: {each.error}" for each in lines)})
        self.lines = list(lines)


async def examine(db: AsyncSession, who: Who, text: str) -> list[Judged]:
    """What each line would do, nothing being saved; in as many questions, however many they are."""
    require(bool(rules.managed_by(who)), service.NOT_KEPT)
    known = await _known(db, who)
    judged = _without_repeats([_judged(line, known) for line in lines_of(text)])
    keys = {each.meant.key for each in judged if each.meant}
    made = rows(Reservation.key).where(col(Reservation.person_id) == who.id, col(Reservation.key).in_(keys))
    before = set((await db.execute(made)).scalars())
    judged = [each._replace(is_known=bool(each.meant and each.meant.key in before)) for each in judged]
    return await _with_what_is_taken(db, judged)


def _without_repeats(judged: Sequence[Judged]) -> list[Judged]:
    """The same, a line that says what one above says already being named."""
    first: dict[str, int] = {}
    told: list[Judged] = []
    for each in judged:
        above = first.setdefault(each.meant.key, each.number) if each.meant else each.number
        is_first = above == each.number
        told.append(each if is_first else each._replace(meant=None, error=f"elle répète la ligne {above}."))
    return told


async def _known(db: AsyncSession, who: Who) -> Known:
    kept = select(Unit).where(col(Unit.owner_id).in_(rules.managed_by(who)))
    units = {each.code: each for each in await db.exec(kept)}
    types = {each.id: each for each in await queries.types(db)}
    return Known(units, types, named(list(await db.exec(select(Organisation)))))


def _judged(line: Line, known: Known) -> Judged:
    try:
        return Judged(line, meant(line, known))
    except Invalid as error:
        return Judged(line, error=" ".join(error.errors.values()))


async def _with_what_is_taken(db: AsyncSession, judged: Sequence[Judged]) -> list[Judged]:
    """The same, each line against what is held and against the lines above it."""
    asks = [each.meant.ask for each in judged if each.meant]
    types = list({ask.type.id: ask.type for ask in asks}.values())
    if not asks:
        return list(judged)
    lent = {each.unit_id: each for each in await queries.candidates_of(db, types)}
    whole = Period(min(ask.period.starts for ask in asks), max(ask.period.ends for ask in asks))
    held = await queries.plan_of(db, queries.units_needed(list(lent.values())), whole.widened(24 * 60, 24 * 60))
    plan = {unit: list(busy) for unit, busy in held.items()}
    told: list[Judged] = []
    for each in judged:
        unit = lent.get(each.meant.ask.unit_id) if each.meant and each.meant.ask.unit_id else None
        if each.meant is None or each.is_known:
            told.append(each)
        elif unit is None or free_in(unit, each.meant.ask.period, plan) < each.meant.ask.quantity:
            told.append(each._replace(error=TAKEN if unit else "cette unité ne se prête plus."))
        elif why := unit.refuses(each.meant.ask.period):
            told.append(each._replace(error=f"la remise n’est pas possible alors\u00a0: {why}."))
        else:
            told.append(each)
            _hold(plan, unit.needs, each.meant.ask.period, each.meant.ask.quantity)
    return told


def _hold(plan: dict[UUID, list[Busy]], needs: Sequence[Need], period: Period, quantity: int) -> None:
    for need in needs:
        plan.setdefault(need.unit_id, []).append(
            Busy(period.widened(need.before, need.after), quantity * need.quantity)
        )


async def bring(work: Work, text: str) -> list[Reservation]:
    """Take every reservation of a file, or none; brought twice, each is taken once and given back as it is."""
    judged = await examine(work.db, work.who, text)
    if wrong := [each for each in judged if each.error]:
        raise Unread(wrong)
    made = await _brought_before(work, [each.meant.key for each in judged if each.meant and each.is_known])
    together = new_id()  # one file, one mail
    for each in judged:
        if each.meant is None or each.is_known:
            continue
        try:
            async with work.db.begin_nested():
                made.append(await _take(work, each.meant, together))
        except (Invalid, Taken) as error:
            sentence = error.reason if isinstance(error, Taken) else " ".join(error.errors.values())
            wrong.append(each._replace(error=sentence))
    if wrong:
        raise Unread(wrong)
    return made


async def _brought_before(work: Work, keys: Sequence[str]) -> list[Reservation]:
    query = select(Reservation).where(col(Reservation.person_id) == work.who.id, col(Reservation.key).in_(keys))
    return list(await work.db.exec(query.order_by(col(Reservation.starts_at), col(Reservation.id))))


async def _take(work: Work, wish: Meant, together: UUID) -> Reservation:
    ask = wish.ask
    made = Reservation(
        state=State.CONFIRMED,
        starts_at=ask.period.starts,
        ends_at=ask.period.ends,
        type_id=ask.type.id,
        quantity=ask.quantity,
        wanted=ask.wanted,
        person_id=work.who.id,
        payer_id=wish.payer_id,
        purpose=wish.purpose,
        on_behalf_of=wish.on_behalf_of,
        key=wish.key,
    )
    work.db.add(made)
    await work.db.flush()
    await settle(work, made, ask)
    await tell(work, made, Verb.RESERVATION_MADE, {}, together=together)
    return made


def counts_of(judged: Sequence[Judged]) -> Mapping[str, int]:
    """How many lines are new, were brought before, or cannot be taken."""
    wrong, known = sum(bool(each.error) for each in judged), sum(each.is_known for each in judged)
    return {"new": len(judged) - wrong - known, "known": known, "wrong": wrong}
