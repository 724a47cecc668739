"""Mails about meetings: to whom, when, once, and never beyond what their reader may see."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from typing import Any

import icalendar
import pytest
from sqlalchemy import text, update
from sqlmodel import col

from entente import mail, outbox
from entente.app import worker_of
from entente.clock import now, today
from entente.db import rows
from entente.notices.models import Silence
from entente.outbox import Task
from entente.people.models import Function, FunctionKind, Person, PersonStatus, Seat
from entente.people.who import Who
from planning import service
from planning.answers import service as answers
from planning.answers.rules import Said
from planning.letters import rules
from planning.letters.rules import Reminder
from planning.letters.service import REMIND, TELL
from planning.models import Hall, Invitation, Meeting, Stance
from planning.notice import service as notice
from planning.plans import Plan
from planning_world import Council, at
from world import LONG_AGO

EVERYBODY = {
    "awa@aubrac.example",
    "denise@brioude.example",
    "eva@example.org",
    "farid@example.org",
    "gilles@example.org",
}


async def work_through(council: Council, kinds: Sequence[str] = (TELL,)) -> None:
    """Everything that is due is done, mails themselves left in their box."""
    worker = worker_of(council.world.house)
    worker.errands = {kind: run for kind, run in worker.errands.items() if kind in kinds}
    worker.tasks = {}
    while await worker.work_once():
        pass


async def posted(council: Council) -> list[dict[str, Any]]:
    """The mails that wait since the last look, by recipient."""
    async with council.world.house.database.writing() as db:
        tasks = (await db.execute(rows(Task).where(col(Task.kind) == mail.MAIL, col(Task.done_at).is_(None)))).scalars()
        found = sorted((task.payload for task in tasks), key=lambda each: str(each["to"]))
        await db.execute(update(Task).where(col(Task.kind) == mail.MAIL).values(done_at=now()))
    return found


def event(letter: dict[str, Any]) -> tuple[str, Any]:
    """The method and the event of a mail's calendar, as another reader finds them once it has travelled."""
    read: Any = icalendar.Calendar.from_ical(letter["invitation"][1].encode())
    return str(read["method"]), read.walk("VEVENT")[0]


async def convened(council: Council, **more: Any) -> Meeting:
    """A meeting of the CoPil whose convocation leaves now."""
    made = await council.meet(**more)
    async with council.world.working(council.world.camille) as work:
        await notice.convene(work, await work.db.get_one(Meeting, made.id), made.version)
    return await again(council, made)


async def again(council: Council, meeting: Meeting) -> Meeting:
    """A meeting as it stands now."""
    async with council.world.reading() as db:
        return await db.get_one(Meeting, meeting.id)


async def change(council: Council, meeting: Meeting, **fields: Any) -> None:
    """The secretary writes a meeting again."""
    async with council.world.working(council.world.camille) as work:
        row = await work.db.get_one(Meeting, meeting.id)
        await service.change(work, row, Plan(**{**Plan.of(row).__dict__, **fields}), row.version)


async def say(council: Council, who: Who, meeting: Meeting, seat: str, stance: Stance) -> None:
    """Someone answers."""
    async with council.world.working(who) as work:
        row = await work.db.get_one(Meeting, meeting.id)
        await answers.give(work, row, council.seats[seat].id, Said(stance))


async def test_everybody_who_sits_is_invited_once(council: Council) -> None:
    """Convened, then told again and again: five members, one mail each, with a calendar for each alone."""
    await council.meet(at(40, 18), title="Une autre, pas convoquée")
    made = await convened(council)
    await work_through(council)
    letters = await posted(council)
    async with council.world.working(None) as work:
        work.later(TELL, {"subject": str(made.id), "verb": "meeting.convened", "stream": "", "person": None})
    await work_through(council)

    assert {each["to"] for each in letters} == EVERYBODY
    assert await posted(council) == []
    for letter in letters:
        method, invited = event(letter)
        assert (method, str(invited["uid"]), int(invited["sequence"])) == ("REQUEST", f"{made.id}@reunions.entente", 1)
        assert str(invited["attendee"]) == f"mailto:{letter['to']}"
        assert str(invited["organizer"]) == "mailto:entente@localhost"
        assert invited["dtstart"].dt == made.starts_at
        assert letter["body"].count("/planning/reponse/") == letter["html"].count("/planning/reponse/") == 1
        assert letter["subject"].startswith("Invitation\u00a0: Comité de pilotage\u00a0: CoPil")


