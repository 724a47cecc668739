"""Calendars as files: the same instants for every reader, byte for byte the same when nothing changed."""

import string
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import icalendar
import pytest
import vobject
from hypothesis import given, settings
from hypothesis import strategies as st

from entente import ical
from entente.ical import PARIS, Event, Head, Key, State

HEAD = Head("Mes réunions", "https://entente.test/agendas/secret.ics")
ROOT = Path(__file__).parents[2]


def event(**more: Any) -> Event:
    known: dict[str, Any] = {
        "uid": "snow@entente.test",
        "sequence": 2,
        "changed_at": datetime(2026, 11, 2, 8, 0, tzinfo=UTC),
        "begins": datetime(2026, 12, 11, 18, 30, tzinfo=PARIS),
        "ends": datetime(2026, 12, 11, 20, 0, tzinfo=PARIS),
        "title": "Conseil communautaire",
    }
    return Event(**{**known, **more})


async def calendar(*events: Event) -> bytes:
    keys = [Key(each.uid, repr(each)) for each in events]

    async def asked(uids: list[str]) -> Iterable[tuple[Key, Event]]:
        return [(key, each) for key, each in zip(keys, events, strict=True) if key.uid in uids]

    return await ical.calendar(HEAD, keys, asked)


async def test_an_event_says_everything_it_knows() -> None:
    """Golden: one event with all its parts, as it travels."""
    made = ical.rendered(
        event(
            place="Salle du conseil, Aubrac",
            text="Ordre du jour :\r\n1. Sel de déneigement",
            address="https://entente.test/planning/1",
            category="Conseil; bureau, et suites",
            rule="FREQ=WEEKLY;UNTIL=20270630T163000Z",
            but=(datetime(2026, 12, 25, 18, 30, tzinfo=PARIS),),
            remind=timedelta(hours=1),
        )
    )

    assert made.decode().replace("\r\n ", "").split("\r\n") == [
        "BEGIN:VEVENT",
        "SUMMARY:Conseil communautaire",
        "DTSTART;TZID=Europe/Paris:20261211T183000",
        "DTEND;TZID=Europe/Paris:20261211T200000",
        "DTSTAMP:20261102T080000Z",
        "UID:snow@entente.test",
        "SEQUENCE:2",
        "RRULE:FREQ=WEEKLY;UNTIL=20270630T163000Z",
        "EXDATE;TZID=Europe/Paris:20261225T183000",
        "CATEGORIES:Conseil\\; bureau\\, et suites",
        "DESCRIPTION:Ordre du jour :\\n1. Sel de déneigement",
        "LAST-MODIFIED:20261102T080000Z",
        "LOCATION:Salle du conseil\\, Aubrac",
        "STATUS:CONFIRMED",
        "TRANSP:OPAQUE",
        "URL:https://entente.test/planning/1",
        "BEGIN:VALARM",
        "ACTION:DISPLAY",
        "DESCRIPTION:Conseil communautaire",
        "TRIGGER:-PT1H",
        "END:VALARM",
        "END:VEVENT",
        "",
    ]


async def test_two_renderings_are_the_same_bytes_and_one_edit_renders_one_event() -> None:
    """Nothing changed: nothing is asked and the bytes are equal; one event changed: it alone is asked."""
    asked: list[list[str]] = []
    now = {f"{number}@entente.test": event(uid=f"{number}@entente.test") for number in range(50)}

    async def events_of(uids: list[str]) -> Iterable[tuple[Key, Event]]:
        asked.append(uids)
        return [(Key(uid, f"{now[uid].sequence}"), now[uid]) for uid in uids]

    async def body() -> bytes:
        return await ical.calendar(HEAD, [Key(uid, f"{each.sequence}") for uid, each in now.items()], events_of)

    first, second = await body(), await body()
    now["7@entente.test"] = event(uid="7@entente.test", sequence=3, title="Déplacée")
    third = await body()

    assert first == second
    assert [len(uids) for uids in asked] == [50, 1]
    assert third != first
    assert third.count(b"BEGIN:VEVENT") == 50


def test_the_tag_changes_with_any_event_and_with_the_head() -> None:
    """A renamed calendar, a changed event, one event less: another tag; the same: the same."""
    keys = [Key("a", "1"), Key("b", "1")]
    tag = ical.tag_of(HEAD, keys)
    others = [
        ical.tag_of(HEAD._replace(title="Autre"), keys),
        ical.tag_of(HEAD, [Key("a", "2"), Key("b", "1")]),
        ical.tag_of(HEAD, keys[:1]),
        ical.tag_of(HEAD, [Key("a", "1b"), Key("", "1")]),
    ]
    assert ical.tag_of(HEAD, list(keys)) == tag
    assert len({tag, *others}) == 5


