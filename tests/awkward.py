"""Calendar files as they come: broken, hostile, old or simply odd, each with what must be kept of it.

The window of every reading is October 2026 to October 2028; the good neighbour stands in every file of one event.
"""

from typing import NamedTuple

WINDOW = ("2026-10-01", "2028-10-01")
GOOD = "BEGIN:VEVENT\r\nUID:good\r\nDTSTART:20261201T090000Z\r\nDTEND:20261201T100000Z\r\nSUMMARY:Bon\r\nEND:VEVENT\r\n"


class Case(NamedTuple):
    """A file, how many of its events are kept and how many are not, and how often they take place."""

    content: bytes
    kept: int
    skipped: int
    times: int | None = None
    begins: str = ""
    """When what is not the good neighbour takes place first, in UTC."""


def event(*lines: str) -> str:
    """An event of these lines."""
    return "\r\n".join(["BEGIN:VEVENT", *lines, "END:VEVENT", ""])


def calendar(*events: str, head: str = "VERSION:2.0\r\nPRODID:-//Essai//FR\r\n") -> bytes:
    """A calendar of these events."""
    return f"BEGIN:VCALENDAR\r\n{head}{''.join(events)}END:VCALENDAR\r\n".encode()


def zone(name: str, *rules: str) -> str:
    """A zone that is always two hours before UTC, or what these rules say."""
    always = ["BEGIN:STANDARD", "DTSTART:19700101T000000", "TZOFFSETFROM:+0200", "TZOFFSETTO:+0200", "END:STANDARD"]
    return "\r\n".join(["BEGIN:VTIMEZONE", f"TZID:{name}", *(rules or always), "END:VTIMEZONE", ""])


START = "DTSTART:20261122T100000"
UTC = "DTSTART:20261122T100000Z"
DAY = "DTSTART;VALUE=DATE:20261122"
PARIS = "DTSTART;TZID=Europe/Paris:20261122T100000"
NINE = "2026-11-22T09:00"
TEN = "2026-11-22T10:00"