async def told_in(council: Council, kind: str, payload: dict[str, Any]) -> int:
    """How many statements one telling sends to the database."""
    async with council.world.working(None) as work:
        work.later(kind, payload)
    with council.world.counting() as statements:
        await work_through(council, [kind])
    return len(statements)


async def seat_more(council: Council, count: int) -> None:
    """So many newcomers sit in the CoPil."""
    async with council.world.house.database.writing() as db:
        more = [
            Person(email=f"n{n}@example.org", given_name="Nina", family_name=f"N{n}", status=PersonStatus.ACTIVE)
            for n in range(count)
        ]
        db.add_all(more)
        await db.flush()
        body, commune = council.world.copil.id, council.world.brioude.id
        db.add_all(Seat(body_id=body, organisation_id=commune, holder_id=each.id, since=LONG_AGO) for each in more)
        db.add_all(
            Function(person_id=each.id, organisation_id=commune, kind=FunctionKind.ELU, since=LONG_AGO) for each in more
        )


@pytest.mark.parametrize("what", [TELL, REMIND])
async def test_thirty_more_who_sit_cost_no_statement_more(council: Council, what: str) -> None:
    """Two meetings alike, one of five members, one of thirty-five: only what is sent grows."""
    few = await convened(council)
    small = await _telling(council, what, few)
    sent_to_few = len(await posted(council))
    await seat_more(council, 30)
    many = await convened(council, starts=at(61, 18))
    large = await _telling(council, what, many)

    assert sent_to_few >= 5
    assert len(await posted(council)) >= sent_to_few + 30
    assert large == small


async def _telling(council: Council, what: str, meeting: Meeting) -> int:
    if what == TELL:
        return await told_in(council, TELL, {"subject": str(meeting.id)})
    await work_through(council)
    await posted(council)
    start = int(meeting.starts_at.timestamp())
    return await told_in(council, REMIND, {"meeting": str(meeting.id), "what": str(Reminder.WEEK), "at": start})


async def test_an_answer_to_a_date_that_is_not_convened_yet_looks_at_nobody(council: Council) -> None:
    """Five hundred members who answer one after the other would otherwise look at five hundred each time."""
    date = await council.meet(at(40, 18))
    await work_through(council)
    await say(council, council.world.awa, date, "awa", Stance.PRESENT)
    with council.world.counting() as statements:
        await work_through(council)

    assert await posted(council) == []
    assert statements
    assert not [each for each in statements if "circle_member" in each]


async def test_the_mail_travels_as_mail_readers_want_it(council: Council) -> None:
    """Plain words, then HTML, then the calendar with its method; lines of 75 octets; its words whole (RFC 6047)."""
    await convened(council, title="Séance d’été ; l’eau, l’air", link="https://visio.example/é")
    await work_through(council)
    letter = (await posted(council))[0]

    made = mail.message(council.world.house.settings, letter)
    read = message_from_bytes(made.as_bytes(), policy=policy.default)

    assert read.get_content_type() == "multipart/alternative"
    parts = list(read.iter_parts())
    assert [each.get_content_type() for each in parts] == ["text/plain", "text/html", "text/calendar"]
    assert parts[2]["content-type"].params == {"charset": "utf-8", "method": "REQUEST"}
    content = parts[2].get_payload(decode=True)
    assert isinstance(content, bytes)
    assert content == letter["invitation"][1].encode()
    assert all(len(line) <= 75 for line in content.split(b"\r\n"))
    assert b"\n" not in content.replace(b"\r\n", b"")


async def test_a_move_is_told_to_all_and_a_change_of_nothing_that_matters_to_nobody(council: Council) -> None:
    """The note is corrected: silence. The hour changes: five mails, same UID, higher SEQUENCE, and a new link."""
    made = await convened(council)
    await work_through(council)
    first = {each["to"]: each for each in await posted(council)}
    await change(council, made, note="Prévoir un repas.")
    await work_through(council)
    assert await posted(council) == []

    await change(council, made, starts_at=at(31, 9), ends_at=at(31, 11))
    await work_through(council)
    moved = {each["to"]: each for each in await posted(council)}

    assert moved.keys() == first.keys() == EVERYBODY
    method, invited = event(moved["awa@aubrac.example"])
    _, before = event(first["awa@aubrac.example"])
    assert (method, invited["uid"], invited["dtstart"].dt) == ("REQUEST", before["uid"], at(31, 9))
    assert int(invited["sequence"]) > int(before["sequence"])
    assert "de 9\u00a0h\u00a000 à 11\u00a0h\u00a000" in moved["awa@aubrac.example"]["body"]


