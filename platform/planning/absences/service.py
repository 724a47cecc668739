"""What can be done with absences: one function per verb; each tells the person's own stream."""

from datetime import date, timedelta

from entente.rights import stream_of_person
from entente.rules import Invalid, require
from entente.work import Work
from planning import rules
from planning.models import Absence
from planning.verbs import Verb

LONGEST = timedelta(days=400)


async def announce(work: Work, since: date, last: date, note: str) -> Absence:
    """Say that one is away from a day until another, both included."""
    require(rules.may_look(work.who))
    if last < since:
        raise Invalid({"last": "Le dernier jour doit venir après le premier, ou être le même."})
    if last - since > LONGEST:
        raise Invalid({"last": "C’est trop long\u00a0: une absence dure 400 jours au plus."})
    made = Absence(person_id=work.who.id, since=since, until=last + timedelta(days=1), note=note)
    work.db.add(made)
    work.record(stream_of_person(work.who.id), Verb.ABSENCE_CHANGED, made.id)
    return made


async def forget(work: Work, absence: Absence) -> None:
    """Take back an absence; what was answered meanwhile stays as it was said."""
    await work.db.delete(absence)
    work.record(stream_of_person(work.who.id), Verb.ABSENCE_CHANGED, absence.id)
