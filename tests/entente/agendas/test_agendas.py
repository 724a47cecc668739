"""Subscriptions: a secret address per device, what it shows, and how it ends."""

import re
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import httpx
import icalendar
import pytest
from sqlalchemy import text, update
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession
from starlette.applications import Starlette

from entente.agendas.models import Subscription
from entente.app import create_app, rooms
from entente.clock import now
from entente.ical import Event, Key
from entente.people.models import AuditEntry, Seat, SeatRole
from entente.people.who import Who
from entente.room import Calendar, Room
from entente.rules import NotFound
from world import BASE, LONG_AGO, World

BEGINS = datetime(2026, 12, 11, 17, 30, tzinfo=UTC)
SECRET_WORDS = ("Déneigement", "Hangar", "Amener la lame", "entente.test/walks", "walk-")
NEW = {"calendar": "walks/mine", "detail": "full", "label": "Mon téléphone"}


@dataclass
class Walks:
    """A room with a calendar of walks: members alone see it."""

    titles: dict[str, str] = field(default_factory=lambda: {"walk-1": "Déneigement"})
    asked: int = 0

    async def choices(self, _db: AsyncSession, who: Who) -> Sequence[tuple[UUID | None, str]]:
        return [(None, "Mes sorties")] if who.is_member else []

    async def head(self, _db: AsyncSession, who: Who, _subject: UUID | None) -> tuple[str, int]:
        if not who.is_member:
            raise NotFound
        return "Mes sorties", 210

    async def keys(self, db: AsyncSession, _who: Who, _subject: UUID | None) -> Sequence[Key]:
        await db.execute(text("SELECT 1"))
        return [Key(uid, title) for uid, title in self.titles.items()]

    async def events(
        self, _db: AsyncSession, _who: Who, _subject: UUID | None, uids: list[str] | None
    ) -> Sequence[tuple[Key, Event]]:
        uids = list(self.titles) if uids is None else uids
        self.asked += len(uids)
        return [(Key(uid, self.titles[uid]), self._event(uid)) for uid in uids if uid in self.titles]

    def _event(self, uid: str) -> Event:
        ends = BEGINS + timedelta(hours=2)
        title, address = self.titles[uid], f"https://entente.test/walks/{uid}"
        return Event(uid, 0, BEGINS, BEGINS, ends, title, "Hangar", "Amener la lame", address)

    def app(self, world: World) -> Starlette:
        calendar = Calendar("walks/mine", self.choices, self.head, self.keys, self.events)
        return create_app(world.house, [*rooms(), Room("walks", calendars=[calendar])])


@pytest.fixture
async def walks(world: World) -> Walks:
    known = Walks()
    world.app = known.app(world)
    return known


@pytest.fixture
async def client(world: World, walks: Walks) -> AsyncIterator[httpx.AsyncClient]:
    """A calendar application: it has the address, and nothing else."""
    transport = httpx.ASGITransport(world.app, client=("192.0.2.9", 50_000))
    async with httpx.AsyncClient(transport=transport, base_url=BASE, headers={"User-Agent": "Thunderbird/128"}) as made:
        yield made


async def subscribe(world: World, who: Who, **more: str) -> str:
    """Make an address, as someone; returns its path."""
    async with world.browser(who) as browser:
        made = await browser.post("/agendas", data={**NEW, **more})
    assert made.status_code == 200, made.text
    found = re.search(r'value="http://entente.test(/ical/[\w-]{43}\.ics)"', made.text)
    assert found
    return found[1]


async def test_an_address_is_made_once_and_read_by_an_application(world: World, client: httpx.AsyncClient) -> None:
    """Awa makes one for her telephone; her list says who read it and when; the address is shown no more."""
    address = await subscribe(world, world.awa)

    answer = await client.get(address)

    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/calendar; charset=utf-8"
    assert answer.headers["cache-control"] == "private, no-cache"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["x-robots-tag"] == "noindex"
    (walk,) = icalendar.Calendar.from_ical(answer.content).walk("VEVENT")
    assert (str(walk["uid"]), str(walk["summary"]), str(walk["location"])) == ("walk-1", "Déneigement", "Hangar")
    async with world.browser(world.awa) as browser:
        page = (await browser.get("/agendas")).text
    assert "Mon téléphone" in page
    assert "par Thunderbird" in page
    assert address not in page
    async with world.reading() as db:
        assert address[6:49] not in str((await db.exec(select(Subscription))).all())


