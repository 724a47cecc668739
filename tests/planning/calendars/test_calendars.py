"""Meetings in the calendar of one’s telephone: the right hours, what one may see, and nothing rendered twice."""

import re
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import httpx
import icalendar
import pytest
from sqlalchemy import update
from sqlmodel import col

from entente import ical
from entente.administration.bodies import service as bodies
from entente.administration.bodies.models import EditedBody
from entente.administration.typed import mark_of
from entente.app import worker_of
from entente.clock import now, today
from entente.people.models import Body, BodyKind, Seat
from entente.people.who import Who
from entente.web.words import PARIS
from planning import service
from planning.absences import service as absences
from planning.calendars import feed, queries
from planning.halls import service as halls
from planning.halls.service import HallForm
from planning.models import Hall, Item, Meeting, Series, State
from planning.plans import Plan
from planning_world import Council, at, day
from world import BASE, World

WORDS = ("Budget annexe", "Salle Camille-Claudel", "14 rue du Pont", "À huis clos", "visio.example", "Tarifs de l’eau")


@pytest.fixture
async def client(world: World) -> AsyncIterator[httpx.AsyncClient]:
    """A calendar application: it has the address, and nothing else."""
    transport = httpx.ASGITransport(world.app, client=("192.0.2.9", 50_000))
    async with httpx.AsyncClient(transport=transport, base_url=BASE) as made:
        yield made


async def subscribe(council: Council, who: Who, calendar: str, detail: str = "full") -> str:
    """Make an address, as someone; returns its path."""
    async with council.world.browser(who) as browser:
        made = await browser.post("/agendas", data={"calendar": calendar, "detail": detail, "label": "Téléphone"})
    found = re.search(r'value="http://entente.test(/ical/[\w-]{43}\.ics)"', made.text)
    assert found, made.text
    return found[1]


def _events(answer: httpx.Response) -> list[Any]:
    return list(icalendar.Calendar.from_ical(answer.content).walk("VEVENT"))


def _titles(answer: httpx.Response) -> list[str]:
    return [str(each["summary"]) for each in _events(answer)]


async def add(council: Council, *rows: Any) -> None:
    """Write rows as they are."""
    async with council.world.house.database.writing() as db:
        for row in rows:
            db.add(row)
            await db.flush()


async def rich(council: Council, **more: Any) -> Meeting:
    """A meeting that says all it can, every word of it to be looked for."""
    hall = Hall(name=WORDS[1], address=WORDS[2])
    await add(council, hall)
    said: dict[str, Any] = {
        "title": WORDS[0],
        "hall_id": hall.id,
        "note": WORDS[3],
        "link": f"https://{WORDS[4]}/1",
    } | more
    meeting = await council.meet(**said)
    await add(council, Item(meeting_id=meeting.id, position=1, title=WORDS[5]))
    return meeting


async def test_my_meetings_are_in_my_calendar(council: Council, client: httpx.AsyncClient) -> None:
    """Awa finds what, where, the agenda and where to read the rest; Bruno’s network is not hers; twice the same."""
    world = council.world
    made = await rich(council)
    await council.meet(who=world.ines, body_id=council.network.id, title="Achats d’hiver")
    address = await subscribe(council, world.awa, "planning/mine")

    first, again = await client.get(address), await client.get(address)

    (event,) = _events(first)
    assert first.content == again.content
    assert "X-WR-CALNAME:Mes réunions" in first.text
    assert (str(event["uid"]), str(event["summary"]), str(event["location"])) == (
        f"{made.id}@reunions.entente",
        f"Comité de pilotage\u00a0: {WORDS[0]}",
        f"{WORDS[1]}, {WORDS[2]}",
    )
    assert (event["status"], event["transp"], event.start) == ("CONFIRMED", "OPAQUE", made.starts_at)
    for word in (WORDS[3], WORDS[4], f"1. {WORDS[5]}", f"{BASE}/planning/reunions/{made.id}"):
        assert word in str(event["description"])
    assert b"ATTENDEE" not in first.content
    assert b"ORGANIZER" not in first.content


