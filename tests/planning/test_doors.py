"""The doors of meetings: the forms, as a browser without JavaScript and as htmx send them."""

import pytest
from sqlmodel import col, select

from entente.people.models import Seat, SeatRole
from entente.search import rebuild
from planning import service
from planning.agenda import service as points
from planning.agenda.models import ItemForm
from planning.answers import service as answers
from planning.answers.rules import Said
from planning.finding import meetings as findable
from planning.models import Meeting, Stance
from planning.plans import Plan
from planning_world import Council, again, at, day

NEW = "/planning/reunions/nouvelle"


def fields(council: Council, **more: str) -> dict[str, str]:
    """A form, filled."""
    known = {"body_id": str(council.world.copil.id), "title": "CoPil", "day": f"{day(40)}", "start": "18:00"}
    # A browser sends every field of the form, those that were left empty too.
    left = dict.fromkeys(("hall_id", "place", "link", "note", "repeat", "times", "until"), "")
    return known | left | {"end": "20:00", "key": "k", "every": "1"} | more


async def meetings_of(council: Council) -> list[Meeting]:
    """Every meeting, in order of time."""
    async with council.world.reading() as db:
        return list(await db.exec(select(Meeting).order_by(col(Meeting.starts_at))))


@pytest.mark.parametrize("htmx", [False, True])
async def test_a_meeting_is_planned_once(council: Council, htmx: bool) -> None:
    """The form, sent twice: one meeting, and the way to it."""
    async with council.world.browser(council.world.camille, htmx) as browser:
        for _ in range(2):
            answer = await browser.post(NEW, data=fields(council))
            assert answer.status_code == (204 if htmx else 303)
    assert [each.title for each in await meetings_of(council)] == ["CoPil"]


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"end": "17:00"}, "se termine avant de commencer"),
        ({"day": "2026-02-30"}, "Cette date n’existe pas"),
        ({"start": "25:00"}, "Cette heure n’existe pas"),
        ({"title": " "}, "Ce champ est à remplir"),
        ({"body_id": ""}, "Choisissez l’instance"),
        ({"link": "javascript:alert(1)"}, "elle commence par https://"),
        ({"repeat": "week"}, "une série a une fin"),
    ],
    ids=["backwards", "no-day", "no-hour", "no-title", "no-body", "bad-link", "endless"],
)
async def test_what_is_wrong_is_said_and_what_was_typed_is_kept(
    council: Council, more: dict[str, str], words: str
) -> None:
    """422, the sentence, the note as it was typed, and no meeting."""
    async with council.world.browser(council.world.camille) as browser:
        answer = await browser.post(NEW, data=fields(council, note="Venez nombreux.", **more))
    assert answer.status_code == 422
    assert words in answer.text
    assert "Venez nombreux." in answer.text
    assert await meetings_of(council) == []


async def test_the_other_meeting_is_shown_when_the_body_already_meets(council: Council) -> None:
    """409, with the way to what stands there."""
    other = await council.meet(at(40, 19))
    async with council.world.browser(council.world.camille) as browser:
        answer = await browser.post(NEW, data=fields(council))
    assert answer.status_code == 409
    assert f'href="/planning/reunions/{other.id}"' in answer.text


async def test_an_older_form_is_told_and_may_be_sent_again(council: Council) -> None:
    """Inès has written it meanwhile: 409, what Camille typed, the new version; sent again, it is written."""
    world, meeting = council.world, await council.meet()
    async with world.working(world.ines) as work:
        row = await again(work, meeting)
        await service.change(work, row, Plan.of(row), row.version)
    here = f"/planning/reunions/{meeting.id}/modification"
    async with world.browser(world.camille) as browser:
        stale = await browser.post(here, data=fields(council, title="Neuf", version=str(meeting.version)))
        assert stale.status_code == 409
        assert 'value="Neuf"' in stale.text
        fresh = await browser.post(here, data=fields(council, title="Neuf", version=str(meeting.version + 1)))
        assert fresh.status_code == 303
    assert (await meetings_of(council))[0].title == "Neuf"