async def test_an_unchanged_calendar_costs_no_rendering(world: World, client: httpx.AsyncClient, walks: Walks) -> None:
    """304 to whoever has it; HEAD says what GET would; one changed walk is one rendering and another tag."""
    walks.titles = {f"walk-{number}": f"Déneigement {world.awa.id} {number}" for number in range(9)}
    address = await subscribe(world, world.awa)
    first = await client.get(address)
    rendered = walks.asked

    again = await client.get(address, headers={"If-None-Match": first.headers["etag"]})
    head = await client.head(address)
    walks.titles["walk-3"] = f"Reportée {world.awa.id}"
    changed = await client.get(address, headers={"If-None-Match": first.headers["etag"]})

    assert (rendered, again.status_code, again.content) == (9, 304, b"")
    assert head.headers["etag"] == first.headers["etag"]
    assert (changed.status_code, walks.asked) == (200, 10)
    assert changed.headers["etag"] != first.headers["etag"]


@pytest.mark.parametrize(("detail", "seen"), [("full", 5), ("title", 2), ("busy", 0)])
async def test_an_address_gives_away_what_was_chosen(
    world: World, client: httpx.AsyncClient, detail: str, seen: int
) -> None:
    """A search in the bytes of a busy calendar finds neither title, place, text, link nor the event's name."""
    body = (await client.get(await subscribe(world, world.awa, detail=detail))).text.replace("\r\n ", "")

    assert sum(word in body for word in SECRET_WORDS) == seen
    assert body.count("DTSTART;TZID=Europe/Paris:20261211T183000") == 1


async def test_two_busy_addresses_do_not_lead_to_each_other(world: World, client: httpx.AsyncClient) -> None:
    """The same walk has another name in each."""
    one, other = [
        icalendar.Calendar.from_ical((await client.get(await subscribe(world, who, detail="busy"))).content)
        for who in (world.awa, world.bruno)
    ]
    assert str(one.walk("VEVENT")[0]["uid"]) != str(other.walk("VEVENT")[0]["uid"])


async def test_a_revoked_address_says_so_then_is_gone(world: World, client: httpx.AsyncClient) -> None:
    """An empty calendar named « Lien révoqué » for sixty days, then 410; an address that never was is 404."""
    address = await subscribe(world, world.awa)
    before = await client.get(address)
    async with world.reading() as db:
        (mine,) = (await db.exec(select(Subscription))).all()
    async with world.browser(world.bruno) as browser:
        assert (await browser.post(f"/agendas/{mine.id}/revocation")).status_code == 404
    async with world.browser(world.awa) as browser:
        assert (await browser.post(f"/agendas/{mine.id}/revocation")).status_code == 303

    revoked = await client.get(address, headers={"If-None-Match": before.headers["etag"]})
    async with world.house.database.writing() as db:
        await db.execute(update(Subscription).values(revoked_at=now() - timedelta(days=61)))
    gone, never = await client.get(address), await client.get(f"/ical/{'x' * 43}.ics")

    assert revoked.status_code == 200
    assert "X-WR-CALNAME:Lien révoqué" in revoked.text
    assert "VEVENT" not in revoked.text
    assert (gone.status_code, gone.content) == (410, b"")
    assert (never.status_code, never.content) == (404, b"")
    async with world.reading() as db:
        acts = (await db.exec(select(AuditEntry.act).order_by(col(AuditEntry.at)))).all()
    assert list(acts) == ["agenda.subscribed", "agenda.revoked"]


async def test_someone_who_leaves_finds_an_empty_calendar(world: World, client: httpx.AsyncClient) -> None:
    """Awa's functions end: the next reading holds nothing, though nobody touched her address."""
    address = await subscribe(world, world.awa)
    assert "Déneigement" in (await client.get(address)).text

    await world.end_functions(world.awa)

    after = await client.get(address)
    assert after.status_code == 200
    assert "VEVENT" not in after.text


async def test_an_incident_gives_the_last_good_calendar(world: World, client: httpx.AsyncClient) -> None:
    """The database is away: the application keeps what it had, and never meets an error page."""
    address = await subscribe(world, world.awa)
    before = await client.get(address)

    async with world.house.database.engine.begin() as connection:
        await connection.execute(text("ALTER TABLE subscription RENAME TO away"))
    try:
        meanwhile = await client.get(address)
    finally:
        async with world.house.database.engine.begin() as connection:
            await connection.execute(text("ALTER TABLE away RENAME TO subscription"))

    assert meanwhile.status_code == 200
    assert meanwhile.content == before.content


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("calendar", "walks/theirs", "Choisissez un agenda dans la liste."),
        ("detail", "everything", "Choisissez dans la liste."),
        ("label", " ", "Dites pour quel appareil"),
        ("label", "x" * 81, "80 caractères au plus"),
    ],
)
async def test_a_wrong_form_comes_back_as_it_was_typed(
    world: World, walks: Walks, field: str, value: str, sentence: str
) -> None:
    """The sentence beside the field, and what was typed still there."""
    async with world.browser(world.awa) as browser:
        answer = await browser.post("/agendas", data={**NEW, field: value})

    assert answer.status_code == 422
    assert sentence in answer.text
    assert (NEW["label"] if field != "label" else value) in answer.text


