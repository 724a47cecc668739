"""When news may go by mail: plain functions of what someone wants, where they live in time, and the clock."""

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from enum import StrEnum
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo


class MailRhythm(StrEnum):
    """When news of what concerns someone comes by mail."""

    AT_ONCE = "at_once"
    DAILY = "daily"
    WEEKLY = "weekly"
    NEVER = "never"


GRACE = timedelta(minutes=5)
"""What is read here meanwhile is not mailed."""
CALM = timedelta(minutes=15)
"""Between two mails to one person."""
MORNING = time(8)
"""When digests go, where each person lives; weekly ones on Mondays."""
QUIET = (20, 7)
"""From which hour until which hour nobody is written to, unless they say otherwise."""
STALE = timedelta(days=15)
"""What nobody was written about for so long will not be."""


class Quiet(NamedTuple):
    """Hours of the day without mail; the same hour twice means none."""

    since: int
    until: int

    def holds(self, hour: int) -> bool:
        """Whether this hour is one of them."""
        if self.since <= self.until:
            return self.since <= hour < self.until
        return hour >= self.since or hour < self.until


@dataclass(frozen=True)
class Wishes:
    """How someone wants to be written to."""

    rhythm: MailRhythm
    quiet: Quiet
    zone: ZoneInfo


class Written(NamedTuple):
    """When someone was last written to."""

    mailed_at: datetime | None
    digest_at: datetime | None


def wishes_of(notifications: dict[str, Any], time_zone: str) -> Wishes:
    """What a person chose in their profile, or the sober default."""
    quiet = Quiet(*notifications.get("quiet", QUIET))
    return Wishes(MailRhythm(notifications.get("mail", MailRhythm.AT_ONCE)), quiet, ZoneInfo(time_zone))


def goes_at(wishes: Wishes, told_at: datetime, written: Written) -> datetime | None:
    """The first moment at which a mail about news told then may go; none when it never may."""
    match wishes.rhythm:
        case MailRhythm.NEVER:
            return None
        case MailRhythm.AT_ONCE:
            earliest = told_at + GRACE
        case _:
            earliest = _morning_after(wishes, max(told_at, written.digest_at or told_at))
    if written.mailed_at:
        earliest = max(earliest, written.mailed_at + CALM)
    return _awake(wishes, earliest)


def _morning_after(wishes: Wishes, moment: datetime) -> datetime:
    local = moment.astimezone(wishes.zone)
    days = 0 if local.time() < MORNING else 1
    if wishes.rhythm == MailRhythm.WEEKLY:
        days += -(local.date() + timedelta(days=days)).weekday() % 7
    return datetime.combine(local.date() + timedelta(days=days), MORNING, wishes.zone).astimezone(UTC)


def _awake(wishes: Wishes, moment: datetime) -> datetime:
    """The same moment, or the end of the quiet hours it falls in."""
    local = moment.astimezone(wishes.zone)
    if not wishes.quiet.holds(local.hour):
        return moment
    days = 0 if local.hour < wishes.quiet.until else 1
    end = datetime.combine(local.date() + timedelta(days=days), time(wishes.quiet.until), wishes.zone)
    return end.astimezone(UTC)
