"""The views of time: what each person reads there, and nothing else."""

import re
from datetime import UTC, timedelta
from uuid import UUID

import httpx
import pytest
from sqlalchemy import insert

from booking_world import between, park
from entente import journal
from entente.app import worker_of
from entente.ids import new_id
from entente.people.who import Who
from entente.rules import NotFound
from planning import service
from planning.grid import feed
from planning.grid.days import View
from planning.grid.service import STREAM
from planning.models import Absence, Hall, Meeting, State
from planning_world import Council, at, day

HERE = {"vue": "mois", "du": day(30).isoformat()}


async def _page(council: Council, who: Who, **asked: str | list[str]) -> httpx.Response:
    async with council.world.browser(who) as browser:
        return await browser.get("/planning", params={**HERE, **asked})


async def test_every_view_shows_the_meetings_of_ones_bodies(council: Council) -> None:
    """Denise sits in the CoPil and sees its meeting at once; Bruno sees it when he lays its calendar over his."""
    made = await council.meet(at(30, 18, 30))
    for view in View:
        hers = await _page(council, council.world.denise, vue=view.value)
        his = await _page(council, council.world.bruno, vue=view.value)
        with_it = await _page(council, council.world.bruno, vue=view.value, avec=["moi", str(council.world.copil.id)])
        mark = f'id="d-{day(30)}" href' if view == View.YEAR else f'href="/planning/reunions/{made.id}"'
        assert [mark in each.text for each in (hers, his, with_it)] == [True, False, True]
        if view in (View.WEEK, View.DAY, View.LIST):
            assert "de 18\u00a0h\u00a030 à 20\u00a0h\u00a030" in hers.text


async def test_a_confidential_meeting_is_a_taken_time_and_nothing_else(council: Council) -> None:
    """To Bruno « Occupé », among all the bodies alone: chosen by itself, the CoPil would be named by it."""
    hall = Hall(name="Salle secrète")
    async with council.world.house.database.writing() as db:
        db.add(hall)
    made = await council.meet(title="Affaire Untel", hall_id=hall.id, is_confidential=True)
    for view in View:
        everything = (await _page(council, council.world.bruno, vue=view.value, avec="tout")).text
        assert "Untel" not in everything
        assert "secrète" not in everything
        assert str(made.id) not in re.sub(r"(apres|avant)=\S+", "", everything)
        assert view == View.YEAR or "Occupé" in everything
        alone = (await _page(council, council.world.bruno, vue=view.value, avec=str(council.world.copil.id))).text
        assert "Occupé" not in alone
    assert "Untel" in (await _page(council, council.world.awa)).text


async def test_one_s_absences_and_reservations_lie_over_it(council: Council) -> None:
    """Awa is away on the day of the CoPil, which clashes; the nacelle that she took shows too, and to her alone."""
    world = council.world
    fleet = await park(world)
    await fleet.reserve(world.awa, "N12", between(8, 12, 30))
    made = await council.meet()
    async with world.house.database.writing() as db:
        db.add(Absence(person_id=world.awa.id, since=day(30), until=day(31), note="Congés"))
    hers, other = await _page(council, world.awa), await _page(council, world.denise)
    assert "Nacelle N12" in hers.text
    assert "Absence\u00a0: Congés" in hers.text
    assert "Conflit&nbsp;: en même temps que « Absence\u00a0: Congés »" in hers.text
    assert f"/planning/reunions/{made.id}" in other.text
    assert not [word for word in ("Nacelle N12", "Congés", "Conflit") if word in other.text]
    without = await _page(council, world.awa, avec="moi")
    assert not [word for word in ("Nacelle N12", "Congés", "Conflit") if word in without.text]


async def test_what_one_chose_is_remembered(council: Council) -> None:
    """Bruno prefers the week with every body; the next day `/planning` opens so. An empty choice is one too."""
    made = await council.meet(at(0, 23, 0))
    async with council.world.browser(council.world.bruno) as browser:
        await browser.get("/planning", params={"vue": "jour", "avec": "tout"})
        again = await browser.get("/planning")
        await browser.get("/planning", params={"avec": ""})
        nothing = await browser.get("/planning")
    assert f"/planning/reunions/{made.id}" in again.text
    assert 'class="hours is-jour"' in again.text
    assert f"/planning/reunions/{made.id}" not in nothing.text


async def test_a_strange_address_shows_today_and_says_so(council: Council) -> None:
    """422, and a page on which one can go on."""
    for asked, sentence in (
        ({"du": "2026-02-30"}, "Cette date n’existe pas"),
        ({"du": "9999-12-31"}, "trop loin"),
        ({"vue": "siècle"}, "Choisissez mois"),
        ({"vue": "liste", "apres": "demain"}, "n’existe pas"),
        ({"vue": "liste", "avant": f"99999999999999_{new_id()}"}, "n’existe pas"),
    ):
        found = await _page(council, council.world.bruno, **asked)
        assert found.status_code == 422
        assert sentence in found.text
        assert 'aria-current="true"' in found.text


