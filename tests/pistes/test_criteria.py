"""Criteria as data on screen: what a draft would change is shown, then it is the next version."""

import re

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from entente.rules import Invalid
from pistes import queries
from pistes.criteria.drafts import digest, level_line, read_draft, read_level, typed_of
from pistes.criteria.models import Level
from pistes.criteria.service import free_name
from pistes.criteria.sets import BUILT_IN, built_in
from world import World

PAGE = "/pistes/criteres/rapport_2016"
REPORT = built_in("rapport_2016")


@pytest.mark.parametrize("family", BUILT_IN)
def test_a_set_read_back_from_its_form_is_itself(family: str) -> None:
    """Levels without a name, « 4+ », forbidden combinations: all of it goes through text unchanged."""
    assert read_draft(typed_of(built_in(family))) == built_in(family)


@given(
    st.integers(0, 99),
    st.sampled_from(["", "Modéré", "3 sur 4", "(rare)"]),
    st.sampled_from(["", "A", "+", "own"]),
    st.booleans(),
)
@settings(max_examples=50, deadline=None)
def test_a_level_read_back_from_its_line_is_itself(value: int, label: str, sign: str, retained: bool) -> None:
    """Whatever its name and its sign."""
    level = Level(value=value, label=label, sign=f"{value}+" if sign == "own" else sign, retained=retained)
    assert read_level(level_line(level)) == level


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"title": " "}, "title"),
        ({"levels-0": "Fort\nBon"}, "levels-0"),
        ({"levels-1": "2 Structurant\n1 Très important"}, "levels-1"),
        ({"levels-2": "1 Seul"}, "levels-2"),
        ({"direction-0": "haut"}, "direction-0"),
        ({"forbidden": "Potentiel 9 + Faisabilité 3"}, "forbidden"),
        ({"name-0": "", "name-1": "", "name-2": "", "forbidden": ""}, "name-0"),
    ],
    ids=lambda value: value if isinstance(value, str) else "typed",
)
def test_what_holds_not_together_is_said_beside_its_field(typed: dict[str, str], field: str) -> None:
    """One sentence, where it is wrong."""
    with pytest.raises(Invalid) as refused:
        read_draft(typed_of(REPORT) | typed)
    assert list(refused.value.errors) == [field]


def test_criteria_are_renamed_ordered_added_and_taken_away() -> None:
    """The short name, to which marks refer, outlives the name; a new one is made from the name."""
    typed = typed_of(REPORT) | {"name-0": "Portée", "place-0": "9", "name-1": "", "forbidden": ""}
    typed |= {"name-3": "Coût", "place-3": "1", "direction-3": "high", "levels-3": "0\n1 Cher"}
    assert read_draft(typed).keys == ("cout", "faisabilite", "potentiel")


async def test_what_a_version_changes_is_shown_before_it_is_saved(register: World) -> None:
    """Forbidding nothing lets « Forum » in: said first, saved second, in force when asked."""
    async with register.browser(register.camille) as browser:
        form = (await browser.get(f"{PAGE}/modifier")).text
        assert "Potentiel 3 + Faisabilité 3" in form
        typed = typed_of(REPORT) | {"forbidden": "", "version": "1"}
        seen = (await browser.post(f"{PAGE}/modifier", data=typed)).text
        assert "1\u00a0ligne de nouveau retenue" in seen
        assert "Potentiel Modéré et Faisabilité Complexe" in seen
        token = re.findall(r'name="seen" value="(\w+)"', seen)[0]
        # Changed again after it was shown: it is shown again, and nothing is saved.
        other = typed | {"levels-0": "1 Fort\n2 Bon (non retenu)\n3", "seen": token}
        again = await browser.post(f"{PAGE}/modifier", data=other)
        assert (again.status_code, "Enregistrer la nouvelle version" in again.text) == (200, True)
        assert (await browser.get(f"{PAGE}?version=2")).status_code == 404
        kept = await browser.post(f"{PAGE}/modifier", data=typed | {"seen": token, "in_force": "1"})
        assert kept.status_code == 303
        assert "Écartée" not in (await browser.get("/pistes")).text
    async with register.reading() as db:
        standing = await queries.standing(db)
    assert (standing.version, standing.criteria.forbidden) == (2, ())