async def test_a_meeting_called_off_is_taken_back_from_those_who_were_invited(council: Council) -> None:
    """CANCEL with the reason and no link; one that was never convened is called off in silence."""
    made, quiet = await convened(council), await council.meet(at(50, 18))
    await work_through(council)
    await posted(council)
    for each in (made, quiet):
        async with council.world.working(council.world.camille) as work:
            row = await work.db.get_one(Meeting, each.id)
            await service.cancel(work, row, "La neige bloque le col", row.version)
    await work_through(council)
    letters = await posted(council)

    assert {each["to"] for each in letters} == EVERYBODY
    for letter in letters:
        method, gone = event(letter)
        assert (method, gone["status"], str(gone["uid"])) == ("CANCEL", "CANCELLED", f"{made.id}@reunions.entente")
        assert "La neige bloque le col" in letter["body"]
        assert "/planning/reponse/" not in letter["body"]


async def test_whoever_left_the_seat_is_told_to_forget_it_and_nothing_of_what_it_became(council: Council) -> None:
    """Farid's seat ended; then the meeting, confidential, gets another title and hour: he reads neither."""
    made = await convened(council, is_confidential=True)
    await work_through(council)
    await posted(council)
    async with council.world.house.database.writing() as db:
        await db.execute(update(Seat).where(col(Seat.id) == council.seats["farid"].id).values(until=today()))
        await db.execute(
            update(Person).where(col(Person.email) == "gilles@example.org").values(status=PersonStatus.SUSPENDED)
        )
    await change(council, made, title="Sanction d’un agent", starts_at=at(31, 9), ends_at=at(31, 11))
    await work_through(council)
    letters = {each["to"]: each for each in await posted(council)}

    assert letters.keys() == EVERYBODY - {"gilles@example.org"}
    farid = letters["farid@example.org"]
    method, gone = event(farid)
    assert (method, str(gone["uid"])) == ("CANCEL", f"{made.id}@reunions.entente")
    assert gone["dtstart"].dt != at(31, 9)
    assert "Sanction" not in str(farid)
    assert "/planning/re" not in farid["body"]
    assert "Sanction" in letters["awa@aubrac.example"]["body"]


async def test_a_substitute_is_invited_when_they_replace_and_sent_home_when_they_do_not(council: Council) -> None:
    """Eva names Hugo, comes herself, then names him again: invitation, withdrawal, invitation; nobody else hears."""
    made = await convened(council)
    await work_through(council)
    await posted(council)
    told = []
    for stance in (Stance.SUBSTITUTED, Stance.PRESENT, Stance.SUBSTITUTED):
        await say(council, council.world.eva, made, "eva", stance)
        await work_through(council)
        told.append([(each["to"], event(each)[0]) for each in await posted(council)])

    assert told == [[("hugo@example.org", method)] for method in ("REQUEST", "CANCEL", "REQUEST")]


async def test_a_title_cannot_write_headers(council: Council) -> None:
    """Line breaks in a title, a name or the house's own: one subject, one attendee, no header more."""
    hostile = "Budget\r\nBcc: tous@example.org"
    async with council.world.house.database.writing() as db:
        await db.execute(
            update(Person).where(col(Person.email) == "awa@aubrac.example").values(given_name='A"wa\r\nATTENDEE:x')
        )
        hall = Hall(name="Salle\r\nX-Evil: 1")
        db.add(hall)
    await convened(council, title=hostile, hall_id=hall.id)
    await work_through(council)
    letter = (await posted(council))[0]
    read = message_from_bytes(mail.message(council.world.house.settings, letter).as_bytes(), policy=policy.default)

    assert "Bcc" not in read
    assert str(read["Subject"]).count("Bcc: tous@example.org") == 1
    assert letter["invitation"][1].replace("\r\n ", "").count("\r\nATTENDEE") == 1
    assert "\r\nX-Evil" not in letter["invitation"][1]


def reminders(meeting: Meeting) -> list[tuple[str, datetime]]:
    return [(str(what), due) for what, due in rules.reminders_of(meeting.starts_at, now()).items()]


