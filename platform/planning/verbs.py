"""What can happen to meetings, and the two streams that tell it: that of the body, and that of the meeting."""

from uuid import UUID

from entente.ids import Ref
from entente.journal import Verb as AnyVerb

BODY = "planning/body"
MEETING = "planning/meeting"


class Verb(AnyVerb):
    """What can happen to a meeting."""

    MEETING_PLANNED = "meeting.planned"
    MEETING_CHANGED = "meeting.changed"
    MEETING_MOVED = "meeting.moved"
    MEETING_CONVENED = "meeting.convened"
    MEETING_CANCELLED = "meeting.cancelled"
    MEETING_HELD = "meeting.held"
    AGENDA_CHANGED = "agenda.changed"
    ANSWER_GIVEN = "answer.given"
    ANSWER_WITHDRAWN = "answer.withdrawn"
    ABSENCE_CHANGED = "absence.changed"


OF_MEETINGS = (
    Verb.MEETING_PLANNED,
    Verb.MEETING_CHANGED,
    Verb.MEETING_MOVED,
    Verb.MEETING_CONVENED,
    Verb.MEETING_CANCELLED,
    Verb.MEETING_HELD,
)


def stream_of_body(body_id: UUID) -> Ref:
    """What happens to all the meetings of a body, for whoever looks at its calendar."""
    return Ref(BODY, body_id)


def stream_of(meeting_id: UUID) -> Ref:
    """What happens to one meeting, its agenda and its answers included."""
    return Ref(MEETING, meeting_id)
