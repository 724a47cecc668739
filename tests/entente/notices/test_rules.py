"""When news may go: what someone chose, where they live, and the clock."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from entente.notices.rules import CALM, GRACE, MORNING, MailRhythm, Quiet, Wishes, Written, goes_at, wishes_of

NOON = datetime(2026, 11, 18, 11, 0, tzinfo=UTC)
"""A Wednesday, noon in Paris."""
NEVER_WRITTEN = Written(None, None)
NOT_QUIET, NIGHT = Quiet(0, 0), Quiet(20, 7)


def wishes(rhythm: str = "at_once", quiet: Quiet = NIGHT, zone: str = "Europe/Paris") -> Wishes:
    return Wishes(MailRhythm(rhythm), quiet, ZoneInfo(zone))


def paris(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 11, day, hour, minute, tzinfo=ZoneInfo("Europe/Paris"))


@pytest.mark.parametrize(
    ("who", "told", "written", "goes"),
    [
        (wishes(), NOON, NEVER_WRITTEN, NOON + GRACE),
        (wishes(), NOON, Written(NOON, None), NOON + CALM),
        (wishes(), NOON, Written(NOON - timedelta(hours=1), None), NOON + GRACE),
        (wishes(), paris(18, 22), NEVER_WRITTEN, paris(19, 7)),
        (wishes(), paris(19, 3), NEVER_WRITTEN, paris(19, 7)),
        (wishes(), paris(18, 19, 58), NEVER_WRITTEN, paris(19, 7)),
        (wishes(quiet=NOT_QUIET), paris(18, 22), NEVER_WRITTEN, paris(18, 22, 5)),
        (wishes(quiet=Quiet(12, 14)), paris(18, 12), NEVER_WRITTEN, paris(18, 14)),
        # Noon in Paris is five in the morning in Cayenne minus three: 8 h there; 22 h in Nouméa.
        (wishes(zone="America/Cayenne"), NOON, NEVER_WRITTEN, NOON + GRACE),
        (wishes(zone="Pacific/Noumea"), NOON, NEVER_WRITTEN, datetime(2026, 11, 18, 20, 0, tzinfo=UTC)),
        (wishes("daily"), NOON, NEVER_WRITTEN, paris(19, 8)),
        (wishes("daily"), paris(18, 7, 59), NEVER_WRITTEN, paris(18, 8)),
        (wishes("daily"), paris(18, 7, 59), Written(paris(18, 8, 1), paris(18, 8, 1)), paris(19, 8)),
        (wishes("daily", Quiet(20, 9)), NOON, NEVER_WRITTEN, paris(19, 9)),
        (wishes("weekly"), NOON, NEVER_WRITTEN, paris(23, 8)),
        (wishes("weekly"), paris(23, 7), NEVER_WRITTEN, paris(23, 8)),
        (wishes("weekly"), paris(23, 9), NEVER_WRITTEN, paris(30, 8)),
        (wishes("never"), NOON, NEVER_WRITTEN, None),
    ],
    ids=str,
)
def test_a_mail_goes_at_its_hour(who: Wishes, told: datetime, written: Written, goes: datetime | None) -> None:
    assert goes_at(who, told, written) == goes


MOMENTS = st.integers(1_735_689_600, 1_830_297_600).map(lambda seconds: datetime.fromtimestamp(seconds, UTC))
ZONES = st.sampled_from(["Europe/Paris", "America/Cayenne", "Indian/Reunion", "Pacific/Noumea", "America/Miquelon"])
HOURS = st.integers(0, 23)


@given(MOMENTS, MOMENTS, ZONES, HOURS, HOURS, st.sampled_from(["at_once", "daily", "weekly"]))
def test_whatever_the_hour_a_mail_is_calm(
    told: datetime, before: datetime, zone: str, since: int, until: int, rhythm: str
) -> None:
    """Never before its reader had time to read here, never in quiet hours, never soon after another; and it goes."""
    written = Written(before, before) if before < told else NEVER_WRITTEN
    who = wishes(rhythm, Quiet(since, until), zone)
    goes = goes_at(who, told, written)
    assert goes is not None
    local = goes.astimezone(who.zone)
    assert goes >= told
    assert rhythm != "at_once" or goes >= told + GRACE
    assert written.mailed_at is None or goes >= written.mailed_at + CALM
    assert not who.quiet.holds(local.hour) or since == until
    assert rhythm == "at_once" or local.time() >= MORNING or since != until
    assert goes - told < timedelta(days=9)


def test_nobody_has_to_choose() -> None:
    """Someone who set nothing is written to at once, in the daytime, where they live."""
    assert wishes_of({}, "Indian/Reunion") == wishes(zone="Indian/Reunion")
    chosen = {"mail": "weekly", "quiet": [22, 6]}
    assert wishes_of(chosen, "Europe/Paris") == wishes("weekly", Quiet(22, 6))
