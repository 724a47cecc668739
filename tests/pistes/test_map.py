"""The map: where places stand when they are drawn, and what its page and its files hold."""

import io
import re

import pytest
from lxml import etree
from pypdf import PdfReader

from pistes.imports.service import bring_in
from pistes.map.layout import COLUMN, MARGIN, Twig, drawn
from pistes.map.sketch import at_a_glance
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
    link = re.search(r'<a href="/pistes/[0-9a-f-]{36}">((?:(?!</a>).)*Achats.*?)</a>', page, re.DOTALL)
    assert link
    assert re.sub(r"<[^>]+>|\s+", " ", link[1]).split() == ["1", "Achats", "groupés", "Aubrac"]
    assert "aria-label=" not in page[page.index('class="map"') : page.index("</svg>", page.index('class="map"'))]
    drawing, _, listed = page.partition('id="map-list"')
    drawn_links, listed_links = (re.findall(r'href="(/pistes/[0-9a-f-]{36})"', part) for part in (drawing, listed))
    assert len(drawn_links) == 5
    assert drawn_links == listed_links


BUSHY = Twig(
    "Tout",
    under=[
        Twig(f"Objectif {n}", under=[Twig(f"p{n}{k}", f"/p{n}{k}", under=[Twig("s", "/s")]) for k in range(4)])
        for n in range(3)
    ],
)
"""Three objectifs, twelve pistes, twelve sous-pistes: 28 places with the root."""


@pytest.mark.parametrize(
    ("most", "count", "said"),
    [
        (28, 28, ""),
        (27, 16, "p00 (1\u00a0sous-piste)"),
        (16, 16, "p23 (1\u00a0sous-piste)"),
        (15, 4, "Objectif 1 (8\u00a0pistes)"),
        (2, 4, "et 1\u00a0autre"),
    ],
)
def test_a_tree_too_large_to_be_looked_at_is_drawn_as_far_as_it_fits(most: int, count: int, said: str) -> None:
    """Whole depths and never half of one; what is left out is told by number and leads somewhere."""
    seen = list(at_a_glance(BUSHY, most).walk())
    assert len(seen) == count
    if said:
        [cut] = [each for each in seen if each.title == said]
        assert cut.address


async def test_a_large_map_is_read_branch_by_branch(register: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without scripts: each branch is a link to its own map, from which one comes back; the file draws everything."""
    monkeypatch.setattr("pistes.map.views.MOST", 4)
    async with register.browser(register.denise) as browser:
        page = (await browser.get("/pistes/carte")).text
        assert "places ne se liraient pas d’un coup" in page
        branch = re.search(r'href="(/pistes/carte\?sous=[0-9a-f-]{36})">(?:(?!</a>).)*Économies', page, re.DOTALL)
        assert branch
        inside = (await browser.get(branch[1])).text
        assert "Réduire les coûts" in inside
        assert f"{branch[1].removeprefix('/pistes/carte')}&amp;zoom=150" in inside
        assert 'href="/pistes/carte">Toute la carte' in inside
        assert "Toute la carte" not in (await browser.get("/pistes/carte?sous=x")).text
        whole = (await browser.get("/pistes/carte.svg")).text
    assert whole.count("<a ") == 5
    assert "papier" in whole


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