async def remind(council: Council, meeting: Meeting, what: Reminder, moment: int | None = None) -> list[dict[str, Any]]:
    """The reminder's time has come, twice."""
    start = int(meeting.starts_at.timestamp()) if moment is None else moment
    for _ in range(2):
        async with council.world.working(None) as work:
            work.later(REMIND, {"meeting": str(meeting.id), "what": str(what), "at": start})
        await work_through(council, [REMIND])
    return await posted(council)


async def test_reminders_go_to_those_who_have_not_answered_then_to_those_who_come(council: Council) -> None:
    """A week before: the silent, but not Gilles, who wants none, nor Farid about this body; the day before: Awa too."""
    made = await convened(council)
    await work_through(council)
    await posted(council)
    async with council.world.reading() as db:
        due = (await db.execute(rows(Task.due_at).where(col(Task.kind) == REMIND).order_by(col(Task.due_at)))).scalars()
        assert list(due) == [moment for _, moment in sorted(reminders(made), key=lambda each: each[1])]
    await say(council, council.world.awa, made, "awa", Stance.PRESENT)
    await say(council, council.world.denise, made, "denise", Stance.EXCUSED)
    async with council.world.house.database.writing() as db:
        gilles = (await db.execute(rows(Person).where(col(Person.email) == "gilles@example.org"))).scalar_one()
        gilles.notifications = {"mail": "never"}
        db.add(Silence(person_id=council.world.farid.id, about=f"planning/body/{council.world.copil.id}"))

    week = await remind(council, made, Reminder.WEEK)
    day = await remind(council, made, Reminder.DAY)

    assert [each["to"] for each in week] == ["eva@example.org"]
    assert week[0]["body"].count("/planning/reponse/") == 1
    assert [each["to"] for each in day] == ["awa@aubrac.example", "eva@example.org"]
    assert "/planning/reponse/" not in day[0]["body"]
    assert "Votre présence est annoncée pour demain." in day[0]["body"]


@pytest.mark.parametrize("what", ["moved", "cancelled"])
async def test_nobody_is_reminded_of_what_is_no_longer_so(council: Council, what: str) -> None:
    """The meeting was moved or called off meanwhile: the reminder that waited says nothing."""
    made = await convened(council)
    await work_through(council)
    if what == "moved":
        await change(council, made, starts_at=at(31, 9), ends_at=at(31, 11))
    else:
        async with council.world.working(council.world.camille) as work:
            row = await work.db.get_one(Meeting, made.id)
            await service.cancel(work, row, "Neige", row.version)
    await work_through(council)
    await posted(council)

    assert await remind(council, made, Reminder.WEEK, int(made.starts_at.timestamp())) == []


@pytest.mark.parametrize(
    ("starts", "due"),
    [
        (datetime(2026, 3, 30, 16, 30, tzinfo=UTC), [(23, 8), (29, 7)]),
        (datetime(2026, 10, 26, 17, 30, tzinfo=UTC), [(19, 7), (25, 8)]),
    ],
    ids=["spring", "autumn"],
)
def test_reminders_leave_at_nine_in_paris_on_both_sides_of_a_change_of_hour(
    starts: datetime, due: list[tuple[int, int]]
) -> None:
    """Seven days before and the day before, 9 o'clock on the clock; none for a moment that is past."""
    found = [each.astimezone(UTC) for each in rules.reminders_of(starts, starts - timedelta(days=20)).values()]
    assert [(each.day, each.hour) for each in found] == due
    assert list(rules.reminders_of(starts, starts - timedelta(days=2))) == [Reminder.DAY]


async def test_a_crash_after_the_commit_sends_nothing_twice(council: Council) -> None:
    """The worker dies before it marks its task: the next one tells it again, and finds it told."""
    await convened(council)
    worker = worker_of(council.world.house)
    async with council.world.house.database.writing() as db:
        batch = await outbox.lease(db, [TELL])
    for task in batch:
        await worker.errands[TELL](council.world.house, task.payload)
    async with council.world.house.database.writing() as db:
        await db.execute(text("UPDATE task SET due_at = :at").bindparams(at=datetime(2020, 1, 1, tzinfo=UTC)))
    await work_through(council)

    assert len(await posted(council)) == len(EVERYBODY)
    async with council.world.reading() as db:
        assert len((await db.execute(rows(Invitation))).all()) == len(EVERYBODY)