@pytest.mark.parametrize(("detail", "seen"), [("full", 6), ("title", 1), ("busy", 0)])
async def test_an_address_gives_away_what_was_chosen(
    council: Council, client: httpx.AsyncClient, detail: str, seen: int
) -> None:
    """A search in the bytes of a busy calendar finds nothing that was written, and its UIDs do not lead back."""
    made = await rich(council)
    moved = await series(council, date(2027, 3, 20), 2)
    body = (await client.get(await subscribe(council, council.world.awa, "planning/mine", detail))).text
    body = body.replace("\r\n ", "")

    assert sum(word in body for word in WORDS) == seen
    leads = (str(made.id), str(moved[0].series_id), "omité de pilotage")
    assert sum(word in body for word in leads) == (0 if detail == "busy" else 3)


async def test_a_closed_meeting_takes_time_and_says_nothing(council: Council, client: httpx.AsyncClient) -> None:
    """In « tout ce que je peux voir », Bruno finds « Occupé »; in the calendar of the body or of its commune, nothing;
    Awa, who sits there, finds all of it."""
    world = council.world
    made = await rich(council, is_confidential=True)
    calendars = ("planning/all", f"planning/body:{world.copil.id}", f"planning/organisation:{world.brioude.id}")
    theirs = [await client.get(await subscribe(council, world.bruno, each)) for each in calendars]
    other = await client.get(await subscribe(council, world.bruno, calendars[0]))
    ours = await client.get(await subscribe(council, world.awa, calendars[0]))

    assert [_titles(each) for each in theirs] == [["Occupé"], [], []]
    assert _events(other)[0]["uid"] == _events(theirs[0])[0]["uid"]
    assert _titles(ours) == [f"Comité de pilotage\u00a0: {WORDS[0]}"]
    for word in (*WORDS, "Comité", str(made.id), world.copil.id.hex):
        assert word not in theirs[0].text.replace("\r\n ", "")


