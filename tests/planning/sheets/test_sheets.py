"""The planning on paper and in spreadsheets."""

import csv
import io
from datetime import datetime, time

import httpx
from openpyxl import load_workbook

from entente.people.who import Who
from planning.models import Absence
from planning_world import Council, at, day


async def _get(council: Council, who: Who, address: str, **asked: str | list[str]) -> httpx.Response:
    async with council.world.browser(who) as browser:
        return await browser.get(f"/planning/{address}", params={"vue": "mois", "du": f"{day(30)}", **asked})


async def test_the_files_hold_what_is_shown_and_run_nothing(council: Council) -> None:
    """Awa's month in text and in a workbook: the hour of Paris, her absence by whole days, and a title that is text."""
    world = council.world
    await council.meet(at(30, 18, 30), title="=HYPERLINK(1)", place="Mairie")
    async with world.house.database.writing() as db:
        db.add(Absence(person_id=world.awa.id, since=day(30), until=day(31)))
    text = (await _get(council, world.awa, "liste.csv")).text
    head, *lines = csv.reader(io.StringIO(text.removeprefix("\ufeff")), delimiter=";")
    assert head[:4] == ["Début", "Fin", "Instance ou agenda", "Objet"]
    assert lines[0][:2] == [f"{day(30):%d/%m/%Y}"] * 2
    assert lines[1] == [
        f"{day(30):%d/%m/%Y} 18:30",
        f"{day(30):%d/%m/%Y} 20:30",
        "Comité de pilotage",
        "'=HYPERLINK(1)",
        "Mairie",
        "",
        "en même temps que « Absence »",
    ]
    sheet = load_workbook(io.BytesIO((await _get(council, world.awa, "liste.xlsx")).content)).active
    assert sheet is not None
    assert sheet["A3"].value == datetime.combine(day(30), time(18, 30))
    assert (sheet["D3"].value, sheet["D3"].data_type) == ("=HYPERLINK(1)", "s")


async def test_what_is_confidential_is_a_taken_time_on_paper_too(council: Council) -> None:
    """Bruno prints and saves « Occupé », without a body to stand under; Awa, the whole."""
    await council.meet(at(30, 18), title="Affaire Untel", place="Mairie annexe", is_confidential=True)
    for address in ("impression/mois", "impression/liste", "liste.csv"):
        hers = (await _get(council, council.world.awa, address)).text
        his = (await _get(council, council.world.bruno, address, avec="tout")).text
        assert "Affaire Untel" in hers
        assert "Occupé" in his
        assert not [word for word in ("Untel", "annexe") if word in his]
        assert (await _get(council, council.world.people["gone"], address)).status_code == 404


async def test_the_list_goes_body_by_body(council: Council) -> None:
    """Two bodies by name, each with its meetings in order; a list holds a year, a month its own days."""
    world = council.world
    await council.meet(at(30, 18), title="Second")
    await council.meet(at(30, 9), title="Premier")
    await council.meet(at(200, 9), world.ines, title="Plus tard")
    await council.meet(at(30, 9), world.ines, title="Acheteurs", body_id=council.network.id)
    page = (await _get(council, world.awa, "impression/liste", avec="tout", vue="liste")).text
    places = [
        page.index(word) for word in ("<h2>Club", "Acheteurs</a>", "<h2>Comité", "Premier", "Second", "Plus tard")
    ]
    assert places == sorted(places)
    assert "Plus tard" not in (await _get(council, world.awa, "impression/liste", avec="tout")).text
