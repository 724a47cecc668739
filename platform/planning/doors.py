"""What every door of the room asks first, and the words that several of them share."""

from uuid import UUID

from starlette.requests import Request

from entente.people.who import Who
from entente.rules import NotFound, require
from entente.web.requests import who_of
from planning import rules
from planning.service import NOT_YOURS

ROOM = "planning"
HOME = ("Planning", "/planning")
MEETINGS = "/planning/reunions"
NEW = f"{MEETINGS}/nouvelle"
BODIES = ("Instances", "/planning/instances")
HALLS = ("Salles", "/planning/salles")
ABSENCES = ("Mes absences", "/planning/absences")


def address_of(meeting_id: UUID) -> str:
    """Where a meeting is read."""
    return f"{MEETINGS}/{meeting_id}"


def looking(request: Request) -> Who:
    """Whoever has a planning; to anybody else, there is none."""
    who = who_of(request)
    if not rules.may_look(who):
        raise NotFound
    return who


def writing(request: Request, body_id: UUID) -> Who:
    """Whoever writes the meetings of this body."""
    who = looking(request)
    require(rules.may_write(who, body_id), NOT_YOURS)
    return who


def keeping(request: Request) -> Who:
    """Whoever writes the meetings of some body; to anybody else, these pages do not exist."""
    who = looking(request)
    if not rules.may_plan(who):
        raise NotFound
    return who
