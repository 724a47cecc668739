"""What can happen to a piste, where it is told, and the story that is kept of it."""

from typing import Any
from uuid import UUID

from entente.ids import Ref
from entente.journal import Verb as AnyVerb
from entente.work import Work
from pistes.models import Change

REGISTER = Ref("pistes/register", UUID("0197a000-0000-7000-8000-000000000001"))
"""The stream of the register as a whole: there is one per house."""


class Verb(AnyVerb):
    """What can happen in the register."""

    PISTE_CREATED = "piste.created"
    PISTE_EDITED = "piste.edited"
    PISTE_MARKED = "piste.marked"
    PISTE_PLACED = "piste.placed"
    PHASE_MOVED = "phase.moved"
    GATE_DECIDED = "gate.decided"
    KIND_CHOSEN = "kind.chosen"
    POSITION_TAKEN = "position.taken"
    CARRIER_RESOLVED = "carrier.resolved"
    PISTE_DEFERRED = "piste.deferred"
    PISTE_RESUMED = "piste.resumed"
    FICHE_WRITTEN = "fiche.written"
    AFOR_WRITTEN = "afor.written"
    REGISTER_CHANGED = "register.changed"
    """Said on the stream of the register: its table is not what it was."""


def stream_of(piste_id: UUID) -> Ref:
    """What happens to one piste."""
    return Ref("pistes/piste", piste_id)


def tell(work: Work, piste_id: UUID, verb: Verb, **detail: Any) -> None:
    """Keep one line of the story of a piste, and tell its readers; the register hears of it too."""
    keep(work, piste_id, verb, **detail)
    work.record(REGISTER, Verb.REGISTER_CHANGED, REGISTER.id)


def keep(work: Work, piste_id: UUID, verb: Verb, **detail: Any) -> None:
    """The same for many pistes at once: whoever calls tells the register once."""
    person_id = work.someone.id if work.someone else None
    work.db.add(Change(piste_id=piste_id, verb=str(verb), person_id=person_id, detail=detail))
    work.record(stream_of(piste_id), verb, piste_id)
