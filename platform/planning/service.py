"""What can be done with a meeting: one function per verb."""

from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import update
from sqlalchemy.exc import IntegrityError
from sqlmodel import col, select

from entente.clock import now
from entente.db import is_embedded, rows
from entente.people.models import Body
from entente.rules import Conflict, Invalid, NotFound, require
from entente.web.words import date_time
from entente.work import Work
from planning import rules
from planning.models import Hall, Meeting, State
from planning.plans import Plan
from planning.verbs import Verb, stream_of, stream_of_body

NOT_YOURS = "Seuls le secrétariat de l’instance et l’administration écrivent ses réunions."
CHANGED = "Cette réunion a été modifiée ailleurs pendant que vous l’écriviez."


class Meets(Conflict):
    """The same body already meets then (409): here is which meeting."""

    def __init__(self, other_id: UUID, title: str, starts_at: datetime) -> None:
        super().__init__(f"Cette instance se réunit déjà à ce moment-là\u00a0: « {title} », {date_time(starts_at)}.")
        self.other_id = other_id


class Outdated(Conflict):
    """The form was written over an older version (409): nothing was written."""

    def __init__(self) -> None:
        super().__init__(CHANGED)


async def plan(work: Work, wanted: Plan, series_id: UUID | None = None) -> Meeting:
    """Write down a meeting; sent twice with one key, it is written once."""
    require(rules.may_write(work.who, wanted.body_id), NOT_YOURS)
    await lock_body(work, wanted.body_id)
    if known := await already_made(work, wanted.key):
        return known
    await _require_free(work, wanted)
    await _require_hall(work, wanted)
    made = Meeting(
        body_id=wanted.body_id,
        title=wanted.title,
        starts_at=wanted.starts_at,
        ends_at=wanted.ends_at,
        state=State.OPTION if wanted.is_option else State.PLANNED,
        person_id=work.who.id,
        key=wanted.key or str(uuid4()),
        series_id=series_id,
        occurs_at=wanted.starts_at if series_id else None,
    )
    wanted.write(made)
    try:
        async with work.db.begin_nested():
            work.db.add(made)
            await work.db.flush()
    except IntegrityError:
        # The same form, sent twice at once: the constraint on its key lets one through.
        if known := await already_made(work, wanted.key):
            return known
        raise
    tell(work, made, Verb.MEETING_PLANNED)
    return made


async def change(work: Work, meeting: Meeting, wanted: Plan, version: int) -> None:
    """Write a meeting again; raises Outdated if somebody did since `version`, Meets if the body already meets."""
    await begin(work, meeting, version)
    wanted_here = Plan(**{**wanted.__dict__, "body_id": meeting.body_id})
    moves = (wanted.starts_at, wanted.ends_at) != (meeting.starts_at, meeting.ends_at)
    await _require_free(work, wanted_here, meeting.id)
    await _require_hall(work, wanted_here)
    wanted_here.write(meeting)
    if meeting.state in (State.OPTION, State.PLANNED):
        meeting.state = State.OPTION if wanted.is_option else State.PLANNED
    touch(work, meeting)
    tell(work, meeting, Verb.MEETING_MOVED if moves else Verb.MEETING_CHANGED)


async def cancel(work: Work, meeting: Meeting, why: str, version: int) -> None:
    """Call a meeting off, and say why."""
    await begin(work, meeting, version)
    if not why.strip():
        raise Invalid({"why": "Dites pourquoi\u00a0: les membres le liront."})
    meeting.state, meeting.cancelled_for = State.CANCELLED, why.strip()[:500]
    touch(work, meeting)
    tell(work, meeting, Verb.MEETING_CANCELLED)


async def hold(work: Work, meeting: Meeting, version: int) -> None:
    """Note that a meeting was held, once it has begun."""
    await begin(work, meeting, version)
    if meeting.starts_at > now():
        raise Conflict(f"Cette réunion ne commence que le {date_time(meeting.starts_at)}.")
    meeting.state = State.HELD
    touch(work, meeting)
    tell(work, meeting, Verb.MEETING_HELD)


def touch(work: Work, meeting: Meeting) -> None:
    """Note that what calendars show of a meeting has changed."""
    meeting.version += 1
    meeting.changed_at = now()
    work.db.add(meeting)


def tell(work: Work, meeting: Meeting, verb: Verb) -> None:
    """Tell the body's calendar and the meeting's own page what happened."""
    work.record(stream_of_body(meeting.body_id), verb, meeting.id)
    work.record(stream_of(meeting.id), verb, meeting.id)


async def lock_body(work: Work, body_id: UUID) -> None:
    """Wait for one's turn to write the calendar of a body; SQLite has one writer, who waits for nobody."""
    query = rows(Body.id).where(col(Body.id) == body_id)
    if not is_embedded(work.db):
        # NO KEY: the foreign key of a meeting reads the same row, and need not wait.
        query = query.with_for_update(key_share=True)
    if (await work.db.execute(query)).scalar_one_or_none() is None:
        raise NotFound


async def lock_version(work: Work, meeting: Meeting, version: int) -> None:
    """Hold the meeting's row if nobody has written it since `version`; raises Outdated. One statement decides."""
    held = (
        update(Meeting)
        .where(col(Meeting.id) == meeting.id, col(Meeting.version) == version)
        .values(version=Meeting.version)
        .returning(col(Meeting.id))
    )
    if (await work.db.execute(held)).scalar_one_or_none() is None:
        raise Outdated
    await work.db.refresh(meeting)


async def begin(work: Work, meeting: Meeting, version: int) -> None:
    """Take one's turn to write a meeting which nobody has written since `version`, and which is not over."""
    require(rules.may_write(work.who, meeting.body_id), NOT_YOURS)
    await lock_body(work, meeting.body_id)
    await lock_version(work, meeting, version)
    require_alive(meeting)


def require_alive(meeting: Meeting) -> None:
    """Go on if the meeting is neither over nor called off; raises Conflict."""
    if not rules.is_alive(meeting):
        said = "a été annulée" if meeting.state == State.CANCELLED else "a déjà eu lieu"
        raise Conflict(f"Cette réunion {said}\u00a0: elle ne change plus.")


async def already_made(work: Work, key: str) -> Meeting | None:
    """What this person’s form with that key has made before."""
    if not key:
        return None
    query = select(Meeting).where(col(Meeting.person_id) == work.who.id, col(Meeting.key) == key)
    return (await work.db.exec(query)).one_or_none()


async def _require_free(work: Work, wanted: Plan, own: UUID | None = None) -> None:
    # Sound under the lock of the body: whoever else plans for it waits for this transaction.
    query = (
        rows(Meeting.id, Meeting.title, Meeting.starts_at)
        .where(
            col(Meeting.body_id) == wanted.body_id,
            col(Meeting.starts_at) < wanted.ends_at,
            col(Meeting.ends_at) > wanted.starts_at,
            col(Meeting.state) != State.CANCELLED,
        )
        .order_by(col(Meeting.starts_at))
        .limit(1)
    )
    if own:
        query = query.where(col(Meeting.id) != own)
    if other := (await work.db.execute(query)).one_or_none():
        raise Meets(*other)


async def _require_hall(work: Work, wanted: Plan) -> None:
    if wanted.hall_id is not None and await work.db.get(Hall, wanted.hall_id) is None:
        raise Invalid({"hall_id": "Choisissez dans la liste."})
