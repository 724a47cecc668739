"""How the room forgets someone: what was lent stays in the accounts of the communes, under no name."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import or_
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from booking.approvals.models import Level
from booking.fleet.models import ResourceType
from booking.models import Reservation, State
from entente.clock import now
from entente.db import rows
from entente.forgetting.fates import CODE, THING, WRITTEN_ONCE, Fate, Forgets, why
from entente.web.words import NBSP, date_time

DONE = "who did it stays a number, which leads to nobody any more"
LENT = "what was lent is counted and paid by communes, reservation by reservation"
OWED = (State.REQUESTED, State.OFFERED, State.CONFIRMED, State.OUT, State.WAITING)
"""What someone still has, or still waits for."""
FATES = {
    "accessory": Fate(kept=why(THING, "name")),
    "approval_absence": Fate(gone="person_id stand_in_id"),
    "approval_level": Fate(stays=why("nobody is forgotten who still agrees to something", "person_id late_id")),
    "approval_step": Fate(stays=why(DONE, "person_id answered_by instead_of")),
    "booking_basket": Fate(gone="person_id", words="fields", kept=why(CODE, "key lines")),
    "booking_order": Fate(stays=why(LENT, "person_id"), kept=why(CODE, "key")),
    "booking_series": Fate(stays=why(LENT, "person_id"), kept=why(CODE, "rule key")),
    "closure": Fate(words="why"),
    "depot": Fate(kept=why(THING, "name address")),
    "meter_reading": Fate(detached="person_id"),
    "regulation_acceptance": Fate(stays=why(WRITTEN_ONCE, "person_id")),
    "regulation_wording": Fate(stays=why(WRITTEN_ONCE, "author_id"), kept=why(WRITTEN_ONCE, "body news")),
    "reservation": Fate(stays=why(LENT, "person_id"), words="on_behalf_of purpose", kept=why(CODE, "wanted key")),
    "reservation_change": Fate(
        stays=why(WRITTEN_ONCE, "person_id"), kept=why(CODE, "verb before after") | why(WRITTEN_ONCE, "why")
    ),
    "resource_type": Fate(words="about", kept=why(THING, "name one many") | why(CODE, "slug")),
    "school_holiday": Fate(kept=why(THING, "name")),
    "trait": Fate(kept=why(THING, "name measure")),
    "unit": Fate(words="about", kept=why(THING, "name") | why(CODE, "code")),
    "unit_file": Fate(
        stays=why("the photo or the notice is the unit’s", "author_id"),
        words="name words",
        kept=why(CODE, "label media_type kept"),
    ),
    "unit_inspection": Fate(kept=why(THING, "name")),
    "unit_inspection_passed": Fate(stays=why(WRITTEN_ONCE, "person_id"), kept=why(WRITTEN_ONCE, "reference")),
    "unit_trait": Fate(words="words"),
}
MOST_SAID = 5


async def obstacles(db: AsyncSession, person_id: UUID) -> Sequence[str]:
    """What they still have or wait for, and what nobody else could agree to."""
    owed = (
        rows(ResourceType.name, Reservation.starts_at)
        .join(ResourceType, col(ResourceType.id) == col(Reservation.type_id))
        .where(
            col(Reservation.person_id) == person_id,
            col(Reservation.state).in_(OWED),
            or_(col(Reservation.ends_at) > now(), col(Reservation.state) == State.OUT),
        )
        .order_by(col(Reservation.starts_at), col(Reservation.id))
    )
    found = [f"{name}, {date_time(starts_at)}" for name, starts_at in await db.execute(owed)]
    levels = (
        rows(ResourceType.name)
        .distinct()
        .join(Level, col(Level.type_id) == col(ResourceType.id))
        .where(or_(col(Level.person_id) == person_id, col(Level.late_id) == person_id))
        .order_by(col(ResourceType.name))
    )
    said = [
        f"Cette personne accorde les demandes de «{NBSP}{name}{NBSP}»{NBSP}: choisissez quelqu’un d’autre."
        for (name,) in await db.execute(levels)
    ]
    return [_owed(found), *said] if found else said


def _owed(found: Sequence[str]) -> str:
    more = f" et {len(found) - MOST_SAID} autres" if len(found) > MOST_SAID else ""
    what = f"{NBSP}; ".join(found[:MOST_SAID])
    return f"Du matériel est encore réservé à son nom ({what}{more}){NBSP}: faites-le rendre, ou annulez."


forgets = Forgets(FATES, obstacles)