PROBES = (
    *((2026, 1, 15), (2026, 3, 28), (2026, 3, 29), (2026, 3, 30), (2026, 6, 21), (2026, 7, 14), (2026, 10, 24)),
    *((2026, 10, 25), (2026, 10, 26), (2026, 12, 31), (2027, 3, 28), (2038, 2, 1), (2039, 8, 1)),
)


@pytest.mark.parametrize("day", PROBES, ids=str)
async def test_other_programmes_read_the_same_instants(day: tuple[int, int, int]) -> None:
    """Half past six in the evening stays half past six, on both sides of both nights, and after 2038."""
    begins = datetime(*day, 18, 30, tzinfo=PARIS)
    body = await calendar(event(uid=f"{day}@entente.test", begins=begins, ends=begins + timedelta(hours=1)))

    meeting: Any = icalendar.Calendar.from_ical(body).walk("VEVENT")[0]
    theirs = vobject.readOne(body.decode()).vevent.dtstart.value
    assert meeting["dtstart"].dt.astimezone(UTC) == theirs.astimezone(UTC) == begins.astimezone(UTC)


async def test_whole_days_end_on_the_day_after() -> None:
    """A holiday of one day (RFC 5545 § 3.6.1)."""
    body = await calendar(event(begins=date(2026, 5, 1), ends=date(2026, 5, 2), is_busy=False))
    assert b"DTSTART;VALUE=DATE:20260501\r\nDTEND;VALUE=DATE:20260502\r\n" in body
    assert b"TRANSP:TRANSPARENT" in body


async def test_a_cancelled_event_frees_its_time_and_says_so() -> None:
    """Clients that ignore STATUS still show the word."""
    body = await calendar(event(state=State.CANCELLED, remind=timedelta(hours=1)))
    assert "SUMMARY:ANNULÉ : Conseil communautaire" in body.decode()
    assert b"STATUS:CANCELLED\r\nTRANSP:TRANSPARENT" in body
    assert b"VALARM" not in body


async def test_a_calendar_names_itself_and_has_no_uid_of_its_own() -> None:
    """What comes before the first event, once."""
    head = (await calendar()).partition(b"BEGIN:VTIMEZONE")[0].decode().split("\r\n")
    assert set(head) == {
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//Entente//Agenda//FR",
        "CALSCALE:GREGORIAN",
        "NAME:Mes réunions",
        "X-WR-CALNAME:Mes réunions",
        "X-WR-TIMEZONE:Europe/Paris",
        "COLOR:steelblue",
        "X-APPLE-CALENDAR-COLOR:#4682b4",
        "REFRESH-INTERVAL;VALUE=DURATION:PT1H",
        "X-PUBLISHED-TTL:PT1H",
        "SOURCE;VALUE=URI:https://entente.test/agendas/secret.ics",
        "",
    }


@pytest.mark.parametrize("hue", range(0, 720, 10))
def test_every_hue_has_a_name(hue: int) -> None:
    """The colour of a body always has a word of CSS3 (RFC 7986 § 5.9)."""
    assert ical._opening(HEAD._replace(hue=hue)).count(b"COLOR:") == 2


WORDS = st.text(alphabet=st.sampled_from([*string.printable, *"éàçœ’«»🎉🧑‍🚒;,\\\n\r\0\x0b\u2028\ud800"]), max_size=400)


@given(title=WORDS, text=WORDS)
@settings(max_examples=50, deadline=None)
def test_lines_fit_and_words_survive_whatever_they_are(title: str, text: str) -> None:
    """75 octets a line, CRLF, no letter cut in two; what is read again is what was said."""
    made = ical.rendered(event(title=title, text=text))

    lines = made.split(b"\r\n")
    assert lines.pop() == b""
    for line in lines:
        assert len(line) <= 75
        assert not set(line) & {10, 13}
        line.decode()
    read = icalendar.Event.from_ical(made)
    assert str(read["summary"]) == ical.said(title)
    assert str(read.get("description", "")) == ical.said(text)


def test_nobody_lets_the_library_write_zones() -> None:
    """What `add_missing_timezones` writes is read one hour off in summer by several clients."""
    for source in ROOT.glob("p*/**/*.py"):
        assert "add_missing_timezones(" not in source.read_text("utf-8"), source