_WRONG = {
    "no start": ["SUMMARY:Sans début"],
    "only an end": ["DTEND:20261122T100000Z"],
    "an empty start": ["DTSTART:"],
    "a start in words": ["DTSTART:demain matin"],
    "a thirteenth month": ["DTSTART:20261322T100000"],
    "30 February": ["DTSTART;VALUE=DATE:20260230"],
    "29 February of a common year": ["DTSTART;VALUE=DATE:20270229"],
    "a twenty-fifth hour": ["DTSTART:20261122T250000Z"],
    "month zero": ["DTSTART:20260022T100000Z"],
    "year zero": ["DTSTART:00000101T000000Z"],
    "year 1": ["DTSTART:00010101T000000Z"],
    "year 1 in Paris": ["DTSTART;TZID=Europe/Paris:00010101T000000"],
    "year 9999": ["DTSTART:99991231T235959Z"],
    "the last day there is": ["DTSTART;VALUE=DATE:99991231"],
    "an end in year 9999": [UTC, "DTEND:99991231T235959Z"],
    "a date with hyphens": ["DTSTART:2026-11-22T10:00:00Z"],
    "a date with slashes": ["DTSTART:22/11/2026 10:00"],
    "a date cut short": ["DTSTART:202611"],
    "a moment cut short": ["DTSTART:20261122T1000"],
    "seconds since 1970": ["DTSTART:1795341600"],
    "a start that is an hour": ["DTSTART:100000"],
    "a start that is a duration": ["DTSTART:PT1H"],
    "a start that is a period": ["DTSTART;VALUE=PERIOD:20261122T100000Z/PT1H"],
    "an end before the start": [UTC, "DTEND:20261122T090000Z"],
    "an end the day before": [DAY, "DTEND;VALUE=DATE:20261121"],
    "an end before the start, told in two zones": [PARIS, "DTEND;TZID=America/New_York:20261122T033000"],
    "a moment that ends at the midnight before": [UTC, "DTEND;VALUE=DATE:20261122"],
    "a zone of a thousand letters": [f"DTSTART;TZID={'x' * 1_000}:20261122T100000"],
    "an unreadable end": [UTC, "DTEND:bientôt"],
    "a negative duration": [UTC, "DURATION:-PT1H"],
    "a negative duration of days": [DAY, "DURATION:-P2D"],
    "a duration in words": [UTC, "DURATION:une heure"],
    "a duration that is a date": [UTC, "DURATION:20261122T110000Z"],
    "an endless duration": [UTC, "DURATION:P99999999999D"],
    "every second": [UTC, "RRULE:FREQ=SECONDLY"],
    "every minute": [UTC, "RRULE:FREQ=MINUTELY;COUNT=10"],
    "every hour": [UTC, "RRULE:FREQ=HOURLY;INTERVAL=24"],
    "every second in small letters": [UTC, "RRULE:freq=secondly"],
    "every minute, told as days": [UTC, f"RRULE:FREQ=DAILY;BYMINUTE={','.join(map(str, range(60)))}"],
    "every hour, told as days": [UTC, f"RRULE:FREQ=DAILY;BYHOUR={','.join(map(str, range(24)))}"],
    "five times a day": [UTC, "RRULE:FREQ=DAILY;BYHOUR=8,10,12,14,16"],
    "every second of a day of the year": [
        UTC,
        f"RRULE:FREQ=YEARLY;BYHOUR=1,2,3;BYMINUTE=1,2,3;BYSECOND={','.join(map(str, range(60)))}",
    ],
    "no frequency": [UTC, "RRULE:COUNT=3"],
    "an unknown frequency": [UTC, "RRULE:FREQ=FORTNIGHTLY"],
    "an empty rule": [UTC, "RRULE:"],
    "a rule in words": [UTC, "RRULE:tous les lundis"],
    "an unknown day": [UTC, "RRULE:FREQ=WEEKLY;BYDAY=LU,MA"],
    "a fortieth day of the month": [UTC, "RRULE:FREQ=MONTHLY;BYMONTHDAY=x"],
    "an interval of nothing": [UTC, "RRULE:FREQ=DAILY;INTERVAL=0"],
    "an interval of nothing, by month": [UTC, "RRULE:FREQ=MONTHLY;INTERVAL=0;BYDAY=MO;BYMONTHDAY=1"],
    "a negative interval": [UTC, "RRULE:FREQ=DAILY;INTERVAL=-1"],
    "a negative count": [UTC, "RRULE:FREQ=DAILY;COUNT=-1"],
    "no count at all": [UTC, "RRULE:FREQ=DAILY;COUNT=0"],
    "a count in words": [UTC, "RRULE:FREQ=DAILY;COUNT=trois"],
    "a count beyond reason": [UTC, f"RRULE:FREQ=WEEKLY;COUNT={10**30}"],
    "an unreadable end of series": [UTC, "RRULE:FREQ=DAILY;UNTIL=20261399"],
    "a rule of a megabyte": [UTC, f"RRULE:FREQ=DAILY;BYDAY={'MO,' * 300_000}MO"],
    "a rule of too many days": [
        UTC,
        f"RRULE:FREQ=YEARLY;BYYEARDAY={','.join(map(str, range(1, 367)))};BYHOUR=1,2,3,4,5",
    ],
    "an unreadable exception": [UTC, "RRULE:FREQ=DAILY;COUNT=3", "EXDATE:hier"],
    "an unreadable addition": [UTC, "RDATE:demain"],
    "an added period that ends before it begins": [UTC, "RDATE;VALUE=PERIOD:20261124T100000Z/20261124T090000Z"],
    "an added period beside whole days": [DAY, "RDATE;VALUE=PERIOD:20261124T100000Z/PT1H"],
    "an unreadable change": [UTC, "RECURRENCE-ID:la deuxième"],
}
"""What cannot be used, beside the good neighbour."""

