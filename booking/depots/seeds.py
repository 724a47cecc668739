"""What it looks like in real life: the school holidays of zone A, and a depot that is shut between the years."""

from datetime import date

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from booking.depots.models import SchoolHoliday, Zone
from booking.depots.queries import today
from booking.fleet.models import Closure, Depot
from entente.people.seeds import plant

HOLIDAYS = (
    ("Vacances de la Toussaint", date(2026, 10, 17), date(2026, 11, 2)),
    ("Vacances de Noël", date(2026, 12, 19), date(2027, 1, 4)),
    ("Vacances d’hiver", date(2027, 2, 13), date(2027, 3, 1)),
    ("Vacances de printemps", date(2027, 4, 10), date(2027, 4, 26)),
    ("Pont de l’Ascension", date(2027, 5, 7), date(2027, 5, 9)),
    ("Début des vacances d’été", date(2027, 7, 3), date(2027, 7, 4)),
)
"""Zone A, 2026-2027, as the ministry decided them."""


async def shut_some(db: AsyncSession) -> None:
    """Know the school holidays, and shut one depot at the end of the year."""
    await plant(
        db, [SchoolHoliday(zone=Zone.A, name=name, since=since, until=until) for name, since, until in HOLIDAYS]
    )
    depots = list(await db.exec(select(Depot).order_by(col(Depot.name))))
    for depot in depots:
        depot.school_zone = Zone.A
        db.add(depot)
    year = today().year
    await plant(
        db,
        [
            Closure(depot_id=each.id, since=date(year, 12, 24), until=date(year + 1, 1, 2), why="Fermeture annuelle")
            for each in depots[:2]
        ],
    )
