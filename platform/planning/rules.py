"""Who may know of a meeting, and who may write it: plain functions."""

from datetime import datetime
from uuid import UUID

from entente.people.who import Who
from planning.models import Meeting, State

OVER = (State.HELD, State.CANCELLED)


def may_look(who: Who) -> bool:
    """Whoever takes part today has a planning."""
    return who.is_member


def may_read(who: Who, meeting: Meeting, sat_then: bool) -> bool:
    """Everybody reads of an open meeting; of a confidential one, those who sit today or sat on its day."""
    if not may_look(who):
        return False
    return not meeting.is_confidential or sat_then or sits_in(who, meeting.body_id)


def sits_in(who: Who, body_id: UUID) -> bool:
    """Whether this person has a seat there today, or keeps the house and so sees everything."""
    return body_id in who.bodies or who.is_administrator


def may_write(who: Who, body_id: UUID) -> bool:
    """The secretaries of a body write its meetings, and whoever keeps the house."""
    return body_id in who.secretary_of or who.is_administrator


def may_plan(who: Who) -> bool:
    """Whether there is a body whose meetings this person writes."""
    return bool(who.secretary_of) or who.is_administrator


def is_alive(meeting: Meeting) -> bool:
    """Whether it may still be changed, moved or cancelled."""
    return meeting.state not in OVER


def answers_are_open(meeting: Meeting, at: datetime) -> bool:
    """One answers until the meeting begins, and not to a date that is only an option."""
    return meeting.state in (State.PLANNED, State.CONVENED) and at < meeting.starts_at