async def test_an_older_form_of_a_point_is_told_and_may_be_sent_again(council: Council) -> None:
    """Inès has written the point meanwhile: 409, what Camille typed, what it reads now; sent again, it is written."""
    world, meeting = council.world, await council.meet()
    async with world.working(world.camille) as work:
        item = await points.add(work, await again(work, meeting), ItemForm(title="Nacelle"))
    here, words = f"/planning/points/{item.id}", {"title": "Balayeuse", "note": "", "rapporteur": "", "minutes": ""}
    async with world.browser(world.camille) as browser, world.browser(world.ines) as other:
        first, second = [{"mark": _mark_in((await each.get(here)).text)} for each in (browser, other)]
        assert (await other.post(here, data=words | second | {"title": "Épareuse"})).status_code == 303
        stale = await browser.post(here, data=words | first)
        assert stale.status_code == 409
        assert 'value="Balayeuse"' in stale.text
        assert "Épareuse" in stale.text
        assert (await browser.post(here, data=words | {"mark": _mark_in(stale.text)})).status_code == 303
        assert "Balayeuse" in (await browser.get(f"/planning/reunions/{meeting.id}")).text


def _mark_in(page: str) -> str:
    return page.split('name="mark" value="')[1].split('"')[0]


async def test_last_time_is_done_again_with_its_agenda(council: Council) -> None:
    """The hours and the points of the last meeting, four weeks later."""
    world, meeting = council.world, await council.meet(at(-10, 9, 30))
    async with world.working(world.camille) as work:
        await points.add(work, await again(work, meeting), ItemForm(title="Bilan de la nacelle"))
    async with world.browser(world.camille) as browser:
        page = await browser.get(NEW, params={"depuis": str(meeting.id)})
        assert 'value="09:30"' in page.text
        assert f'value="{day(18)}"' in page.text
        made = await browser.post(NEW, data=fields(council, **{"from": str(meeting.id)}))
        assert "Bilan de la nacelle" in (await browser.get(made.headers["location"])).text


async def test_one_answers_in_one_tap_from_the_first_page(council: Council) -> None:
    """Awa presses « Présent » on the first page and is back there; the meeting says so."""
    meeting, seat = await council.meet(), council.seats["awa"].id
    async with council.world.browser(council.world.awa) as browser:
        assert f"/planning/reunions/{meeting.id}/reponse" in (await browser.get("/")).text
        form = {"seat_id": str(seat), "stance": Stance.PRESENT, "next": "/"}
        answer = await browser.post(f"/planning/reunions/{meeting.id}/reponse", data=form)
        assert (answer.status_code, answer.headers["location"]) == (303, "/")
        assert "1\u00a0membre attendu" in (await browser.get(f"/planning/reunions/{meeting.id}")).text


async def test_an_absence_proposes_to_be_excused(council: Council) -> None:
    """Awa is away the week of the meeting: the page of her absences names it; her note is hers alone."""
    meeting = await council.meet()
    async with council.world.browser(council.world.awa) as browser:
        form = {"since": f"{day(28)}", "last": f"{day(30)}", "note": "Opération"}
        assert (await browser.post("/planning/absences", data=form)).status_code == 303
        page = (await browser.get("/planning/absences")).text
    assert f"/planning/reunions/{meeting.id}/reponse" in page
    assert "M’excuser" in page
    async with council.world.browser(council.world.camille) as browser:
        told = (await browser.get(f"/planning/reunions/{meeting.id}")).text
    assert "a annoncé son absence" in told
    assert "Opération" not in told