async def test_an_option_is_tentative_and_what_is_called_off_says_so_for_thirty_days(
    council: Council, client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """TENTATIVE, then CANCELLED with its reason and taking no time, then nothing."""
    world = council.world
    made = await council.meet(is_option=True)
    address = await subscribe(council, world.awa, "planning/mine")
    (option,) = _events(await client.get(address))
    async with world.working(world.camille) as work:
        await service.cancel(work, await work.db.get_one(Meeting, made.id), "La neige bloque le col", made.version)

    (event,) = _events(await client.get(address))
    monkeypatch.setattr(queries, "now", lambda: datetime.now(UTC) + timedelta(days=31))
    later = _events(await client.get(address))

    assert option["status"] == "TENTATIVE"
    assert (event["status"], event["transp"]) == ("CANCELLED", "TRANSPARENT")
    assert str(event["summary"]).startswith("ANNULÉ : ")
    assert "La neige bloque le col" in str(event["description"])
    assert int(event["sequence"]) > int(option["sequence"])
    assert later == []


async def test_one_change_renders_one_event(
    council: Council, client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of three, one is moved: it alone is made again, with a higher number; the others are the same bytes."""
    world = council.world
    moved, *_others = [await council.meet(at(after, 18)) for after in (30, 31, 32)]
    address = await subscribe(council, world.awa, "planning/mine")
    before = await client.get(address)
    made: list[str] = []
    render = ical.rendered

    def counted(event: ical.Event) -> bytes:
        made.append(event.uid)
        return render(event)

    monkeypatch.setattr(ical, "rendered", counted)

    async with world.working(world.camille) as work:
        row = await work.db.get_one(Meeting, moved.id)
        wanted = Plan(**{**Plan.of(row).__dict__, "starts_at": at(30, 9), "ends_at": at(30, 11)})
        await service.change(work, row, wanted, row.version)
    after = await client.get(address, headers={"If-None-Match": before.headers["etag"]})
    unchanged = await client.get(address, headers={"If-None-Match": after.headers["etag"]})

    mine = f"{moved.id}@reunions.entente"
    assert (after.status_code, unchanged.status_code, made) == (200, 304, [mine])
    assert _touched(before, after) == {mine: (0, 1)}


def _touched(before: httpx.Response, after: httpx.Response) -> dict[str, tuple[int, int]]:
    """The events whose bytes changed, with their numbers; their moments of change grew too."""
    old, new = ({str(each["uid"]): each for each in _events(answer)} for answer in (before, after))
    changed = {uid for uid in new if old[uid].to_ical() != new[uid].to_ical()}
    for uid in changed:
        for name in ("dtstamp", "last-modified"):
            assert new[uid][name].dt >= old[uid][name].dt
    return {uid: (int(old[uid]["sequence"]), int(new[uid]["sequence"])) for uid in changed}


async def series(council: Council, first: date, count: int, rule: str = "FREQ=WEEKLY") -> list[Meeting]:
    """Half past six every week, written as the rows of a series."""
    one = Series(rule=f"{rule};COUNT={count}")
    made = []
    for number in range(count):
        starts = datetime.combine(first + timedelta(weeks=number), time(18, 30), PARIS).astimezone(UTC)
        made.append(
            Meeting(
                body_id=council.world.copil.id,
                title="Réunion du comité de pilotage",
                starts_at=starts,
                ends_at=starts + timedelta(hours=2),
                occurs_at=starts,
                series_id=one.id,
                person_id=council.world.camille.id,
                key=f"{one.id}-{number}",
            )
        )
    await add(council, one, *made)
    return made


def expanded(body: bytes) -> list[tuple[datetime, str]]:
    """Every occurrence that another reader finds in a calendar."""
    from dateutil.rrule import rrulestr

    found: dict[datetime, str] = {}
    parts: Any = icalendar.Calendar.from_ical(body).walk("VEVENT")
    for event in parts:
        if "rrule" in event:
            start = event.start.replace(tzinfo=None)
            rule = re.sub(r";?UNTIL=\w+", "", event["rrule"].to_ical().decode())
            until = event["rrule"]["UNTIL"][0].astimezone(PARIS).replace(tzinfo=None)
            dates = {
                each.replace(tzinfo=PARIS) for each in rrulestr(rule, dtstart=start).between(start, until, inc=True)
            }
            gone = {each.dt for each in event["exdate"].dts} if "exdate" in event else set()
            found |= {each.astimezone(UTC): str(event["summary"]) for each in dates - gone}
    for event in parts:
        if "rrule" not in event:
            if "recurrence-id" in event:
                assert event["recurrence-id"].params["TZID"] == "Europe/Paris"
                found.pop(event["recurrence-id"].dt.astimezone(UTC))
            found[event.start.astimezone(UTC)] = str(event["summary"])
    return sorted(found.items())


@pytest.mark.parametrize("first", [date(2027, 3, 14), date(2027, 10, 17)], ids=["spring", "autumn"])
async def test_a_series_is_one_event_and_half_past_six_stays_half_past_six(
    council: Council, client: httpx.AsyncClient, first: date
) -> None:
    """Four weeks over the night when clocks change; one removed, one moved, one called off a month ago."""
    world = council.world
    made = await series(council, first, 6)
    async with world.house.database.writing() as db:
        await db.delete(await db.get_one(Meeting, made[2].id))
        moved = await db.get_one(Meeting, made[3].id)
        moved.starts_at, moved.ends_at = (each - timedelta(hours=8) for each in (moved.starts_at, moved.ends_at))
        moved.version, moved.changed_at = 2, now()
        off = await db.get_one(Meeting, made[4].id)
        off.state, off.version, off.changed_at = State.CANCELLED, 2, now() - timedelta(days=31)
    answer = await client.get(await subscribe(council, world.awa, "planning/mine"))

    master, change = _events(answer)
    assert answer.text.count("RRULE:FREQ=WEEKLY;UNTIL=") == 1
    assert master["dtstart"].params["TZID"] == "Europe/Paris"
    assert {each.dt for each in master["exdate"].dts} == {made[2].starts_at, made[4].starts_at}
    assert (int(change["sequence"]), str(change["uid"])) == (1, str(master["uid"]))
    hours = [moment.astimezone(PARIS) for moment, _ in expanded(answer.content)]
    assert [(each.hour, each.minute) for each in hours] == [(18, 30), (18, 30), (10, 30), (18, 30)]
    assert [moment for moment, _ in expanded(answer.content)] == [
        made[0].starts_at,
        made[1].starts_at,
        moved.starts_at,
        made[5].starts_at,
    ]


async def test_an_occurrence_that_changes_leaves_the_others_of_its_series_alone(
    council: Council, client: httpx.AsyncClient
) -> None:
    """The first one gets an agenda of its own: the series keeps its number and its bytes."""
    made = await series(council, date(2027, 5, 3), 4)
    address = await subscribe(council, council.world.awa, "planning/mine")
    (before,) = _events(await client.get(address))
    await add(council, Item(meeting_id=made[0].id, position=1, title="Élection"))
    async with council.world.house.database.writing() as db:
        await db.execute(update(Meeting).where(col(Meeting.id) == made[0].id).values(version=2, changed_at=now()))

    master, change = _events(await client.get(address))

    assert master["sequence"] == before["sequence"]
    assert master["dtstamp"].dt == before["dtstamp"].dt
    assert "Élection" in str(change["description"])
    assert change["recurrence-id"].dt == made[0].starts_at


async def test_a_meeting_that_no_rule_knows_is_told_alone(council: Council, client: httpx.AsyncClient) -> None:
    """Off the rule of its series, or with all the others moved: nothing is lost."""
    made = await series(council, date(2027, 5, 3), 3)
    astray = made[1].starts_at + timedelta(days=1)
    async with council.world.house.database.writing() as db:
        await db.execute(
            update(Meeting)
            .where(col(Meeting.id) == made[1].id)
            .values(occurs_at=astray, starts_at=astray, ends_at=astray + timedelta(hours=1))
        )
    answer = await client.get(await subscribe(council, council.world.awa, "planning/mine"))
    assert [moment for moment, _ in expanded(answer.content)] == [made[0].starts_at, astray, made[2].starts_at]


async def test_whoever_leaves_a_body_or_the_house_finds_nothing(council: Council, client: httpx.AsyncClient) -> None:
    """Farid’s seat ends; then Awa’s functions too: empty at the next reading."""
    world = council.world
    await council.meet(is_confidential=True)
    addresses = [await subscribe(council, who, "planning/mine") for who in (world.farid, world.awa)]
    assert [len(_events(await client.get(each))) for each in addresses] == [1, 1]

    async with world.house.database.writing() as db:
        ended = update(Seat).where(col(Seat.id) == council.seats["farid"].id)
        await db.execute(ended.values(until=today()))
    await world.end_functions(world.awa)

    answers = [await client.get(each) for each in addresses]
    assert [(each.status_code, len(_events(each))) for each in answers] == [(200, 0), (200, 0)]


async def test_a_commune_s_calendar_holds_the_bodies_where_it_sits(council: Council, client: httpx.AsyncClient) -> None:
    """Brioude sits in both bodies, Aubrac in one; an address for nothing is not found."""
    world = council.world
    await council.meet()
    await council.meet(who=world.ines, body_id=council.network.id, title="Achats d’hiver")
    found = [
        len(_events(await client.get(await subscribe(council, world.awa, f"planning/organisation:{each.id}"))))
        for each in (world.brioude, world.aubrac)
    ]
    assert found == [2, 1]
    async with world.browser(world.awa) as browser:
        page = await browser.get("/agendas")
        refused = await browser.post(
            "/agendas", data={"calendar": f"planning/body:{world.aubrac.id}", "detail": "full", "label": "Téléphone"}
        )
    assert "Réunions où siège\u00a0: Aubrac" in page.text
    assert refused.status_code == 422


async def test_a_calendar_asks_the_same_questions_whatever_it_holds(council: Council) -> None:
    """One meeting or five, a series too: keys are one question, events two."""
    world = council.world
    mine = next(each for each in feed.CALENDARS if each.kind == "planning/mine")
    counts = []
    for after in (30, 31, 32):
        await council.meet(at(after, 18))
        async with world.reading() as db:
            with world.counting() as asked:
                keys = await mine.keys(db, world.awa, None)
                events = await mine.events(db, world.awa, None, [key.uid for key in keys])
        counts.append((len(asked), len(keys), len(events)))
    assert counts == [(3, 1, 1), (3, 2, 2), (3, 3, 3)]


async def test_a_hall_that_is_renamed_touches_the_meetings_held_there_and_no_other(
    council: Council, client: httpx.AsyncClient
) -> None:
    """The past one too, which nobody is told of: DTSTAMP, LAST-MODIFIED and SEQUENCE of those two alone."""
    world = council.world
    hall = Hall(name="Salle basse")
    await add(council, hall)
    coming, past, elsewhere = [
        await council.meet(at(after, 18), **more)
        for after, more in ((30, {"hall_id": hall.id}), (-30, {"hall_id": hall.id}), (31, {"place": "Mairie"}))
    ]
    address = await subscribe(council, world.awa, "planning/mine")
    before = await client.get(address)
    async with world.working(world.camille) as work:
        await halls.edit(work, await work.db.get_one(Hall, hall.id), HallForm(name="Salle haute"), 1)
    after = await client.get(address, headers={"If-None-Match": before.headers["etag"]})

    assert _touched(before, after) == {f"{each.id}@reunions.entente": (0, 1) for each in (coming, past)}
    assert f"{elsewhere.id}@reunions.entente" in after.text
    assert after.text.count("LOCATION:Salle haute") == 2


async def test_a_body_that_is_renamed_touches_its_meetings_and_no_other(
    council: Council, client: httpx.AsyncClient
) -> None:
    """Told through the journal, so that the administration knows nothing of meetings; its kind touches nothing."""
    world = council.world
    mine = await council.meet()
    await council.meet(who=world.ines, body_id=council.network.id, title="Achats d’hiver")
    address = await subscribe(council, world.awa, "planning/all")

    async def describe(**more: Any) -> httpx.Response:
        async with world.working(world.ines) as work:
            body = await work.db.get_one(Body, world.copil.id)
            known = {"kind": body.kind, "name": body.name, "mark": mark_of(body)}
            await bodies.edit(work, body.id, EditedBody(**{**known, **more}))
        await worker_of(world.house).work_once()
        return await client.get(address)

    before = await client.get(address)
    assert _touched(before, await describe(kind=BodyKind.COTECH)) == {}
    after = await describe(name="CoPil du schéma")

    assert _touched(before, after) == {f"{mine.id}@reunions.entente": (0, 1)}
    assert "SUMMARY:CoPil du schéma\u00a0: CoPil de mutualisation" in after.text.replace("\r\n ", "")


async def test_absences_are_told_to_those_who_sit_together(council: Council, client: httpx.AsyncClient) -> None:
    """Farid reads why he is away; Awa, beside him in the CoPil, that he is; Bruno, elsewhere, nothing."""
    world = council.world
    async with world.working(world.farid) as work:
        await absences.announce(work, day(10), day(11), "Opération du genou")
    own, beside, other = [
        await client.get(await subscribe(council, who, "planning/absences"))
        for who in (world.farid, world.awa, world.bruno)
    ]

    assert "DESCRIPTION:Opération du genou" in own.text
    assert _titles(beside) == ["Absence\u00a0: Farid Benali"]
    assert "genou" not in beside.text
    (event,) = _events(beside)
    assert (event.start, event.end, event["transp"]) == (day(10), day(12), "TRANSPARENT")
    assert _events(other) == []


async def test_a_series_put_back_by_half_an_hour_stays_a_series(council: Council, client: httpx.AsyncClient) -> None:
    """All of them at seven, over the night when clocks change: one event still, and the same UID; one stays behind."""
    world = council.world
    made = await series(council, date(2027, 3, 14), 4)
    address = await subscribe(council, world.awa, "planning/mine")
    (before,) = _events(await client.get(address))
    async with world.house.database.writing() as db:
        for each in made[:3]:
            row = await db.get_one(Meeting, each.id)
            row.starts_at, row.ends_at = (moment + timedelta(minutes=30) for moment in (row.starts_at, row.ends_at))
            row.version, row.changed_at = 2, now()
    answer = await client.get(address)

    master, behind = _events(answer)
    assert (master["uid"], int(master["sequence"])) == (before["uid"], 1)
    assert behind["recurrence-id"].dt.astimezone(PARIS).time() == time(19)
    hours = [moment.astimezone(PARIS) for moment, _ in expanded(answer.content)]
    assert [(each.hour, each.minute) for each in hours] == [(19, 0), (19, 0), (19, 0), (18, 30)]