_FINE: dict[str, tuple[list[str], int, str]] = {
    "a moment in UTC": ([UTC], 1, TEN),
    "a moment in Paris": ([PARIS], 1, NINE),
    "a moment in Paris in summer": (["DTSTART;TZID=Europe/Paris:20270722T100000"], 1, "2027-07-22T08:00"),
    "a moment without a zone": ([START], 1, NINE),
    "Arabic figures": (["DTSTART:٢٠٢٦١١٢٢T100000"], 1, NINE),
    "a moment in an unknown zone": (["DTSTART;TZID=Perdue/Nulle-Part:20261122T100000"], 1, NINE),
    "an empty zone": (["DTSTART;TZID=:20261122T100000"], 1, NINE),
    "a zone that is a path": (["DTSTART;TZID=../../../etc/passwd:20261122T100000"], 1, NINE),
    "a zone that is an absolute path": (["DTSTART;TZID=/etc/passwd:20261122T100000"], 1, NINE),
    "Outlook's Paris": (["DTSTART;TZID=Romance Standard Time:20261122T100000"], 1, NINE),
    "Outlook's Paris between quotes": (['DTSTART;TZID="Romance Standard Time":20261122T100000'], 1, NINE),
    "Outlook's London": (["DTSTART;TZID=GMT Standard Time:20261122T100000"], 1, TEN),
    "Outlook's New York": (["DTSTART;TZID=Eastern Standard Time:20261122T100000"], 1, "2026-11-22T15:00"),
    "Outlook's Berlin": (["DTSTART;TZID=W. Europe Standard Time:20261122T100000"], 1, NINE),
    "Outlook's Réunion": (["DTSTART;TZID=Mauritius Standard Time:20261122T100000"], 1, "2026-11-22T06:00"),
    "Outlook's words for Paris": (
        ['DTSTART;TZID="(UTC+01:00) Brussels, Copenhagen, Madrid, Paris":20261122T100000'],
        1,
        NINE,
    ),
    "Microsoft's UTC": (['DTSTART;TZID="tzone://Microsoft/Utc":20261122T100000'], 1, TEN),
    "a zone in Evolution's words": (
        ["DTSTART;TZID=/freeassociation.sourceforge.net/Europe/Paris:20261122T100000"],
        1,
        NINE,
    ),
    "a zone and a Z": (["DTSTART;TZID=Europe/Paris:20261122T100000Z"], 1, TEN),
    "an hour that does not exist": (["DTSTART;TZID=Europe/Paris:20270328T023000"], 1, "2027-03-28T01:30"),
    "an hour that exists twice": (["DTSTART;TZID=Europe/Paris:20271031T023000"], 1, "2027-10-31T00:30"),
    "a day": ([DAY], 1, "2026-11-21T23:00"),
    "a day that does not say so": (["DTSTART:20261122"], 1, "2026-11-21T23:00"),
    "a day with a zone": (["DTSTART;TZID=America/New_York;VALUE=DATE:20261122"], 1, "2026-11-21T23:00"),
    "a day with a zone that does not say so": (["DTSTART;TZID=America/New_York:20261122"], 1, "2026-11-21T23:00"),
    "a day that ends the same day": ([DAY, "DTEND;VALUE=DATE:20261122"], 1, "2026-11-21T23:00"),
    "three days": ([DAY, "DTEND;VALUE=DATE:20261125"], 1, "2026-11-21T23:00"),
    "a day that lasts two": ([DAY, "DURATION:P2D"], 1, "2026-11-21T23:00"),
    "a day that lasts an hour": ([DAY, "DURATION:PT1H"], 1, "2026-11-21T23:00"),
    "a day that ends at noon": ([DAY, "DTEND:20261122T120000"], 1, "2026-11-21T23:00"),
    "a moment that ends on a day": ([UTC, "DTEND;VALUE=DATE:20261123"], 1, TEN),
    "a leap day": (["DTSTART;VALUE=DATE:20280229"], 1, "2028-02-28T23:00"),
    "an end and a duration": ([UTC, "DTEND:20261122T110000Z", "DURATION:PT4H"], 1, TEN),
    "no end": ([UTC], 1, TEN),
    "an end at once": ([UTC, "DTEND:20261122T100000Z"], 1, TEN),
    "a duration of weeks": ([UTC, "DURATION:P1W"], 1, TEN),
    "a duration of nothing": ([UTC, "DURATION:PT0S"], 1, TEN),
    "an end in another zone": ([PARIS, "DTEND;TZID=Asia/Tokyo:20261122T183000"], 1, NINE),
    "two starts": ([UTC, "DTSTART:20261123T100000Z"], 1, TEN),
    "cancelled": ([UTC, "STATUS:CANCELLED"], 0, ""),
    "long ago": (["DTSTART:19991231T235900Z"], 0, ""),
    "before the window, into it": (["DTSTART:20260901T000000Z", "DTEND:20261101T000000Z"], 1, "2026-09-01T00:00"),
    "after the window": (["DTSTART:20300101T000000Z"], 0, ""),
    "no uid": ([UTC], 1, TEN),
    "an empty uid": (["UID:", UTC], 1, TEN),
    "a uid of a megabyte": (["UID:" + "x" * 1_000_000, UTC], 1, TEN),
    "a title of a megabyte": ([UTC, "SUMMARY:" + "é" * 1_000_000], 1, TEN),
    "a title with everything": ([UTC, r"SUMMARY:Réunion\, « voirie »\; \n <script>alert(1)</script> 🚜"], 1, TEN),
    "a title in two languages": ([UTC, "SUMMARY;LANGUAGE=fr:Oui", "SUMMARY;LANGUAGE=en:Yes"], 1, TEN),
    "a sequence in words": ([UTC, "SEQUENCE:beaucoup"], 1, TEN),
    "a line without a colon": ([UTC, "N’IMPORTE QUOI"], 1, TEN),
    "a line that begins with a colon": ([UTC, ":oui"], 1, TEN),
    "a parameter without a value": ([UTC, "SUMMARY;LANGUAGE:Oui"], 1, TEN),
    "a quote that never ends": ([UTC, 'SUMMARY;LANGUAGE="fr:Oui'], 1, TEN),
    "an unknown property": ([UTC, "X-MOZ-GENERATION:4", "FROBNICATE:oui"], 1, TEN),
    "properties in small letters": (["uid:petit", "dtstart:20261122T100000Z", "summary:petit"], 1, TEN),
    "ten thousand guests": ([UTC, *["ATTENDEE;PARTSTAT=ACCEPTED:mailto:a@example.com"] * 10_000], 1, TEN),
    "an alarm": ([UTC, "BEGIN:VALARM", "TRIGGER:-PT15M", "ACTION:DISPLAY", "END:VALARM"], 1, TEN),
    "an alarm with dates of its own": (
        [UTC, "BEGIN:VALARM", "DTSTART:20200101T000000Z", "DURATION:-PT5M", "END:VALARM"],
        1,
        TEN,
    ),
    "alarms within alarms": ([UTC, *["BEGIN:VALARM"] * 50, "TRIGGER:oui", *["END:VALARM"] * 50], 1, TEN),
    "an alarm that never ends": ([UTC, "BEGIN:VALARM", "TRIGGER:-PT15M"], 1, TEN),
    "an alarm that ends twice": ([UTC, "BEGIN:VALARM", "END:VALARM", "END:VALARM"], 1, TEN),
    "deep nesting": ([UTC, *[f"BEGIN:X-{n}" for n in range(5_000)], *["END:X"] * 5_000], 1, TEN),
    "an attached file of a megabyte": ([UTC, "ATTACH;ENCODING=BASE64;VALUE=BINARY:" + "QUJD" * 250_000], 1, TEN),
    "an empty exception": ([UTC, "RRULE:FREQ=DAILY;COUNT=3", "EXDATE:"], 3, TEN),
    "an empty addition": ([UTC, "RDATE:"], 1, TEN),
    "three times": ([UTC, "RRULE:FREQ=DAILY;COUNT=3"], 3, TEN),
    "three times, with a semicolon too many": ([UTC, "RRULE:FREQ=DAILY;COUNT=3;"], 3, TEN),
    "a rule in small letters": ([UTC, "RRULE:freq=daily;count=3"], 3, TEN),
    "a count of 100,000": ([UTC, "RRULE:FREQ=DAILY;COUNT=100000"], 679, TEN),
    "for ever, every day": ([UTC, "RRULE:FREQ=DAILY"], 679, TEN),
    "for ever, every week in Paris": ([PARIS, "RRULE:FREQ=WEEKLY"], 97, NINE),
    "for ever, every month": ([DAY, "RRULE:FREQ=MONTHLY"], 23, "2026-11-21T23:00"),
    "for ever, every year": ([DAY, "RRULE:FREQ=YEARLY"], 2, "2026-11-21T23:00"),
    "a birthday without its year": (["DTSTART;VALUE=DATE:16040315", "RRULE:FREQ=YEARLY"], 2, "2027-03-14T23:00"),
    "every day since 1970": (["DTSTART:19700101T100000Z", "RRULE:FREQ=DAILY"], 731, "2026-10-01T10:00"),
    "until a day": ([UTC, "RRULE:FREQ=DAILY;UNTIL=20261124"], 3, TEN),
    "until a moment in UTC": ([UTC, "RRULE:FREQ=DAILY;UNTIL=20261124T100000Z"], 3, TEN),
    "until a moment without a zone": ([PARIS, "RRULE:FREQ=DAILY;UNTIL=20261124T100000"], 3, NINE),
    "whole days until a moment": ([DAY, "RRULE:FREQ=DAILY;UNTIL=20261124T235959Z"], 3, "2026-11-21T23:00"),
    "until before the start": ([UTC, "RRULE:FREQ=DAILY;UNTIL=20201124T100000Z"], 0, ""),
    "until first, then the rest": ([UTC, "RRULE:UNTIL=20261124T100000Z;FREQ=DAILY"], 3, TEN),
    "a count and an until": ([UTC, "RRULE:FREQ=DAILY;COUNT=2;UNTIL=20261124T100000Z"], 2, TEN),
    "two rules": ([UTC, "RRULE:FREQ=DAILY;COUNT=2", "RRULE:FREQ=WEEKLY;COUNT=2"], 3, TEN),
    "twice a day": ([UTC, "RRULE:FREQ=DAILY;BYHOUR=10,14;COUNT=4"], 4, TEN),
    "the third Tuesday": ([UTC, "RRULE:FREQ=MONTHLY;BYDAY=3TU;COUNT=3"], 4, TEN),
    "the last working day": ([UTC, "RRULE:FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1;COUNT=2"], 3, TEN),
    "a day that never comes": ([UTC, "RRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30"], 1, TEN),
    "every day of the year, one by one": (
        [UTC, f"RRULE:FREQ=YEARLY;BYYEARDAY={','.join(map(str, range(1, 367)))};COUNT=10"],
        10,
        TEN,
    ),
    "the same day a hundred times": ([UTC, f"RRULE:FREQ=WEEKLY;BYDAY={','.join(['SU'] * 100)};COUNT=2"], 2, TEN),
    "an exception": ([UTC, "RRULE:FREQ=DAILY;COUNT=3", "EXDATE:20261123T100000Z"], 2, TEN),
    "an exception in another zone": (
        [PARIS, "RRULE:FREQ=DAILY;COUNT=3", "EXDATE;TZID=America/New_York:20261123T040000"],
        2,
        NINE,
    ),
    "an exception that is a day": ([PARIS, "RRULE:FREQ=DAILY;COUNT=3", "EXDATE;VALUE=DATE:20261123"], 2, NINE),
    "an exception of a whole day by a moment": (
        [DAY, "RRULE:FREQ=DAILY;COUNT=3", "EXDATE:20261123T000000"],
        2,
        "2026-11-21T23:00",
    ),
    "every occurrence excepted": ([UTC, "RRULE:FREQ=DAILY;COUNT=2", "EXDATE:20261122T100000Z,20261123T100000Z"], 0, ""),
    "three thousand exceptions": (
        [UTC, "RRULE:FREQ=DAILY;COUNT=3", "EXDATE:" + ",".join(["20261123T100000Z"] * 3_000)],
        2,
        TEN,
    ),
    "an addition": ([UTC, "RDATE:20261124T100000Z,20261125T100000Z"], 3, TEN),
    "an addition that is a day": ([UTC, "RDATE;VALUE=DATE:20261124"], 2, TEN),
    "added periods": ([UTC, "RDATE;VALUE=PERIOD:20261124T100000Z/PT2H,20261125T100000Z/20261125T120000Z"], 3, TEN),
    "a change of nothing known": ([UTC, "RECURRENCE-ID:20261101T100000Z"], 1, TEN),
    "a change of nothing known, this and all that follow": (
        [UTC, "RECURRENCE-ID;RANGE=THISANDFUTURE:20261101T100000Z"],
        1,
        TEN,
    ),
}
"""What is odd and can be used, beside the good neighbour: how often it takes place, and when first."""

