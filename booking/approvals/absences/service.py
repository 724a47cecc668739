"""What can be done with an absence: one function per verb."""

from datetime import date, timedelta
from uuid import UUID

from booking import rules as booking_rules
from booking.approvals import queries, rules
from booking.approvals.models import Absence
from booking.periods import naive
from entente.clock import now
from entente.ids import Ref
from entente.rules import Invalid, require
from entente.work import Work


async def delegate(work: Work, stand_in_id: UUID | None, since: date, last: date) -> Absence:
    """Have a colleague answer in one's place, both days included."""
    require(booking_rules.may_look(work.who))
    colleagues = dict(await queries.colleagues(work.db, work.who.organisations))
    if stand_in_id is None or stand_in_id not in colleagues or stand_in_id == work.who.id:
        raise Invalid({"stand_in": "Choisissez dans la liste une personne de votre organisation."})
    if wrong := rules.wrong_dates(since, last, naive(now()).date()):
        raise Invalid(wrong)
    made = Absence(person_id=work.who.id, stand_in_id=stand_in_id, since=since, until=last + timedelta(days=1))
    work.db.add(made)
    work.audit("approval.delegated", Ref("entente/person", stand_in_id), since=str(since), last=str(last))
    await work.db.flush()
    return made


async def take_back(work: Work, absence: Absence) -> None:
    """Answer oneself again."""
    absence.ended_at = now()
    work.db.add(absence)
    work.audit("approval.taken_back", Ref("entente/person", absence.stand_in_id))
