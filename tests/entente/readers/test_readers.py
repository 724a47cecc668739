"""What other programmes find in our calendars: the library of Debian's, that of Thunderbird, and a third in Python."""

import json
import shutil
import subprocess
from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import icalendar
import libical
import pytest
import vobject

from conftest import missing
from entente import ical
from entente.ical import PARIS, Event, Head, Key, State

HERE = Path(__file__).parent

PROBES = (
    *((2026, 1, 15), (2026, 3, 28), (2026, 3, 29), (2026, 3, 30), (2026, 6, 21), (2026, 7, 14), (2026, 10, 24)),
    *((2026, 10, 25), (2026, 10, 26), (2026, 12, 31), (2027, 3, 28), (2038, 2, 1), (2039, 8, 1)),
)
HOUR = timedelta(hours=1)
SERIES, MOVED, GONE = date(2026, 3, 15), date(2026, 3, 29), date(2026, 4, 5)
"""Every Sunday until the one after clocks have changed in autumn; one is moved, one does not take place."""


def paris(day: date, hour: int = 18, minute: int = 30) -> datetime:
    return datetime.combine(day, time(hour, minute), PARIS)


def event(uid: str, begins: datetime, **more: Any) -> Event:
    words = "Conseil ; « l’été », 🎉 \\ fin\nà la ligne"
    return Event(f"{uid}@entente.test", 3, datetime(2026, 1, 2, 8, tzinfo=UTC), begins, begins + HOUR, words, **more)


def single() -> list[Event]:
    """One meeting at half past six on each day on which readers have gone wrong."""
    more: dict[str, Any] = {
        "place": "Salle, 1",
        "text": "Ordre du jour\u00a0: " + "é" * 200,
        "category": "Conseil; bureau",
    }
    return [event(f"probe-{number}", paris(date(*day)), **more) for number, day in enumerate(PROBES)]


def series() -> Event:
    last = paris(date(2026, 11, 1))
    moved = event("series", paris(MOVED, 10, 15), instead_of=paris(MOVED), state=State.TENTATIVE)
    return event(
        "series",
        paris(SERIES),
        rule=f"FREQ=WEEKLY;UNTIL={last.astimezone(UTC):%Y%m%dT%H%M%SZ}",
        but=(paris(GONE),),
        changes=(moved,),
    )


def expected() -> list[tuple[str, int, int]]:
    """What is meant, counted by Python's own zones."""
    dates = [(each.uid, each.begins) for each in single()]
    for week in range(34):
        day = SERIES + timedelta(weeks=week)
        if day != GONE:
            dates.append((series().uid, paris(day, 10, 15) if day == MOVED else paris(day)))
    return sorted((uid, int(at.timestamp()), int(at.timestamp()) + 3600) for uid, at in dates)  # type: ignore[union-attr]


async def calendar(*events: Event) -> bytes:
    keys = [Key(each.uid, repr(each)) for each in events]

    async def asked(uids: list[str]) -> Iterable[tuple[Key, Event]]:
        return [(key, each) for key, each in zip(keys, events, strict=True) if key.uid in uids]

    return await ical.calendar(Head("Mes réunions", "https://entente.test/ical/secret.ics"), keys, asked)


@pytest.fixture
async def body() -> bytes:
    return await calendar(*single(), series())


@pytest.fixture(scope="module")
def debian() -> Any:
    """Debian's library, or a skip that says what is missing."""
    try:
        return libical.library()
    except OSError as error:
        missing(f"libical: {error}")


@pytest.fixture(scope="module")
def node() -> list[str]:
    """How ical.js is run."""
    if shutil.which("node") is None:
        missing("node")
    if not (HERE / "node_modules" / "ical.js").is_dir():
        missing(f"ical.js: npm ci --prefix {HERE}")
    return ["node", str(HERE / "read.mjs")]


async def test_libical_finds_no_fault_and_the_same_instants(debian: Any, body: bytes) -> None:
    """Neither a parse error nor a restriction that fails; each instant the one that was meant, beyond 2038 too."""
    assert libical.is_sound(debian, body)
    assert libical.instants(debian, body) == expected()


async def test_libical_takes_our_invitations(debian: Any) -> None:
    """REQUEST and CANCEL bear what RFC 5546 asks of them."""
    people = (ical.Party("Entente", "entente@localhost"), ical.Party("Awa « la » Diallo", "awa@aubrac.example"))
    for method, state in ((ical.Method.REQUEST, State.CONFIRMED), (ical.Method.CANCEL, State.CANCELLED)):
        assert libical.is_sound(debian, ical.message(method, event("one", paris(SERIES), state=state), *people))


def test_libical_would_say_what_is_wrong(debian: Any) -> None:
    """The check can fail: an event without UID, and no event at all in a request."""
    opening = b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nMETHOD:REQUEST\r\n"
    broken = opening + b"BEGIN:VEVENT\r\nDTSTART:20260101T000000Z\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
    assert not libical.is_sound(debian, broken)


async def test_ical_js_finds_the_same_instants(node: list[str], body: bytes) -> None:
    """What Thunderbird shows."""
    done = subprocess.run(node, input=body, capture_output=True, check=True, timeout=60)
    found = [(uid, begins, ends) for uid, begins, ends, _ in json.loads(done.stdout)]
    assert sorted(found) == expected()


async def test_vobject_finds_the_same_instants(body: bytes) -> None:
    """A third reader, which knows no zone but ours."""
    found: list[tuple[str, int, int]] = []
    read: Any = vobject.readOne(body.decode())
    for each in read.vevent_list:
        if "rrule" in each.contents or "recurrence-id" in each.contents:
            continue
        begins, ends = each.dtstart.value, each.dtend.value
        found.append((each.uid.value, int(begins.timestamp()), int(ends.timestamp())))
    assert sorted(found) == [each for each in expected() if each[0] != series().uid]
    (master,) = [each for each in read.vevent_list if "rrule" in each.contents]
    assert [int(each.timestamp()) for each in master.getrruleset(addRDate=True)] == [
        int(paris(SERIES + timedelta(weeks=week)).timestamp())
        for week in range(34)
        if SERIES + timedelta(weeks=week) != GONE
    ]


async def test_nothing_writes_zones_on_the_way(body: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """`add_missing_timezones` is never called: what it writes is read one hour off in summer by several readers."""

    def called(*_args: Any, **_more: Any) -> None:
        raise AssertionError("add_missing_timezones was called")

    monkeypatch.setattr(icalendar.Calendar, "add_missing_timezones", called)
    ical._kept.clear()
    again = await calendar(*single(), series())
    assert again == body
    assert again.count(b"BEGIN:VTIMEZONE") == 1
    assert b"RDATE" not in again
