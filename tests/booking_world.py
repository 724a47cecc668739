"""A small fleet for every test: two nacelles, chairs, a cold room, and a stage that is made of parts."""

from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from itertools import count
from typing import Any

from booking import queries, service
from booking.asks import Ask, Borrowing
from booking.fleet.models import Depot, Kind, KitPart, ResourceType, Trait, TraitKind, Unit, UnitTrait
from booking.models import Reservation
from booking.periods import Period, moment_of
from entente import clock
from entente.people.models import Function, FunctionKind
from entente.people.queries import who_is
from entente.people.who import Who
from entente.work import Work
from world import LONG_AGO, World

_keys = count()


def day(after: int) -> date:
    """So many days from today; far enough that no test meets the present."""
    return clock.today() + timedelta(days=after)


def at(after: int, hour: int, minute: int = 0) -> datetime:
    """That hour, in Paris, so many days from today."""
    return moment_of(day(after), time(hour, minute))


def between(first: int, last: int, after: int = 10) -> Period:
    """From one hour until another on one day."""
    return Period(at(after, first), at(after, last))


@dataclass
class Fleet:
    """What can be lent in this world, and short words to lend it."""

    world: World
    types: dict[str, ResourceType] = field(default_factory=dict)
    units: dict[str, Unit] = field(default_factory=dict)
    height: Trait = field(init=False)
    depot: Depot = field(init=False)

    def ask(self, what: str, period: Period, quantity: int = 1, **more: Any) -> Ask:
        """A type or a unit, by its name."""
        if what in self.units:
            unit = self.units[what]
            type_ = next(each for each in self.types.values() if each.id == unit.type_id)
            return Ask(type_, period, quantity, unit_id=unit.id, **more)
        return Ask(self.types[what], period, quantity, **more)

    async def reserve(
        self, who: Who, what: str, period: Period, quantity: int = 1, key: str = "", **more: Any
    ) -> Reservation:
        """Someone takes something for their own commune."""
        async with self.world.working(who) as work:
            return await self.take(work, what, period, quantity, key, **more)

    async def take(
        self, work: Work, what: str, period: Period, quantity: int = 1, key: str = "", **more: Any
    ) -> Reservation:
        """The same, within a change that is open."""
        borrowing = Borrowing(next(iter(work.who.organisations)), key or f"key-{next(_keys)}")
        return await service.reserve(work, self.ask(what, period, quantity, **more), borrowing)

    async def again(self, reservation: Reservation) -> Reservation:
        """A reservation as it stands now."""
        async with self.world.reading() as db:
            return await db.get_one(Reservation, reservation.id)

    async def holds(self, reservation: Reservation) -> list[str]:
        """The codes of the units that a reservation takes."""
        async with self.world.reading() as db:
            found = await queries.parts_of(db, [reservation.id])
        return sorted(part.code for part in found.get(reservation.id, ()))


async def park(world: World) -> Fleet:
    """Aubrac owns everything; Camille keeps it."""
    fleet = Fleet(world)
    async with world.house.database.writing() as db:
        db.add(
            Function(
                person_id=world.camille.id,
                organisation_id=world.aubrac.id,
                kind=FunctionKind.GESTIONNAIRE,
                since=LONG_AGO,
            )
        )
        fleet.depot = Depot(organisation_id=world.aubrac.id, name="Ateliers", is_open_on_holidays=True)
        db.add(fleet.depot)
        fleet.types = {
            "nacelle": _type("nacelle", "Nacelle", Kind.EXCLUSIVE),
            "chair": _type("chair", "Chaises", Kind.STOCK, one="chaise", many="chaises"),
            "cold": _type("cold", "Chambre froide", Kind.PLACES, one="place", many="places"),
            "stage": _type("stage", "Scène", Kind.KIT),
            "deck": _type("deck", "Plateau", Kind.EXCLUSIVE),
            "rail": _type("rail", "Garde-corps", Kind.STOCK, one="garde-corps", many="garde-corps"),
            "buffered": _type("buffered", "Minibus", Kind.EXCLUSIVE, before_minutes=30, after_minutes=60),
        }
        db.add_all(fleet.types.values())
        await db.flush()
        fleet.height = Trait(
            type_id=fleet.types["nacelle"].id, name="Hauteur de travail", kind=TraitKind.AMOUNT, measure="m"
        )
        db.add(fleet.height)
        for code, type_, capacity in (
            *(("N12", "nacelle", 1), ("N18", "nacelle", 1), ("CH1", "chair", 100), ("CH2", "chair", 60)),
            *(("CF1", "cold", 8), ("SC1", "stage", 1), ("PL1", "deck", 1), ("GC1", "rail", 20), ("MB1", "buffered", 1)),
        ):
            made = fleet.types[type_]
            fleet.units[code] = Unit(
                type_id=made.id,
                kind=made.kind,
                owner_id=world.aubrac.id,
                depot_id=fleet.depot.id,
                name=f"{made.name} {code}",
                code=code,
                capacity=capacity,
            )
        db.add_all(fleet.units.values())
        await db.flush()
        for code, amount in (("N12", 1200), ("N18", 1800)):
            db.add(UnitTrait(unit_id=fleet.units[code].id, trait_id=fleet.height.id, amount=amount))
        for code, quantity in (("PL1", 1), ("GC1", 12)):
            part = fleet.units[code]
            db.add(KitPart(kit_id=fleet.units["SC1"].id, unit_id=part.id, unit_kind=part.kind, quantity=quantity))
    async with world.reading() as db:
        found = await who_is(db, world.camille.id)
    assert found
    world.people["camille"] = found
    return fleet


def _type(slug: str, name: str, kind: Kind, **more: Any) -> ResourceType:
    return ResourceType(slug=slug, name=name, kind=kind, max_minutes=40 * 1440, **more)
