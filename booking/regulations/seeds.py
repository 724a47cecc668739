"""What it looks like in real life: the règlements of the nacelles and of the greenhouses, accepted by who borrowed."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from booking.fleet.models import Unit
from booking.models import Reservation, State
from booking.regulations.models import Acceptance, Regulation, Wording
from entente.clock import now
from entente.db import rows
from entente.people.seeds import Settled, plant

NACELLE = """\
## Avant de partir

- Le conducteur présente son **CACES R486** et son autorisation de conduite.
- L’état des lieux se fait à deux, au dépôt, moteur arrêté puis en marche.

## Pendant le prêt

- Port du harnais obligatoire dans le panier ; jamais au-delà de 45 km/h de vent.
- La nacelle ne sort pas du territoire de l’agglomération.

## Au retour

- Plein fait, panier vidé et lavé. Tout choc est signalé le jour même, même sans trace.
"""
NACELLE_BEFORE = NACELLE.replace(" ; jamais au-delà de 45 km/h de vent", "")
GREENHOUSE = """\
- Les tables se prennent **vides et propres**, et se rendent de même.
- Aucun produit phytosanitaire n’entre dans les serres.
- L’arrosage est assuré par les serres du lundi au vendredi ; le week-end, par l’emprunteur.
"""
WRITTEN: Sequence[tuple[str, str, Sequence[tuple[int, str, str]]]] = (
    ("NAC-12", "patrice-lonjon", ((400, NACELLE_BEFORE, ""), (20, NACELLE, "Une limite de vent est ajoutée"))),
    ("NAC-18", "samir-ouadah", ((300, NACELLE, ""),)),
    ("SER-1", "lucie-fonteneau", ((200, GREENHOUSE, ""),)),
)
"""A unit of those that it is about, who wrote it, and its versions, each so many days ago."""


async def write_some(db: AsyncSession, settled: Settled) -> None:
    """Publish the règlements; whoever had such a unit had accepted, all but the latest version for those of before."""
    units = {
        row.code: row
        for row in await db.execute(rows(col(Unit.code), col(Unit.type_id), col(Unit.owner_id), col(Unit.id)))
    }
    made = {code: Regulation(owner_id=units[code].owner_id, type_id=units[code].type_id) for code, *_ in WRITTEN}
    for code, _, versions in WRITTEN:
        made[code].current = len(versions)
    await plant(db, list(made.values()))
    await plant(
        db, [_wording(made[code], settled.people[by], *each) for code, by, all_ in WRITTEN for each in _numbered(all_)]
    )
    borrowed = await _borrowers(db)
    await plant(
        db,
        [
            Acceptance(person_id=person, regulation_id=made[code].id, number=_number(at, versions), at=at)
            for code, _, versions in WRITTEN
            for person, at in borrowed.get(made[code].type_id, {}).items()
        ],
    )


def _numbered(versions: Sequence[tuple[int, str, str]]) -> list[tuple[int, int, str, str]]:
    return [(number, *each) for number, each in enumerate(versions, 1)]


def _wording(regulation: Regulation, author: UUID, number: int, days: int, body: str, news: str) -> Wording:
    at = now() - timedelta(days=days)
    return Wording(regulation_id=regulation.id, number=number, body=body.strip(), news=news, author_id=author, at=at)


def _number(at: datetime, versions: Sequence[tuple[int, str, str]]) -> int:
    """The version of that moment."""
    age = (now() - at).days
    return max(1, sum(days >= age for days, *_ in versions))


async def _borrowers(db: AsyncSession) -> Mapping[UUID, dict[UUID, datetime]]:
    """For each type, who has reserved, and when they first did."""
    query = (
        rows(Reservation.type_id, Reservation.person_id, Reservation.created_at)
        .where(col(Reservation.state).not_in((State.BLOCKED, State.WAITING, State.OFFERED)))
        .order_by(col(Reservation.created_at).desc())
    )
    found: dict[UUID, dict[UUID, datetime]] = {}
    for type_id, person, at in await db.execute(query):
        found.setdefault(type_id, {})[person] = at
    return found