_SERIES = event("UID:série", PARIS, "RRULE:FREQ=DAILY;COUNT=3")
_MOVED = event("UID:série", "RECURRENCE-ID;TZID=Europe/Paris:20261123T100000", "DTSTART:20261130T100000Z")
_OUTLOOK = zone(
    "Fuseau à nous",
    *["BEGIN:STANDARD", "DTSTART:16010101T030000", "TZOFFSETFROM:+0200", "TZOFFSETTO:+0100"],
    *["RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10", "END:STANDARD"],
    *["BEGIN:DAYLIGHT", "DTSTART:16010101T020000", "TZOFFSETFROM:+0100", "TZOFFSETTO:+0200"],
    *["RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3", "END:DAYLIGHT"],
)
_OURS = event('DTSTART;TZID="Fuseau à nous":20261122T100000')
_UNIX = calendar(GOOD).replace(b"\r\n", b"\n")

_WHOLE = {
    "nothing in it": Case(calendar(), 0, 0, 0),
    "no version": Case(calendar(GOOD, head=""), 1, 0, 1),
    "an unknown version": Case(calendar(GOOD, head="VERSION:9.7\r\n"), 1, 0, 1),
    "a mark of UTF-8": Case(b"\xef\xbb\xbf" + calendar(GOOD), 1, 0, 1),
    "UTF-16": Case(calendar(GOOD).decode().encode("utf-16"), 1, 0, 1),
    "Latin-1": Case(
        calendar(GOOD, event(UTC, "SUMMARY:Réunion d’été".replace("’", "'"))).decode().encode("latin-1"), 2, 0, 2
    ),
    "half a letter": Case(calendar(GOOD).replace(b"Bon", b"Bon\xc3"), 1, 0, 1),
    "zeros in it": Case(calendar(GOOD).replace(b"Bon", b"B\0o\0n"), 1, 0, 1),
    "control characters": Case(calendar(GOOD).replace(b"Bon", b"B\x01o\x1b[2Jn"), 1, 0, 1),
    "lines of Unix": Case(_UNIX, 1, 0, 1),
    "lines of the first Macintosh": Case(calendar(GOOD).replace(b"\r\n", b"\r"), 1, 0, 1),
    "lines that end twice": Case(calendar(GOOD).replace(b"\r\n", b"\r\r\n"), 1, 0, 1),
    "empty lines": Case(calendar(GOOD).replace(b"\r\n", b"\r\n\r\n"), 1, 0, 1),
    "spaces before everything": Case(b"\r\n  \r\n" + calendar(GOOD), 1, 0, 1),
    "words before it": Case(b"# mon agenda\r\n" + calendar(GOOD), 1, 0, 1),
    "everything in small letters": Case(
        calendar(GOOD).lower().replace(b"t090000z", b"T090000Z").replace(b"t100000z", b"T100000Z"), 1, 0, 1
    ),
    "folded in the middle of a letter": Case(
        calendar(GOOD).replace(b"Bon", "Été".encode()[:1] + b"\r\n " + "Été".encode()[1:]), 1, 0, 1
    ),
    "a megabyte of folded lines": Case(
        calendar(GOOD, event(UTC, "SUMMARY:" + "a" * 60 + ("\r\n " + "b" * 73) * 14_000)), 2, 0, 2
    ),
    "a megabyte of empty folds": Case(calendar(GOOD, event(UTC, "SUMMARY:a" + "\r\n " * 340_000)), 2, 0, 2),
    "folded with tabs": Case(calendar(event("DTSTART:20261122\r\n\tT100000Z"), GOOD), 2, 0, 2, TEN),
    "no end of calendar": Case(calendar(GOOD).removesuffix(b"END:VCALENDAR\r\n"), 1, 0, 1),
    "an event without end": Case(calendar(GOOD, "BEGIN:VEVENT\r\n" + UTC + "\r\n"), 1, 1, 1),
    "cut in the middle of an event": Case(calendar(GOOD, _SERIES)[:-60], 1, 1, 1),
    "an event within an event": Case(
        calendar("BEGIN:VEVENT\r\nUID:dehors\r\n" + GOOD + UTC + "\r\nEND:VEVENT\r\n"), 1, 1, 1
    ),
    "five thousand events that never end": Case(calendar("BEGIN:VEVENT\r\n" * 5_000 + GOOD), 1, 5_000, 1),
    "ends without beginning": Case(calendar("END:VEVENT\r\n" * 1_000, GOOD), 1, 0, 1),
    "two calendars": Case(calendar(GOOD) + calendar(event(UTC)), 2, 0, 2, TEN),
    "a calendar within a calendar": Case(calendar(calendar(GOOD).decode()), 1, 0, 1),
    "an event outside the calendar": Case(calendar(GOOD) + event(UTC).encode(), 2, 0, 2, TEN),
    "tasks, notes and free times": Case(
        calendar(*(f"BEGIN:{name}\r\n{UTC}\r\nEND:{name}\r\n" for name in ("VTODO", "VJOURNAL", "VFREEBUSY")), GOOD),
        1,
        0,
        1,
    ),
    "a zone of one's own": Case(
        calendar(zone("Maison"), event("DTSTART;TZID=Maison:20261122T100000"), GOOD), 2, 0, 2, "2026-11-22T08:00"
    ),
    "Outlook's zone since 1601": Case(calendar(_OUTLOOK, _OURS, GOOD), 2, 0, 2, NINE),
    "a zone after its events": Case(calendar(_OURS, GOOD, _OUTLOOK), 2, 0, 2, NINE),
    "a zone that lies about Paris": Case(calendar(zone("Europe/Paris"), event(PARIS), GOOD), 2, 0, 2, NINE),
    "a broken zone": Case(
        calendar(
            zone("Cassée", "BEGIN:STANDARD", "TZOFFSETTO:nord", "END:STANDARD"),
            event("DTSTART;TZID=Cassée:20261122T100000"),
            GOOD,
        ),
        2,
        0,
        2,
        NINE,
    ),
    "an empty zone block": Case(calendar("BEGIN:VTIMEZONE\r\nEND:VTIMEZONE\r\n", event(START), GOOD), 2, 0, 2, NINE),
    "a zone without rules": Case(
        calendar(zone("Vide", "X-OUI:1"), event("DTSTART;TZID=Vide:20261122T100000"), GOOD), 2, 0, 2, NINE
    ),
    "a zone that never ends": Case(calendar("BEGIN:VTIMEZONE\r\nTZID:Sans-Fin\r\n", GOOD), 1, 0, 1),
    "a zone every second": Case(
        calendar(
            zone(
                "Folle",
                *["BEGIN:STANDARD", "DTSTART:19700101T000000", "TZOFFSETFROM:+0100", "TZOFFSETTO:+0100"],
                "RRULE:FREQ=SECONDLY",
                "END:STANDARD",
            ),
            GOOD,
        ),
        1,
        0,
        1,
    ),
    "a thousand zones": Case(calendar(*(zone(f"Z{n}") for n in range(1_000)), GOOD), 1, 0, 1),
    "Google's zone": Case(
        calendar(event(START), GOOD, head="X-WR-TIMEZONE:America/New_York\r\n"), 2, 0, 2, "2026-11-22T15:00"
    ),
    "Outlook's zone for all": Case(
        calendar(event(START), GOOD, head="X-WR-TIMEZONE:Romance Standard Time\r\n"), 2, 0, 2, NINE
    ),
    "an unknown zone for all": Case(calendar(event(START), GOOD, head="X-WR-TIMEZONE:Lune\r\n"), 2, 0, 2, NINE),
    "the Hebrew calendar": Case(calendar(GOOD, head="CALSCALE:HEBREW\r\n"), 1, 0, 1),
    "a change": Case(calendar(_SERIES, _MOVED, GOOD), 3, 0, 4, NINE),
    "a change before its series": Case(calendar(_MOVED, _SERIES, GOOD), 3, 0, 4, NINE),
    "a change that cancels": Case(
        calendar(_SERIES, _MOVED.replace("END:", "STATUS:CANCELLED\r\nEND:"), GOOD), 3, 0, 3, NINE
    ),
    "a change of what is not there": Case(calendar(_SERIES, _MOVED.replace("23T1", "29T1"), GOOD), 3, 0, 5, NINE),
    "two changes of one occurrence": Case(
        calendar(_SERIES, _MOVED, _MOVED.replace("30T1", "29T1"), GOOD), 3, 1, 4, NINE
    ),
    "a change named by its day": Case(
        calendar(_SERIES, _MOVED.replace(";TZID=Europe/Paris:20261123T100000", ";VALUE=DATE:20261123"), GOOD),
        3,
        0,
        4,
        NINE,
    ),
    "a change of a wrong series": Case(
        calendar(_SERIES.replace("DAILY", "SECONDLY"), _MOVED, GOOD), 2, 1, 2, "2026-11-30T10:00"
    ),
    "the same event twice": Case(calendar(GOOD, GOOD), 1, 1, 1),
    "one name for two events": Case(calendar(GOOD, event("UID:good", UTC)), 2, 0, 2),
    "one name for two series": Case(calendar(_SERIES, _SERIES.replace("T10", "T15"), GOOD), 3, 0, 7, NINE),
    "a thousand changes": Case(
        calendar(
            event("UID:jour", UTC, "RRULE:FREQ=DAILY"),
            *(
                event("UID:jour", f"RECURRENCE-ID:2027{m:02}{d:02}T100000Z", f"DTSTART:2027{m:02}{d:02}T113000Z")
                for m in range(1, 13)
                for d in range(1, 29)
            ),
            GOOD,
        ),
        338,
        0,
        680,
        TEN,
    ),
    "a hundred thousand events": Case(
        calendar(GOOD, *["BEGIN:VEVENT\r\nDTSTART:20270101\r\nEND:VEVENT\r\n"] * 100_000), 10_000, 90_001, 10_000
    ),
    "a hundred thousand events of the past": Case(
        calendar(GOOD, *["BEGIN:VEVENT\r\nDTSTART:20200101\r\nEND:VEVENT\r\n"] * 100_000), 100_001, 0, 1
    ),
    "twelve series for ever": Case(
        calendar(GOOD, *(event(f"UID:{n}", UTC, "RRULE:FREQ=DAILY") for n in range(12))), 13, 0, 1 + 12 * 679, TEN
    ),
}
"""Whole files."""