async def test_a_document_is_joined_and_follows_its_meeting(council: Council) -> None:
    """Awa downloads it, never shown by the browser; once the meeting is confidential, Bruno finds nothing."""
    world, meeting = council.world, await council.meet()
    async with world.working(world.camille) as work:
        item = await points.add(work, await again(work, meeting), ItemForm(title="Bilan"))
    async with world.browser(world.camille) as browser:
        sent = {"files": ("page.html", b"<html><script>alert(1)</script>", "text/html")}
        assert (await browser.post(f"/planning/points/{item.id}/pieces", files=sent)).status_code == 303
        page = (await browser.get(f"/planning/reunions/{meeting.id}")).text
    address = "/planning/pieces/" + page.split("/planning/pieces/")[1][:36]
    async with world.browser(world.bruno) as browser:
        got = await browser.get(address)
        assert (got.status_code, got.headers["x-content-type-options"]) == (200, "nosniff")
        assert got.headers["content-disposition"].startswith("attachment")
        async with world.working(world.camille) as work:
            row = await again(work, meeting)
            await service.change(work, row, Plan(**{**Plan.of(row).__dict__, "is_confidential": True}), row.version)
        assert (await browser.get(address)).status_code == 404


@pytest.mark.parametrize("count", [1, 3])
async def test_the_page_asks_as_much_whatever_the_number_of_members(council: Council, count: int) -> None:
    """Points and answers cost no question each."""
    world, meeting = council.world, await council.meet()
    async with world.working(world.camille) as work:
        for number in range(count):
            await points.add(work, await again(work, meeting), ItemForm(title=f"Point {number}"))
    for name in ("awa", "eva", "farid")[:count]:
        async with world.working(world.people[name]) as work:
            await answers.give(work, await again(work, meeting), council.seats[name].id, Said(Stance.PRESENT))
    async with world.browser(world.gilles) as browser:
        await browser.get(f"/planning/reunions/{meeting.id}")
        with world.counting() as seen:
            await browser.get(f"/planning/reunions/{meeting.id}")
    assert len(seen) <= 13


async def test_the_search_finds_meetings_by_their_agenda(council: Council) -> None:
    """Everybody finds the open one, those who sit the confidential one."""
    world = council.world
    for is_confidential in (False, True):
        starts = at(30 + is_confidential, 18)
        meeting = await council.meet(
            starts, is_confidential=is_confidential, title="Secret" if is_confidential else "Public"
        )
        async with world.working(world.camille) as work:
            await points.add(work, await again(work, meeting), ItemForm(title="Déneigement des cols"))
    async with world.house.database.writing() as db:
        await rebuild.fill(db, findable)
    for who, titles in ((world.bruno, {"Public"}), (world.awa, {"Public", "Secret"})):
        async with world.browser(who) as browser:
            page = (await browser.get("/recherche", params={"q": "cols"})).text
        assert {each for each in ("Public", "Secret") if each in page} == titles


async def test_a_secretary_writes_the_rule_of_her_body(council: Council) -> None:
    """Seven clear days from today; a rule whose quorum is more than everybody is refused."""
    body = council.world.copil.id
    here, form = f"/planning/instances/{body}", {"since": f"{day(0)}", "days": "7", "is_clear": "1", "quorum_over": "2"}
    async with council.world.browser(council.world.camille) as browser:
        assert (await browser.post(here, data=form | {"quorum_of": "2"})).status_code == 422
        assert (await browser.post(here, data=form)).status_code == 303
        assert "7\u00a0jours francs" in (await browser.get(here)).text
    async with council.world.browser(council.world.awa) as browser:
        assert (await browser.get(here)).status_code == 404


async def test_a_body_has_one_chair_at_a_time(council: Council) -> None:
    """Denise presides: the administration may not seat another chair, and the database would not either."""
    world = council.world
    form = {
        "holder": "bruno@brioude.example",
        "organisation_id": str(world.brioude.id),
        "role": SeatRole.CHAIR,
        "since": f"{day(0)}",
    }
    async with world.browser(world.ines) as browser:
        answer = await browser.post(f"/administration/instances/{world.copil.id}/sieges", data=form)
    assert answer.status_code == 422
    assert "a déjà une présidence" in answer.text
    async with world.reading() as db:
        found = await db.exec(select(Seat.id).where(col(Seat.role) == SeatRole.CHAIR))
        assert len(found.all()) == 1
