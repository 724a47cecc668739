"""The pistes of a commune, and who takes part at all."""

import re
from datetime import timedelta

import pytest

from entente import clock
from pistes.mine.words import of_place
from registers import piste
from world import World


@pytest.mark.parametrize("name", ["de Brioude", "d’Aubrac", "de La Couronne", "d’Échallat", "du Lardin", "de L’Isle"])
def test_a_place_is_named_after_de(name: str) -> None:
    """As one says it."""
    bare = name.removeprefix("de ").removeprefix("d’")
    assert of_place("Le Lardin" if name == "du Lardin" else bare) == name


async def test_a_commune_changes_its_position_with_one_button(register: World) -> None:
    """Brioude proposes the forum, takes part in the purchases, then withdraws from the forum: each says since when."""
    forum, bought = await piste(register, "Forum"), await piste(register, "Achats groupés")
    async with register.browser(register.denise) as browser:
        page = (await browser.get("/pistes/communes")).text
        assert "Pistes de Brioude" in page
        commune = re.search(r'name="commune" value="([^"]+)"', page)[1]  # type: ignore[index]
        for found, stance in ((bought, "takes_part"), (forum, "withdrawn")):
            answer = await browser.post(f"/pistes/communes/{found.id}", data={"commune": commune, "stance": stance})
            assert answer.headers["location"] == f"/pistes/communes?commune={commune}#piste-{found.id}"
        page = (await browser.get("/pistes/communes")).text
    sections = re.findall(r'<h2 id="stance-(\w+)">.*?</section>', page, re.DOTALL)
    assert sections == ["takes_part", "withdrawn"]
    assert page.count("depuis le") == 2


async def test_one_looks_at_any_commune_and_speaks_for_ones_own(register: World) -> None:
    """Denise reads where Aubrac stands, without a button; the server refuses what she sends all the same."""
    forum = await piste(register, "Forum")
    async with register.browser(register.denise) as browser:
        page = (await browser.get("/pistes/communes", params={"commune": str(register.aubrac.id)})).text
        assert "Pistes d’Aubrac" in page
        assert 'name="stance"' not in page
        sent = {"commune": str(register.aubrac.id), "stance": "proposes"}
        assert (await browser.post(f"/pistes/communes/{forum.id}", data=sent)).status_code == 403


@pytest.mark.parametrize(("ago", "without"), [(0, 0), (1, 2)], ids=["today", "yesterday"])
async def test_the_communes_without_a_piste_are_those_of_the_day(register: World, ago: int, without: int) -> None:
    """What was said today was not yet said yesterday; nobody speaks for a day that is over."""
    day = (clock.today() - timedelta(days=ago)).isoformat()
    async with register.browser(register.denise) as browser:
        page = (await browser.get("/pistes/communes", params={"jour": day})).text
    found = re.search(r"<h3>(\d+)\u00a0communes? sans piste", page)
    assert int(found[1] if found else 0) == without
    assert ('name="stance"' in page) == (ago == 0)
