"""What can happen in the register of decisions, and where it is told."""

from uuid import UUID

from entente.ids import Ref
from entente.journal import Verb as AnyVerb

DECISIONS = Ref("pistes/decisions", UUID("0197a000-0000-7000-8000-000000000002"))
"""The stream of the register of decisions: there is one per house."""


class Verb(AnyVerb):
    """What can happen to a decision: it is written down, once; and one day it is to be looked at again."""

    DECISION_RECORDED = "decision.recorded"
    DECISION_DUE = "decision.due"


def ref_of(decision_id: UUID) -> Ref:
    """A decision, as the rest of the house names it."""
    return Ref("pistes/decision", decision_id)
