"""The first screen: what, when, where; and which units of every commune are free then."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple
from urllib.parse import urlencode
from uuid import UUID

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from booking import queries, rules
from booking.asks import Ask
from booking.fleet.models import Depot, ResourceType, Trait, TraitKind, Unit, UnitTrait
from booking.free import Candidate, choose, free_in
from booking.periods import Period
from booking.typed import NO_NUMBER, When, amount_of, amount_words, id_or_none, placed, quantity_of
from booking.ways import Way, ways_out
from entente.clock import now
from entente.db import rows
from entente.people.models import Organisation
from entente.rules import Invalid


@dataclass
class Sought:
    """What was typed in the first screen, with what is wrong in it."""

    what: str = ""
    where: str = ""
    quantity: str = "1"
    unit: str = ""
    when: When = field(default_factory=When)
    least: dict[str, str] = field(default_factory=dict)
    """For each trait, by its id, the least amount as it was typed."""
    errors: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, fields: Mapping[str, str]) -> "Sought":
        """The fields of an address or of a form."""
        least = {name.removeprefix("least-"): value for name, value in fields.items() if name.startswith("least-")}
        what, where, unit, quantity = (
            str(fields.get(name, "")).strip()[:80] for name in ("what", "where", "unit", "quantity")
        )
        return cls(what, where, quantity or "1", unit, When.of(fields), least)

    def address(self, page: str, period: Period | None = None, unit: UUID | None = None) -> str:
        """The same question on another page, for another period or one unit."""
        when = When.showing(period) if period else self.when
        asked = {"what": self.what, "where": self.where, "quantity": self.quantity, "unit": self.unit} | when.fields
        asked |= {"unit": str(unit)} if unit else {}
        asked |= {f"least-{key}": value for key, value in self.least.items()}
        return f"{page}?{urlencode({key: value for key, value in asked.items() if value})}"

    async def ask(self, db: AsyncSession) -> Ask | None:
        """What is asked for, once a type is chosen; none while something is wrong, and then `errors` says what."""
        return self.ask_for(await _type_named(db, self.what) if self.what else None)

    def ask_for(self, type_: ResourceType | None) -> Ask | None:
        """The same, of a type that is known."""
        if self.what and type_ is None:
            self.errors["what"] = "Choisissez dans la liste."
        period, quantity = self.when.period(), self._quantity()
        self.errors |= self.when.errors
        place, unit = self._id("where", self.where), self._id("unit", self.unit)
        least = self._least()
        if type_ is None or period is None or quantity is None or self.errors:
            return None
        return Ask(type_, period, quantity, least, unit, place)

    def _quantity(self) -> int | None:
        try:
            return quantity_of(self.quantity)
        except Invalid as error:
            self.errors |= error.errors
            return None

    def _id(self, name: str, written: str) -> UUID | None:
        try:
            return id_or_none(written)
        except ValueError:
            self.errors[name] = "Choisissez dans la liste."
            return None

    def _least(self) -> dict[UUID, int]:
        found: dict[UUID, int] = {}
        for key, written in self.least.items():
            try:
                amount = amount_of(written)
                found |= {UUID(key): amount} if amount is not None else {}
            except ValueError:
                self.errors[f"least-{key}"] = NO_NUMBER
        return found


async def _type_named(db: AsyncSession, slug: str) -> ResourceType | None:
    return (await db.exec(select(ResourceType).where(col(ResourceType.slug) == slug.replace("\0", "")))).one_or_none()


class Found(NamedTuple):
    """A unit with what can be had of it over the whole period."""

    unit: Candidate
    type: ResourceType
    owner: Organisation
    left: int
    """How many are free; for things one at a time, 1 or 0."""
    why_not: str
    traits: tuple[str, ...]
    """« hauteur de travail : 12 m »."""

    @property
    def is_free(self) -> bool:
        """Whether it can be had."""
        return not self.why_not


@dataclass
class Findings:
    """What the first screen answers."""

    free: list[Found] = field(default_factory=list)
    taken: list[Found] = field(default_factory=list)
    broken: dict[str, str] = field(default_factory=dict)
    ways: list[Way] = field(default_factory=list)
    is_gathered: bool = False
    """Whether no unit holds as many as are asked for, and several together do."""


async def find(db: AsyncSession, sought: Sought, types: Sequence[ResourceType], mine: frozenset[UUID]) -> Findings:
    """The units that are free over a period, those of one's own commune first; with ways out when none is."""
    ask = await sought.ask(db)
    period = ask.period if ask else sought.when.period()
    if sought.errors or period is None:
        return Findings()
    found = Findings()
    asked = [ask.type] if ask else list(types)
    if ask and (broken := rules.broken_by(ask.type, ask.period, ask.quantity, now())):
        found.broken = placed(rules.Unfit(broken).errors)
        found.ways = await ways_out(db, ask)
        return found
    place = id_or_none(sought.where)
    candidates = await queries.candidates_for(db, ask) if ask else await queries.candidates_of(db, asked, place)
    around = period.widened(24 * 60, 24 * 60)
    plan = await queries.plan_of(db, queries.units_needed(candidates), around)
    known, owners = {each.id: each for each in asked}, await organisations(db)
    traits = await trait_words(db, [each.unit_id for each in candidates])
    quantity = ask.quantity if ask else 1
    unfit = {each.id: _unfit(each, period) for each in asked}
    for each in candidates:
        type_ = known[each.type_id]
        count = free_in(each, period, plan)
        needed = quantity if type_.is_counted else 1
        why = each.refuses(period) or unfit[type_.id] or _why(type_, count, needed)
        shown = Found(each, type_, owners[each.owner_id], max(count, 0), why, tuple(traits.get(each.unit_id, ())))
        (found.taken if why else found.free).append(shown)
    found.free.sort(key=lambda shown: (shown.type.place, shown.unit.owner_id not in mine))
    found.is_gathered = bool(ask and not found.free and choose(candidates, ask.quantity, ask.period, plan))
    if ask and not found.free and not found.is_gathered:
        found.ways = await ways_out(db, ask)
    return found