async def test_fifty_addresses_are_enough(world: World, walks: Walks) -> None:
    """The fifty-first is refused with the figure."""
    async with world.house.database.writing() as db:
        db.add_all(
            Subscription(hash=str(n), person_id=world.awa.id, kind="walks/mine", label="Ancien") for n in range(50)
        )
    async with world.browser(world.awa) as browser:
        answer = await browser.post("/agendas", data=NEW)
    assert answer.status_code == 422
    assert "Vous avez déjà 50 abonnements" in answer.text


async def test_a_secretary_ends_the_address_of_someone_who_sits_there(world: World, client: httpx.AsyncClient) -> None:
    """Awa has lost her telephone: Camille, secretary of the CoPil, ends its address; Bruno's is not hers to end."""
    address = await subscribe(world, world.awa)
    await subscribe(world, world.bruno, label="Mobile de Bruno")
    async with world.house.database.writing() as db:
        known: dict[str, Any] = {"body_id": world.copil.id, "organisation_id": world.aubrac.id, "since": LONG_AGO}
        db.add(Seat(holder_id=world.camille.id, role=SeatRole.SECRETARY, **known))
    async with world.reading() as db:
        held = {each.person_id: each.id for each in (await db.exec(select(Subscription))).all()}
    async with world.browser(world.awa) as browser:
        assert (await browser.get("/agendas/autres")).status_code == 404
        assert (await browser.post(f"/agendas/autres/{held[world.bruno.id]}/revocation")).status_code == 404
    async with world.browser(world.camille) as browser:
        assert 'href="/agendas/autres"' in (await browser.get("/agendas")).text
        page = (await browser.get("/agendas/autres")).text
        refused = await browser.post(f"/agendas/autres/{held[world.bruno.id]}/revocation")
        done = await browser.post(f"/agendas/autres/{held[world.awa.id]}/revocation")

    assert "Awa Diallo\u00a0: Mon téléphone" in page
    assert address[6:49] not in page
    assert "Mobile de Bruno" not in page
    assert (refused.status_code, done.status_code) == (404, 303)
    assert "Lien révoqué" in (await client.get(address)).text
    async with world.reading() as db:
        revoked = (await db.exec(select(AuditEntry).where(col(AuditEntry.act) == "agenda.revoked"))).one()
    assert revoked.person_id == world.camille.id


async def test_an_administrator_finds_an_address_by_a_name(world: World, walks: Walks) -> None:
    """Accents aside, among those of everybody."""
    for who in (world.awa, world.bruno):
        await subscribe(world, who, label=f"Mobile de {who.given_name}")
    async with world.browser(world.ines) as browser:
        everybody = (await browser.get("/agendas/autres")).text
        found = (await browser.get("/agendas/autres", params={"nom": "CHÂSSAGNE"})).text
    assert ["Mobile de Awa" in everybody, "Mobile de Bruno" in everybody] == [True, True]
    assert ["Mobile de Awa" in found, "Mobile de Bruno" in found] == [False, True]


async def test_a_long_calendar_travels_small_and_unnamed(
    world: World, client: httpx.AsyncClient, walks: Walks, capsys: pytest.CaptureFixture[str]
) -> None:
    """gzip for whoever takes it, with the same tag; and the log never holds the address that was read."""
    walks.titles = {f"walk-{number}": "Déneigement" for number in range(40)}
    address = await subscribe(world, world.awa)
    plain = await client.get(address, headers={"Accept-Encoding": "identity"})
    small = await client.get(address, headers={"Accept-Encoding": "gzip"})
    unchanged = await client.get(address, headers={"If-None-Match": f"W/{small.headers['etag']}"})

    assert (small.headers["content-encoding"], small.content) == ("gzip", plain.content)
    assert int(small.headers["content-length"]) < len(plain.content) / 5
    assert "content-encoding" not in plain.headers
    assert unchanged.status_code == 304
    said = "".join(capsys.readouterr())
    assert address[6:49] not in said


async def test_the_new_address_is_given_as_each_application_likes_it(world: World, walks: Walks) -> None:
    """A button for Apple and Thunderbird, one for Google, one for Outlook, a square to photograph, a text to copy."""
    async with world.browser(world.awa) as browser:
        page = (await browser.post("/agendas", data=NEW)).text
        help_ = (await browser.get("/agendas")).text
    for start in (
        'href="webcal://entente.test/ical/',
        'href="https://calendar.google.com/calendar/render?cid=webcal%3A%2F%2F',
        'href="https://outlook.live.com/calendar/0/addfromweb?url=http%3A%2F%2F',
        'src="data:image/svg+xml;base64,',
        'value="http://entente.test/ical/',
    ):
        assert start in page
    for client in ("Google Agenda", "iPhone, iPad, Mac", "Outlook", "Thunderbird"):
        assert f'<th scope="row">{client}</th>' in help_
    assert "ce qui est urgent vous est aussi écrit par courriel" in help_
