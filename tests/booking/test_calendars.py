"""Reservations in the calendar of one’s telephone: the right hours, what one may see, and nothing rendered twice."""

import re
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import httpx
import icalendar
import pytest
import vobject
from sqlalchemy import update
from sqlmodel import col

from booking import service
from booking.approvals.models import Step
from booking.calendars import feed, queries
from booking.fleet.models import Unit
from booking.models import Reservation, State
from booking.periods import Period, moment_of
from booking_world import Fleet, between
from entente import ical
from entente.clock import now
from entente.people.who import Who
from world import BASE

SLOT = between(8, 12)
WORDS = ("Élagage", "École Jean-Moulin", "Bruno", "Chassagne")


@pytest.fixture
async def client(fleet: Fleet) -> AsyncIterator[httpx.AsyncClient]:
    """A calendar application: it has the address, and nothing else."""
    transport = httpx.ASGITransport(fleet.world.app, client=("192.0.2.9", 50_000))
    async with httpx.AsyncClient(transport=transport, base_url=BASE) as made:
        yield made


async def subscribe(fleet: Fleet, who: Who, calendar: str, detail: str = "full") -> str:
    """Make an address, as someone; returns its path."""
    async with fleet.world.browser(who) as browser:
        made = await browser.post("/agendas", data={"calendar": calendar, "detail": detail, "label": "Téléphone"})
    found = re.search(r'value="http://entente.test(/ical/[\w-]{43}\.ics)"', made.text)
    assert found, made.text
    return found[1]


async def told(fleet: Fleet, code: str = "N12", period: Period = SLOT) -> Reservation:
    """Bruno takes something for a school, and says why."""
    made = await fleet.reserve(fleet.world.bruno, code, period)
    async with fleet.world.house.database.writing() as db:
        await db.execute(
            update(Reservation).where(col(Reservation.id) == made.id).values(purpose=WORDS[0], on_behalf_of=WORDS[1])
        )
    return made


def _events(answer: httpx.Response) -> list[Any]:
    return list(icalendar.Calendar.from_ical(answer.content).walk("VEVENT"))


def _plain(answer: httpx.Response) -> str:
    return answer.text.replace("\r\n ", "")


async def test_my_reservations_are_in_my_calendar(fleet: Fleet, client: httpx.AsyncClient) -> None:
    """Bruno finds what, where, at whose expense and where to read the rest; twice the same bytes."""
    made = await told(fleet, "MB1")
    await fleet.reserve(fleet.world.awa, "N18", SLOT)
    address = await subscribe(fleet, fleet.world.bruno, "booking/mine")

    first, again = await client.get(address), await client.get(address)

    (event,) = _events(first)
    assert first.content == again.content
    assert "X-WR-CALNAME:Mes réservations" in first.text
    assert (str(event["uid"]), str(event["summary"]), str(event["location"])) == (
        f"{made.id}@reservations.entente",
        "Minibus MB1",
        "Ateliers",
    )
    assert str(event["url"]) == f"{BASE}/reservations/{made.id}"
    assert event["transp"] == "OPAQUE"
    text = str(event["description"])
    for words in (*WORDS, "Au compte de\u00a0: Brioude", f"{BASE}/reservations/{made.id}"):
        assert words in text


async def test_preparation_is_said_and_is_not_busy_time(fleet: Fleet, client: httpx.AsyncClient) -> None:
    """The minibus is prepared half an hour before and cleaned an hour after: the event is the loan alone."""
    await told(fleet, "MB1")
    (event,) = _events(await client.get(await subscribe(fleet, fleet.world.bruno, "booking/mine")))
    assert (event.start, event.end) == (SLOT.starts, SLOT.ends)
    assert "7\u00a0h\u00a030 à 13\u00a0h\u00a000" in str(event["description"])


@pytest.mark.parametrize(
    ("night", "hours"), [(date(2027, 3, 28), 23), (date(2027, 10, 31), 25)], ids=["spring", "autumn"]
)
async def test_both_libraries_read_the_same_moments_when_clocks_change(
    fleet: Fleet, client: httpx.AsyncClient, night: date, hours: int
) -> None:
    """From midnight to midnight lasts 23 hours in March and 25 in October, whoever reads."""
    whole = Period(moment_of(night, time()), moment_of(night + timedelta(days=1), time()))
    evening = Period(moment_of(night, time(1, 30)), moment_of(night, time(3, 30)))
    await fleet.reserve(fleet.world.bruno, "N12", whole)
    await fleet.reserve(fleet.world.bruno, "N18", evening)
    answer = await client.get(await subscribe(fleet, fleet.world.bruno, "booking/mine"))

    ours = sorted((each.start.astimezone(UTC), each.end.astimezone(UTC)) for each in _events(answer))
    theirs = sorted(
        (each.dtstart.value.astimezone(UTC), each.dtend.value.astimezone(UTC))
        for each in vobject.readOne(answer.text).vevent_list
    )

    assert ours == theirs == sorted([tuple(whole), tuple(evening)])
    assert whole.minutes == hours * 60


