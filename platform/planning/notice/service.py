"""What can be done about notice: write the rule of a body, and convene a meeting under it."""

from datetime import date

from entente import clock
from entente.clock import now
from entente.ids import Ref
from entente.rules import Invalid, require
from entente.web.words import PARIS, long_date
from entente.work import Work
from planning import rules, service
from planning.models import BodyRule, Meeting, State
from planning.notice import queries
from planning.notice.rules import Delay
from planning.service import NOT_YOURS
from planning.verbs import Verb


async def convene(work: Work, meeting: Meeting, version: int, urgency: str = "") -> None:
    """Note that the convocation was sent today; a late one needs a reason where the rule is strict, and keeps it."""
    await service.begin(work, meeting, version)
    if meeting.state != State.PLANNED:
        raise Invalid({"": "Seule une réunion dont la date est décidée se convoque, et une seule fois."})
    delay = await delay_of(work, meeting)
    urgency = urgency.strip()[:500]
    if delay.refusal and (delay.is_beyond_urgency or not urgency):
        raise Invalid({"urgency": delay.refusal})
    meeting.state, meeting.convened_at = State.CONVENED, now()
    meeting.urgency = urgency if delay.is_late else ""
    if delay.is_late:
        work.audit("meeting.convened_late", Ref("planning/meeting", meeting.id), reason=urgency)
    service.touch(work, meeting)
    service.tell(work, meeting, Verb.MEETING_CONVENED)


async def delay_of(work: Work, meeting: Meeting) -> Delay:
    """What the rule of the day asks of a meeting that would be convened now."""
    day = meeting.starts_at.astimezone(PARIS).date()
    return Delay(day, clock.today(), await queries.rule_on(work.db, meeting.body_id, day))


async def write_rule(work: Work, written: BodyRule) -> BodyRule:
    """Write how a body meets from a day on: the rule before it ends then, one of the same day is written again."""
    require(rules.may_write(work.who, written.body_id), NOT_YOURS)
    # Under the body's lock, so that two secretaries who write a rule do not leave two for one day.
    await service.lock_body(work, written.body_id)
    for former in await queries.rules_of(work.db, written.body_id):
        if former.since > written.since:
            raise Invalid({"since": f"Une règle commence déjà le {long_date(former.since)}\u00a0: partez de là."})
        if former.since == written.since:
            await work.db.delete(former)
        elif former.until is None or former.until > written.since:
            former.until = written.since
            work.db.add(former)
    await work.db.flush()
    work.db.add(written)
    work.audit("body.rule_written", Ref("entente/body", written.body_id), since=written.since.isoformat())
    return written


def first_day() -> date:
    """From when a rule that is written now may hold at the earliest: what was convened keeps its own."""
    return clock.today()