REFUSED = {
    "nothing": b"",
    "a space": b" \r\n",
    "zeros": b"\0" * 1_000,
    "noise": bytes(range(256)) * 100,
    "a web page": b"<!DOCTYPE html><html><head><title>Connexion</title></head><body>Identifiez-vous</body></html>",
    "a web page with a mark": b"\xef\xbb\xbf\r\n<html lang='fr'><body></body></html>",
    "XML": b"<?xml version='1.0'?><icalendar/>",
    "JSON": b'["vcalendar", [], []]',
    "a card": b"BEGIN:VCARD\r\nVERSION:4.0\r\nFN:Awa\r\nEND:VCARD\r\n",
    "an event alone": GOOD.encode(),
    "words": "Réunion lundi à dix heures.".encode(),
    "a picture": b"\x89PNG\r\n\x1a\n" + bytes(2_000),
    "an archive": b"PK\x03\x04" + bytes(500),
    "what is too heavy": b"BEGIN:VCALENDAR\r\n" + b"X-A:b\r\n" * 800_000,
}
"""What is no calendar at all."""

CASES: dict[str, Case] = {
    **{f"wrong: {name}": Case(calendar(GOOD, event("UID:un", *lines)), 1, 1, 1) for name, lines in _WRONG.items()},
    **{
        f"odd: {name}": Case(calendar(event(*lines), GOOD), 2, 0, times + 1, begins)
        for name, (lines, times, begins) in _FINE.items()
    },
    **{f"file: {name}": case for name, case in _WHOLE.items()},
}