async def test_one_change_renders_one_event(
    fleet: Fleet, client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of three, one is moved: its number grows, its moment of change too, and the others are the same bytes."""
    world = fleet.world
    moved, *others = [await fleet.reserve(world.bruno, "N12", between(8, 12, after)) for after in (10, 11, 12)]
    address = await subscribe(fleet, world.bruno, "booking/mine")
    before = await client.get(address)
    rendered: list[str] = []
    render = ical.rendered

    def counted(event: ical.Event) -> bytes:
        rendered.append(event.uid)
        return render(event)

    monkeypatch.setattr(ical, "rendered", counted)

    async with world.working(world.bruno) as work:
        row = await work.db.get_one(Reservation, moved.id)
        await service.move(work, row, fleet.ask("N12", between(13, 15)))
    after = await client.get(address, headers={"If-None-Match": before.headers["etag"]})
    unchanged = await client.get(address, headers={"If-None-Match": after.headers["etag"]})

    old, new = ({str(each["uid"]): each for each in _events(answer)} for answer in (before, after))
    mine = f"{moved.id}@reservations.entente"
    assert (after.status_code, unchanged.status_code, rendered) == (200, 304, [mine])
    assert (int(old[mine]["sequence"]), int(new[mine]["sequence"])) == (0, 1)
    assert new[mine]["last-modified"].dt >= old[mine]["last-modified"].dt
    for each in others:
        uid = f"{each.id}@reservations.entente"
        assert old[uid].to_ical() == new[uid].to_ical()


async def test_a_unit_that_is_renamed_is_shown_by_its_new_name(fleet: Fleet, client: httpx.AsyncClient) -> None:
    """Nobody touched the reservation: its event is made again all the same."""
    await fleet.reserve(fleet.world.bruno, "N12", SLOT)
    address = await subscribe(fleet, fleet.world.bruno, "booking/mine")
    before = await client.get(address)
    async with fleet.world.house.database.writing() as db:
        await db.execute(update(Unit).where(col(Unit.code) == "N12").values(name="Nacelle rouge"))
    after = await client.get(address, headers={"If-None-Match": before.headers["etag"]})
    assert [str(each["summary"]) for each in _events(after)] == ["Nacelle rouge"]


async def test_others_read_the_commune_and_the_thing(fleet: Fleet, client: httpx.AsyncClient) -> None:
    """In the nacelle’s calendar Denise, of the same commune, reads all of it; Awa, of another, reads who has it."""
    made = await told(fleet)
    calendar = f"booking/unit:{fleet.units['N12'].id}"
    theirs = await client.get(await subscribe(fleet, fleet.world.awa, calendar))
    ours = await client.get(await subscribe(fleet, fleet.world.denise, calendar))
    busy = await client.get(await subscribe(fleet, fleet.world.denise, calendar, "busy"))

    assert all(word in _plain(ours) for word in WORDS)
    (event,) = _events(theirs)
    assert str(event["summary"]) == "Nacelle N12\u00a0: Brioude"
    assert str(event["url"]) == f"{BASE}/reservations/unites/{fleet.units['N12'].id}"
    for word in (*WORDS, "bruno@", f"reservations/{made.id}"):
        assert word not in _plain(theirs)
    for word in (*WORDS, "Nacelle", "Brioude", str(made.id), "Ateliers"):
        assert word not in _plain(busy)


@pytest.mark.parametrize(
    ("verb", "state"), [("cancel", State.CANCELLED), ("refuse", State.REFUSED), ("expire", State.EXPIRED)]
)
async def test_what_was_cancelled_says_so_for_thirty_days(
    fleet: Fleet, client: httpx.AsyncClient, verb: str, state: State
) -> None:
    """Then it goes; meanwhile it takes nobody’s time."""
    world = fleet.world
    made = await told(fleet)
    async with world.house.database.writing() as db:
        await db.execute(
            update(Reservation)
            .where(col(Reservation.id) == made.id)
            .values(state=State.REQUESTED, held_until=now() - timedelta(minutes=1))
        )
        db.add(Step(reservation_id=made.id, person_id=world.camille.id, number=1, round=1, level=1, due_at=now()))
    address = await subscribe(fleet, world.bruno, "booking/mine")
    (asked,) = _events(await client.get(address))
    async with world.working(world.camille) as work:
        row = await work.db.get_one(Reservation, made.id)
        if verb == "expire":
            await service.expire(work, {"reservation": str(made.id)})
        else:
            await getattr(service, verb)(work, row, "Il pleut")
    assert (await fleet.again(made)).state == state

    (event,) = _events(await client.get(address))
    assert (asked["status"], event["status"], event["transp"]) == ("TENTATIVE", "CANCELLED", "TRANSPARENT")
    assert str(event["summary"]) == "ANNULÉ : Nacelle N12"
    assert int(event["sequence"]) > int(asked["sequence"])
    with pytest.MonkeyPatch.context() as later:
        later.setattr(queries, "now", lambda: datetime.now(UTC) + timedelta(days=31))
        assert _events(await client.get(address)) == []


async def test_a_town_s_calendar_is_for_those_who_act_for_it(fleet: Fleet, client: httpx.AsyncClient) -> None:
    """Denise reads what Brioude has taken; Awa is not offered it, and cannot ask for it."""
    await told(fleet)
    await fleet.reserve(fleet.world.awa, "N18", SLOT)
    town = f"booking/organisation:{fleet.world.brioude.id}"
    answer = await client.get(await subscribe(fleet, fleet.world.denise, town))
    assert [str(each["summary"]) for each in _events(answer)] == ["Nacelle N12"]
    async with fleet.world.browser(fleet.world.awa) as browser:
        page = await browser.get("/agendas")
        refused = await browser.post("/agendas", data={"calendar": town, "detail": "full", "label": "Téléphone"})
    assert f"booking/organisation:{fleet.world.aubrac.id}" in page.text
    assert town not in page.text
    assert refused.status_code == 422


async def test_a_type_s_calendar_shows_its_units_and_who_keeps_one_back(
    fleet: Fleet, client: httpx.AsyncClient
) -> None:
    """Both nacelles, and neither chairs nor the cold room; a unit under repair is « immobilisé »."""
    from booking.blocks import service as blocks

    await told(fleet)
    await fleet.reserve(fleet.world.awa, "CH1", SLOT, 10)
    async with fleet.world.working(fleet.world.camille) as work:
        await blocks.block(work, await work.db.get_one(Unit, fleet.units["N18"].id), SLOT, "Flexible")
    nacelles = f"booking/type:{fleet.types['nacelle'].id}"
    answer = await client.get(await subscribe(fleet, fleet.world.awa, nacelles))
    assert sorted(str(each["summary"]) for each in _events(answer)) == [
        "Nacelle N12\u00a0: Brioude",
        "Nacelle N18\u00a0: immobilisé",
    ]


async def test_a_calendar_is_one_question(fleet: Fleet) -> None:
    """One reservation or three: keys are read at once, and so are events."""
    world = fleet.world
    mine = next(each for each in feed.CALENDARS if each.kind == "booking/mine")
    counts = []
    for after in (10, 11, 12):
        await fleet.reserve(world.bruno, "chair", between(8, 12, after), 120)
        async with world.reading() as db:
            with world.counting() as asked:
                keys = await mine.keys(db, world.bruno, None)
                events = await mine.events(db, world.bruno, None, [key.uid for key in keys])
        counts.append((len(asked), len(keys), len(events)))
    assert counts == [(2, 1, 1), (2, 2, 2), (2, 3, 3)]


async def test_someone_who_leaves_finds_nothing(fleet: Fleet, client: httpx.AsyncClient) -> None:
    """Bruno’s functions end: his address is empty at the next reading."""
    await told(fleet)
    address = await subscribe(fleet, fleet.world.bruno, "booking/mine")
    assert len(_events(await client.get(address))) == 1
    await fleet.world.end_functions(fleet.world.bruno)
    assert _events(await client.get(address)) == []


async def test_pages_lead_to_their_calendar(fleet: Fleet) -> None:
    """From « Mes réservations » and from a unit, the form opens with the calendar chosen."""
    async with fleet.world.browser(fleet.world.bruno) as browser:
        for page, calendar in (
            ("/reservations/miennes", "booking/mine"),
            (f"/reservations/unites/{fleet.units['N12'].id}", f"booking/unit:{fleet.units['N12'].id}"),
        ):
            assert f'href="/agendas?calendar={calendar}#new"' in (await browser.get(page)).text
            form = (await browser.get("/agendas", params={"calendar": calendar})).text
            assert f'<option value="{calendar}" selected>' in form
