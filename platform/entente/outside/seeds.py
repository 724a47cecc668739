"""What it looks like in real life: a few people of the demonstration keep an agenda elsewhere."""

from datetime import datetime, time, timedelta
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from entente.clock import now, today
from entente.ids import new_id
from entente.outside.models import OutsideEvent, OutsideSource
from entente.outside.series import PARIS
from entente.people.seeds import Settled, plant

AGENDAS: tuple[tuple[str, str, int, dict[str, int]], ...] = (
    ("ludivine-charrier", "Mairie du Gond-Pontouvre", 160, {"répétition plus d’une fois par jour": 1}),
    ("samir-ouadah", "Privé", 290, {}),
    ("claire-sauzeau", "Formation", 45, {}),
)
EVENTS = (
    (1, 9, 2, "Point avec les services techniques"),
    (2, 14, 1, "Entretien annuel"),
    (3, 17, 2, "Conseil d’école"),
    (6, 10, 1, "Rendez-vous chez le notaire"),
    (8, 9, 7, "Formation aux marchés publics"),
    (9, 9, 7, "Formation aux marchés publics"),
    (13, 18, 3, "Conseil municipal"),
    (20, 8, 4, "Visite de chantier"),
)
"""In how many days, at what hour, for how many hours, and what."""


async def fill(db: AsyncSession, settled: Settled) -> None:
    """One imported agenda for each: nothing here asks the network."""
    sources = [
        OutsideSource(
            person_id=settled.people[key],
            title=title,
            hue=hue,
            succeeded_at=now(),
            read_at=now(),
            kept=len(EVENTS),
            skipped=dict(skipped),
        )
        for key, title, hue, skipped in AGENDAS
    ]
    await plant(db, sources)
    await plant(db, [_event(source.id, source.person_id, *event) for source in sources for event in EVENTS])


def _event(source_id: UUID, person_id: UUID, day: int, hour: int, hours: int, title: str) -> OutsideEvent:
    begins = datetime.combine(today() + timedelta(days=day), time(hour), PARIS)
    return OutsideEvent(
        source_id=source_id,
        person_id=person_id,
        uid=str(new_id()),
        recurrence="",
        begins=begins,
        ends=begins + timedelta(hours=hours),
        title=title,
    )