def _unfit(type_: ResourceType, period: Period) -> str:
    broken = rules.broken_by(type_, period, 1, now())
    return f"{broken[0].rule}\u00a0: {broken[0].sentence}" if broken else ""


def _why(type_: ResourceType, count: int, needed: int) -> str:
    if count >= needed:
        return ""
    if not type_.is_counted or count <= 0:
        return "c’est déjà pris"
    return f"il n’en reste que {count}"


async def organisations(db: AsyncSession) -> dict[UUID, Organisation]:
    """Every organisation, by its id."""
    return {each.id: each for each in await db.exec(select(Organisation).order_by(col(Organisation.name)))}


async def lenders(db: AsyncSession) -> list[Organisation]:
    """The organisations that lend something, by name."""
    lending = select(Unit.owner_id).where(col(Unit.retired_at).is_(None))
    query = select(Organisation).where(col(Organisation.id).in_(lending)).order_by(col(Organisation.name))
    return list(await db.exec(query))


async def amounts_of(db: AsyncSession, type_id: UUID) -> list[Trait]:
    """The characteristics of a type of which one can ask a least amount."""
    query = select(Trait).where(col(Trait.type_id) == type_id, col(Trait.kind) == TraitKind.AMOUNT)
    return list(await db.exec(query.order_by(col(Trait.place), col(Trait.name))))


async def trait_words(db: AsyncSession, units: Sequence[UUID]) -> dict[UUID, list[str]]:
    """What each unit is like, in words."""
    query = (
        rows(UnitTrait.unit_id, Trait.name, Trait.kind, Trait.measure, UnitTrait.amount, UnitTrait.words)
        .join(Trait, col(Trait.id) == col(UnitTrait.trait_id))
        .where(col(UnitTrait.unit_id).in_(units))
        .order_by(col(Trait.place), col(Trait.name))
    )
    found: dict[UUID, list[str]] = {}
    for unit, name, kind, measure, amount, words in await db.execute(query):
        found.setdefault(unit, []).append(_said(name, kind, measure, amount, words))
    return found


def _said(name: str, kind: str, measure: str, amount: int | None, words: str) -> str:
    if kind == TraitKind.YES:
        return name if amount else f"sans {name[:1].lower()}{name[1:]}"
    return f"{name}\u00a0: {amount_words(amount or 0, measure) if kind == TraitKind.AMOUNT else words}"


class Sheet(NamedTuple):
    """A unit as its page shows it."""

    unit: Unit
    type: ResourceType
    owner: Organisation
    depot: Depot
    traits: list[str]


async def sheets(db: AsyncSession, *which: object) -> list[Sheet]:
    """Units with what their pages show, by name."""
    query = (
        select(Unit, ResourceType, Organisation, Depot)
        .join(ResourceType, col(ResourceType.id) == col(Unit.type_id))
        .join(Organisation, col(Organisation.id) == col(Unit.owner_id))
        .join(Depot, col(Depot.id) == col(Unit.depot_id))
        .where(*which)  # type: ignore[arg-type]
        .order_by(col(ResourceType.place), col(Unit.name))
    )
    found = (await db.exec(query)).all()
    traits = await trait_words(db, [unit.id for unit, *_ in found])
    return [Sheet(unit, type_, owner, depot, traits.get(unit.id, [])) for unit, type_, owner, depot in found]


def again(sought: Sought, way: Way) -> Sought:
    """The question that a way out asks."""
    ask = way.ask
    return replace(
        sought,
        what=ask.type.slug,
        unit=str(ask.unit_id or ""),
        where=str(ask.place_id or ""),
        when=When.showing(ask.period),
        errors={},
    )
