"""The way from one phase to another: plain functions."""

from enum import Enum, auto

from pistes.decisions.models import Outcome
from pistes.models import Phase
from pistes.protocol.models import GATES


class Way(Enum):
    """What it takes to come from one phase to another."""

    STAY = auto()
    ENTER = auto()
    """Into the protocol: nobody has to decide."""
    GATE = auto()
    BACK = auto()
    STOP = auto()
    CLOSED = auto()
    """A phase may not be jumped over, nor a stopped piste go on where it was."""


_ORDER = (Phase.EXPRIMEE, Phase.INITIALISATION, *GATES)


def way(before: Phase, after: Phase) -> Way:
    """What it takes to come from one phase to the other."""
    if before is after:
        return Way.STAY
    if after is Phase.ARRETEE:
        return Way.STOP
    if before is Phase.ARRETEE:
        # What stopped starts again from the beginning: every gate is asked anew.
        return Way.BACK if after is Phase.EXPRIMEE else Way.CLOSED
    step = _ORDER.index(after) - _ORDER.index(before)
    if step < 0:
        return Way.BACK
    if step > 1:
        return Way.CLOSED
    return Way.GATE if after in GATES else Way.ENTER


def next_gate(phase: Phase) -> Phase | None:
    """The phase to which the next gate leads; none before the protocol, at its end, and for what is stopped."""
    after = _ORDER[_ORDER.index(phase) + 1 :][:1] if phase in _ORDER else ()
    return after[0] if after and after[0] in GATES else None


def reachable(phase: Phase) -> list[Phase]:
    """The phases to which this one leads, by a gate or without."""
    return [each for each in Phase if way(phase, each) not in (Way.STAY, Way.CLOSED)]


def phase_after(before: Phase, gate: Phase, outcome: Outcome, waits: bool) -> Phase:
    """Where a piste stands once its gate was decided."""
    match outcome:
        case Outcome.GO:
            return before if waits else gate
        case Outcome.NO_GO:
            return Phase.ARRETEE
    return before
