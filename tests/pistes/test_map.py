"""The map: where places stand when they are drawn, and what its page and its files hold."""

import io
import re

import pytest
from lxml import etree
from pypdf import PdfReader

from pistes.imports.service import bring_in
from pistes.map.layout import COLUMN, MARGIN, Twig, drawn
from registers import HEAD
from world import World

TREE = Twig("Tout", under=[Twig("Un", under=[Twig("a", "/a", "1"), Twig("b", "/b", "", ["A", "B"])]), Twig("Deux")])


def test_places_are_drawn_as_one_reads_and_never_one_over_the_other() -> None:
    """A column per depth; in a column, each place below the last; what holds others is level with the first."""
    spots = drawn(TREE).spots
    assert [spot.twig.title for spot in spots] == ["Tout", "Un", "a", "b", "Deux"]
    assert [(spot.x - MARGIN) / COLUMN for spot in spots] == [0, 1, 2, 2, 1]
    by = {spot.twig.title: spot for spot in spots}
    assert by["a"].y < by["b"].y < by["Deux"].y
    assert by["Tout"].y == by["Un"].y == by["a"].y
    assert len(drawn(TREE).lines) == 4


def test_a_disc_grows_with_its_carriers_and_says_who_they_are() -> None:
    """One commune, then three; the list of names gives way to a number before it is too long."""
    sizes = [drawn(Twig("x", "/x", "", names)).spots[0].radius for names in ([], ["A"], ["A", "B", "C"])]
    assert sizes == sorted(set(sizes))
    assert Twig("x", carriers=["Aubrac", "Brioude"]).carried == "Aubrac, Brioude"
    assert Twig("x", carriers=["Saint-Yrieix-sur-Charente"] * 3).carried == "Saint-Yrieix-sur-Charente et 2\u00a0autres"


@pytest.mark.parametrize(("asked", "shown"), [("150", 150), ("", 100), ("9999", 100), ("<b>", 100)])
async def test_the_size_of_the_map_is_an_address(register: World, asked: str, shown: int) -> None:
    """A size that we offer, the true one for anything else; the list beside it says the same."""
    async with register.browser(register.denise) as browser:
        page = (await browser.get("/pistes/carte", params={"zoom": asked})).text
    width = int(re.search(r'class="map" .*?viewBox="0 0 (\d+)', page)[1])  # type: ignore[index]
    assert f'width="{round(width * shown / 100)}"' in page
    assert 'aria-label="Achats groupés, priorité 1, portée par Aubrac"' in page
    drawing, _, listed = page.partition('id="map-list"')
    drawn_links, listed_links = (re.findall(r'href="(/pistes/[0-9a-f-]{36})"', part) for part in (drawing, listed))
    assert len(drawn_links) == 5
    assert drawn_links == listed_links


async def test_the_map_is_taken_away_as_files(register: World) -> None:
    """SVG that stands alone with whole links; a PDF, titled and in French, that says the same as a list."""
    async with register.browser(register.denise) as browser:
        svg = (await browser.get("/pistes/carte.svg")).content
        pdf = PdfReader(io.BytesIO((await browser.get("/pistes/carte.pdf")).content))
    drawing = etree.fromstring(svg)
    assert drawing.tag == "{http://www.w3.org/2000/svg}svg"
    links = [each.get("href") for each in drawing.iter("{*}a")]
    assert len(links) == 5
    assert all(link.startswith(register.house.settings.base_url + "/pistes/") for link in links)
    assert pdf.metadata
    assert pdf.metadata.title == "Carte des pistes de mutualisation"
    assert str(pdf.root_object["/Lang"]) == "fr"
    assert "Achats groupés, priorité 1, portée par Aubrac" in pdf.pages[1].extract_text()


async def test_a_larger_register_costs_the_map_the_board_and_the_communes_no_more_questions(register: World) -> None:
    """Two pistes or forty-two."""
    costs = []
    for more in (0, 40):
        if more:
            lines = [f"{n},Piste {n},Économies,Réduire les coûts,1,1,1" for n in range(10, 10 + more)]
            async with register.working(register.camille) as work:
                await bring_in(work, "\n".join([HEAD, *lines]))
        async with register.browser(register.denise) as browser:
            await browser.get("/pistes")
            with register.counting() as seen:
                for address in ("/pistes/carte", "/pistes/phases", "/pistes/communes"):
                    assert (await browser.get(address)).status_code == 200
        costs.append(len(seen))
    assert costs[0] == costs[1]