async def test_forged_calendars_show_nothing_of_others(council: Council) -> None:
    """What is no calendar, or another person's, is passed over."""
    await council.meet()
    found = await _page(council, council.world.bruno, avec=["booking/unit", "x" * 900, str(new_id()), "planning/mine"])
    assert found.status_code == 200
    assert 'class="event' not in found.text
    assert (await _page(council, council.world.people["gone"])).status_code == 404


async def _many(council: Council, count: int, body: UUID | None = None) -> list[Meeting]:
    first = at(30, 8).astimezone(UTC)
    made = [
        Meeting(
            body_id=body or council.world.copil.id,
            title=f"Séance {number:03}",
            starts_at=first + timedelta(hours=number // 2),
            ends_at=first + timedelta(hours=number // 2 + 1),
            person_id=council.world.camille.id,
            key=f"{body}{number}",
        )
        for number in range(count)
    ]
    async with council.world.house.database.writing() as db:
        await db.execute(insert(Meeting), [each.model_dump() for each in made])
    return made


async def test_the_list_has_no_end_and_loses_nothing(council: Council) -> None:
    """120 meetings, two at once each time: forward page by page, then back again, each is read once."""
    made = await _many(council, 120)
    async with council.world.browser(council.world.denise) as browser:
        address, pages = f"/planning?vue=liste&du={day(30)}&avec=moi", []
        while address:
            page = (await browser.get(address)).text
            pages.append(re.findall(r"<b>Séance (\d+)", page))
            found = re.search(r'rel="next" href="([^"]+)">Plus tard', page)
            address = found[1].replace("&amp;", "&") if found else ""
        back = re.search(r'rel="prev" href="([^"]*avant=[^"]+)"', page)
        assert back
        before = (await browser.get(back[1].replace("&amp;", "&"))).text
    assert [len(each) for each in pages] == [50, 50, 20]
    assert sorted(number for page in pages for number in page) == [f"{number:03}" for number in range(len(made))]
    assert sorted(re.findall(r"<b>Séance (\d+)", before)) == sorted(pages[1])


async def test_a_page_asks_as_much_for_one_meeting_as_for_many(council: Council) -> None:
    """The number of questions depends on the calendars, never on what is in them."""
    counts = []
    async with council.world.browser(council.world.denise) as browser:
        for made in (1, 40):
            await _many(council, made, body=council.world.copil.id if made == 1 else council.network.id)
            for view in View:
                asked = {**HERE, "vue": view.value, "avec": "tout"}
                await browser.get("/planning", params=asked)
                with council.world.counting() as seen:
                    await browser.get("/planning", params=asked)
                counts.append(len(seen))
    assert counts[:5] == counts[5:]


async def test_open_plannings_hear_of_a_meeting_without_being_told_what(council: Council) -> None:
    """An open one names its body, a confidential one nothing; and only members of the house may listen."""
    world = council.world
    for private in (False, True):
        made = await council.meet(at(30 + private, 18), is_confidential=private)
        async with world.working(world.camille) as work:
            await service.cancel(work, await work.db.get_one(Meeting, made.id), "Neige", made.version)
    worker = worker_of(world.house)
    while await worker.work_once():
        pass
    async with world.reading() as db:
        told = await journal.since(db, str(STREAM), 0, 100)
        signs = [await feed.changed(db, entry) for entry in told]
        assert await feed.watch(db, world.bruno, STREAM.id)
        for who, id_ in ((world.people["gone"], STREAM.id), (world.bruno, new_id())):
            with pytest.raises(NotFound):
                await feed.watch(db, who, id_)
    bodies = [sign.context["body"] for sign in signs if sign]
    assert bodies == [str(world.copil.id)] * 2 + ["", ""]
    assert len({sign.context["version"] for sign in signs if sign}) == 4


async def test_states_are_said_in_words(council: Council) -> None:
    """An option « à confirmer », a cancelled one « annulée »: never a pattern alone."""
    await council.meet(at(30, 9), is_option=True)
    made = await council.meet(at(30, 14))
    async with council.world.working(council.world.camille) as work:
        await service.cancel(work, await work.db.get_one(Meeting, made.id), "Neige", made.version)
    page = (await _page(council, council.world.awa)).text
    assert "(à confirmer)" in page
    assert "(annulée)" in page
    assert State.CANCELLED.value not in re.sub(r'class="[^"]*"', "", page)
