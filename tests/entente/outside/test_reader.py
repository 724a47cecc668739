"""Calendar files read in a process of their own: whatever they hold, what can be used is kept."""

import json
import subprocess
import sys
from contextlib import suppress
from datetime import date
from typing import Any

import pytest

from awkward import CASES, GOOD, REFUSED, WINDOW, calendar, event
from entente.outside import reader, series
from entente.outside.events import Wrong
from entente.outside.series import Window

BATCHES = 3
RUN = """
import json, sys, warnings
import awkward
from datetime import date
from entente.outside import outline, reader
from entente.outside.series import Window
warnings.simplefilter("ignore")
first, step = map(int, sys.argv[1:3])
window = Window(*map(date.fromisoformat, awkward.WINDOW))
files = {name: case.content for name, case in awkward.CASES.items()} | awkward.REFUSED
reader.confine()
for name in list(files)[first::step]:
    try:
        made = reader.read(files[name], window)
    except outline.NotACalendar as error:
        print(json.dumps([name, str(error)]), flush=True)
        continue
    begins = min((each.begins.isoformat()[:16] for each in made.occurrences if each.uid != "good"), default="")
    told = [made.kept, sum(made.skipped.values()), len(made.occurrences), begins, dict(made.skipped)]
    print(json.dumps([name, told]), flush=True)
"""


@pytest.fixture(scope="module")
def told() -> dict[str, Any]:
    """What is read of every awkward file, by a few processes as confined as the real one."""
    path = f"import sys; sys.path[:0] = {sys.path!r}\n"
    command = [sys.executable, "-I", "-c", path + RUN]
    running = [
        subprocess.Popen([*command, str(n), str(BATCHES)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for n in range(BATCHES)
    ]
    said = [process.communicate(timeout=120) for process in running]
    assert [error for _, error in said] == [""] * BATCHES
    return dict(json.loads(line) for out, _ in said for line in out.splitlines())


@pytest.mark.parametrize("name", CASES)
def test_what_an_awkward_file_holds_is_kept_and_the_rest_is_counted(told: dict[str, Any], name: str) -> None:
    """Neither a crash nor a hang; wrong events are counted, each with its reason, and the others take place."""
    case = CASES[name]
    kept, skipped, times, begins, reasons = told[name]

    assert (kept, skipped) == (case.kept, case.skipped), reasons
    assert case.times in (None, times)
    assert case.begins in ("", begins)


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_no_calendar_is_refused(told: dict[str, Any], name: str) -> None:
    """With a sentence in French, and never with half a reading."""
    assert isinstance(told[name], str)
    assert told[name].endswith(".")


def test_there_are_many_awkward_files() -> None:
    """A hundred and fifty at least, none of them forgotten by the batches."""
    assert len(CASES) + len(REFUSED) >= 150


def test_a_web_page_is_told_from_other_files(told: dict[str, Any]) -> None:
    """Whoever copied the wrong address learns which one to copy."""
    assert told["a web page"].startswith("C’est une page web, pas un agenda")
    assert told["words"].startswith("Ce n’est pas un agenda")


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("every second", "répétition plus d’une fois par jour"),
        ("no start", "pas de date de début"),
        ("an end before the start", "fin avant le début"),
        ("year 9999", "date hors du calendrier"),
    ],
)
def test_each_wrong_event_has_its_reason(told: dict[str, Any], name: str, reason: str) -> None:
    """In a few words that a person understands."""
    assert told[f"wrong: {name}"][4] == {reason: 1}


def _walk_for_ever() -> None:
    while True:
        with suppress(Exception):
            sum(range(1_000))


def test_an_event_that_never_ends_its_calculation_is_given_up() -> None:
    """The alarm rings in CPU time and no library can swallow it."""
    with pytest.raises(Wrong, match="calcul trop long"), series.bounded(0.02):
        _walk_for_ever()


def read(content: bytes) -> reader.Read:
    return reader.read(content, Window(*map(date.fromisoformat, WINDOW)))


def test_a_series_keeps_its_hour_over_both_changes_of_clock() -> None:
    """Ten in Paris is nine in UTC in winter and eight in summer; the changed occurrence bears its own title."""
    weekly = event(
        "UID:hebdo", "DTSTART;TZID=Romance Standard Time:20261020T100000", "RRULE:FREQ=WEEKLY", "SUMMARY:Bureau"
    )
    moved = event(
        "UID:hebdo", "RECURRENCE-ID;TZID=Europe/Paris:20261103T100000", "DTSTART:20261104T100000Z", "SUMMARY:Déplacé"
    )
    found = {each.recurrence: each for each in read(calendar(weekly, moved)).occurrences}

    assert [found[key].begins.hour for key in ("20261020T080000Z", "20261027T090000Z", "20270330T080000Z")] == [8, 9, 8]
    assert (found["20261103T090000Z"].title, found["20261103T090000Z"].begins.day) == ("Déplacé", 4)
    assert {each.title for each in found.values()} == {"Bureau", "Déplacé"}


def test_days_go_from_midnight_to_midnight_in_paris() -> None:
    """Three whole days over the change of clock last 73 hours; a free one is kept as free."""
    content = calendar(event("DTSTART;VALUE=DATE:20261024", "DTEND;VALUE=DATE:20261027", "TRANSP:TRANSPARENT"))
    (days,) = read(content).occurrences

    assert (days.begins.isoformat(), days.ends.isoformat()) == (
        "2026-10-23T22:00:00+00:00",
        "2026-10-26T23:00:00+00:00",
    )
    assert (days.all_day, days.is_busy) == (True, False)


def test_the_child_needs_no_environment_and_says_when_it_is_done() -> None:
    """Started as the house starts it; the last line says that nothing is missing."""
    done = subprocess.run(
        [sys.executable, "-I", "-m", "entente.outside.reader", *WINDOW],
        input=calendar(GOOD, head="X-WR-CALNAME:Travail\r\n"),
        capture_output=True,
        env={},
        check=True,
    )
    lines = [json.loads(line) for line in done.stdout.splitlines()]

    assert lines[0]["title"] == "Bon"
    assert lines[-1] == {"done": True, "title": "Travail", "kept": 1, "skipped": {}}


def test_the_child_has_little_memory_and_writes_nowhere() -> None:
    """Half a gigabyte, ten seconds, and no file."""
    asked = "from entente.outside import reader; reader.confine(); bytearray(600_000_000)"
    died = subprocess.run([sys.executable, "-I", "-c", asked], capture_output=True, text=True, env={}, check=False)
    assert died.returncode != 0
    assert died.stderr.strip().endswith("MemoryError")