async def test_a_version_goes_back_in_force_and_two_editors_do_not_overwrite(register: World) -> None:
    """What it would change is said on its page; whoever wrote over version 1 hears of version 2."""
    renamed = typed_of(REPORT) | {"title": "Critères revus", "version": "1"}
    sent = renamed | {"seen": digest(read_draft(renamed))}
    async with register.browser(register.camille) as browser:
        assert (await browser.post(f"{PAGE}/modifier", data=sent | {"in_force": "1"})).status_code == 303
        other = renamed | {"title": "Les miens"}
        late = await browser.post(f"{PAGE}/modifier", data=other | {"seen": digest(read_draft(other))})
        assert late.status_code == 422
        assert "entre-temps" in late.text
        page = (await browser.get(f"{PAGE}?version=1")).text
        assert "Le crible et le classement restent les mêmes." in page
        assert (await browser.post(f"{PAGE}/en-vigueur", data={"version": "1"})).status_code == 303
    async with register.reading() as db:
        assert (await queries.standing(db)).version == 1
    async with register.browser(register.denise) as browser:
        assert (await browser.get("/pistes/criteres/groupes_2014")).status_code == 200
        assert (await browser.get(f"{PAGE}/modifier")).status_code == 403
        assert (await browser.post(f"{PAGE}/en-vigueur", data={"version": "2"})).status_code == 403
        assert (await browser.get("/pistes/criteres/lune")).status_code == 404


@pytest.mark.parametrize(
    ("words", "taken", "name"),
    [
        ("Critères de l’été 2026", set(), "criteres_de_ete"),
        ("Rapport", {"rapport", "rapport_2"}, "rapport_3"),
        ("2026 !", set(), "jeu"),
        ("Nouveau", {"nouveau"}, "nouveau_2"),
        ("x" * 120, set(), "x" * 36),
    ],
)
def test_a_set_gets_a_name_that_no_other_bears(words: str, taken: set[str], name: str) -> None:
    """Letters, figures and underscores, whatever its title."""
    assert free_name(words, taken) == name


async def test_a_set_is_made_from_nothing_or_from_another(register: World) -> None:
    """Camille copies the report, then makes one of two levels: the ranking stays, each says what it would change."""
    here = "/pistes/criteres/nouveau"
    async with register.browser(register.camille) as browser:
        before = await browser.get("/pistes")
        copied = (await browser.get(f"{here}?de=rapport_2016")).text
        assert "Potentiel 3 + Faisabilité 3" in copied
        again = typed_of(REPORT) | {"title": f"{REPORT.title} (copie)"}
        first = await browser.post(here, data=again)
        assert first.headers["location"] not in (PAGE, here)
        assert "3\u00a0lignes à évaluer" not in (await browser.get(PAGE)).text
        empty = (await browser.get(here)).text
        assert empty.count("Un critère de plus") == 3
        wrong = await browser.post(here, data={"title": "Coûts", "name-0": "Coût", "key-0": "", "levels-0": "1 Bas"})
        assert wrong.status_code == 422
        assert "Choisissez dans la liste." in wrong.text
        said = {"title": "Coûts", "name-0": "Coût", "key-0": "", "direction-0": "low", "levels-0": "1 Bas\n2 Haut"}
        made = await browser.post(here, data=said)
        assert made.headers["location"] == "/pistes/criteres/couts"
        assert "0\u00a0ligne à évaluer avant, 3 après" in (await browser.get(made.headers["location"])).text
        assert (await browser.post(here, data=said)).headers["location"] == "/pistes/criteres/couts_2"
        assert _rows(await browser.get("/pistes")) == _rows(before)
    async with register.browser(register.denise) as browser:
        assert (await browser.get(here)).status_code == 403
        assert (await browser.post(here, data=said)).status_code == 403
        assert "Nouveau jeu" not in (await browser.get("/pistes/criteres")).text


def _rows(page: httpx.Response) -> list[str]:
    return re.findall(r'<th scope="row">.*?</tr>', page.text, re.DOTALL)
