"""A body that meets, for every test: the CoPil, whose secretary is Camille, and where Awa and Denise sit."""

from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from itertools import count
from typing import Any
from uuid import UUID

from sqlmodel import col, select

from entente import clock
from entente.people.models import Body, BodyKind, Person, PersonStatus, Seat, SeatRole
from entente.people.queries import who_is
from entente.people.who import Who
from entente.web.words import PARIS
from entente.work import Work
from planning import service
from planning.models import Meeting
from planning.plans import Plan
from world import LONG_AGO, World

_keys = count()


def day(after: int) -> date:
    """So many days from today; far enough that no test meets the present."""
    return clock.today() + timedelta(days=after)


def at(after: int, hour: int, minute: int = 0) -> datetime:
    """That hour, in Paris, so many days from today."""
    return datetime.combine(day(after), time(hour, minute), PARIS)


async def again(work: Work, meeting: Meeting) -> Meeting:
    """The meeting as it is now."""
    found = await work.db.get(Meeting, meeting.id)
    assert found is not None
    return found


@dataclass
class Council:
    """The CoPil: Awa, Denise, Eva, Farid and Gilles sit there; Camille keeps its minutes and has no vote."""

    world: World
    seats: dict[str, Seat] = field(default_factory=dict)
    network: Body = field(init=False)
    """Another body, where Bruno sits."""

    @classmethod
    async def settle(cls, world: World) -> "Council":
        """More people, and their seats."""
        council = cls(world)
        async with world.house.database.writing() as db:
            ids = {key: who.id for key, who in world.people.items()}
            for key, given, family in (
                ("eva", "Eva", "Morel"),
                ("farid", "Farid", "Benali"),
                ("gilles", "Gilles", "Fabre"),
                ("hugo", "Hugo", "Petit"),
            ):
                person = Person(
                    email=f"{key}@example.org", given_name=given, family_name=family, status=PersonStatus.ACTIVE
                )
                db.add(person)
                ids[key] = person.id
            council.network = Body(kind=BodyKind.RESEAU, name="Club des acheteurs", hue=200)
            db.add(council.network)
            await db.flush()
            made = {
                "camille": council._seat(ids["camille"], role=SeatRole.SECRETARY),
                "denise": council._seat(ids["denise"], role=SeatRole.CHAIR),
                "eva": council._seat(ids["eva"], substitute_id=ids["hugo"]),
                "farid": council._seat(ids["farid"]),
                "gilles": council._seat(ids["gilles"]),
            }
            db.add_all(made.values())
            db.add(
                Seat(
                    body_id=council.network.id,
                    organisation_id=world.brioude.id,
                    holder_id=ids["bruno"],
                    since=LONG_AGO,
                )
            )
            council.seats = made
        await council._know(ids)
        return council

    def _seat(self, holder: UUID, **more: Any) -> Seat:
        return Seat(
            body_id=self.world.copil.id, organisation_id=self.world.brioude.id, holder_id=holder, since=LONG_AGO, **more
        )

    async def _know(self, ids: dict[str, UUID]) -> None:
        async with self.world.reading() as db:
            awa = select(Seat).where(col(Seat.holder_id) == ids["awa"], col(Seat.body_id) == self.world.copil.id)
            self.seats["awa"] = (await db.exec(awa)).one()
            for key, id_ in ids.items():
                if who := await who_is(db, id_):
                    self.world.people[key] = who

    def plan(self, starts: datetime | None = None, hours: float = 2, **more: Any) -> Plan:
        """A meeting of the CoPil, in a month unless said otherwise."""
        starts = starts or at(30, 18)
        wanted: dict[str, Any] = {
            "body_id": self.world.copil.id,
            "title": "CoPil de mutualisation",
            "key": f"k{next(_keys)}",
        } | more
        return Plan(starts_at=starts, ends_at=starts + timedelta(hours=hours), **wanted)

    async def meet(self, starts: datetime | None = None, who: Who | None = None, **more: Any) -> Meeting:
        """The CoPil will meet."""
        async with self.world.working(who or self.world.camille) as work:
            return await service.plan(work, self.plan(starts, **more))
