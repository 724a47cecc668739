"""Sentences that check themselves against the register."""

from fractions import Fraction

import pytest
from sqlmodel import col, select

from pistes.texts.forms import share_of
from pistes.texts.models import Claim
from world import World

PAGE = "/pistes/textes"
FALSE = {
    "words": "Moins d’une ligne sur quatre",
    "mark": "potentiel-3",
    "comparison": "less",
    "share": "1/4",
    "source": "Rapport",
}


@pytest.mark.parametrize(
    ("words", "share"),
    [("1/15", Fraction(1, 15)), ("1 sur 15", Fraction(1, 15)), ("7,5\u00a0%", Fraction(3, 40)), ("0 %", Fraction(0))],
)
def test_a_share_is_written_as_people_write_it(words: str, share: Fraction) -> None:
    """A fraction or a percentage, exactly."""
    assert share_of(words) == share


@pytest.mark.parametrize("words", ["", "un tiers", "2/1", "1/0", "101 %", "-1/2", "1/15/2"])
def test_what_is_no_share_is_refused(words: str) -> None:
    """Nothing is guessed."""
    with pytest.raises(ValueError, match="part"):
        share_of(words)


async def test_a_sentence_that_the_register_contradicts_is_said_with_its_figure(register: World) -> None:
    """One row of three is Modéré: the sentence is kept, with its warning, on its page and on the keeper's first one."""
    async with register.browser(register.camille) as browser:
        assert (await browser.post(f"{PAGE}/nouvelle", data=FALSE)).status_code == 303
        page = (await browser.get(PAGE)).text
        assert "Le registre contredit 1\u00a0phrase." in page
        assert "1\u00a0ligne sur 3, soit 33,3\u00a0%" in page
        assert "moins de 1 sur 4, soit 25\u00a0%" in page
        assert "Le registre contredit 1\u00a0phrase" in (await browser.get("/")).text
    async with register.browser(register.denise) as browser:
        assert "Contredit par le registre" in (await browser.get("/pistes")).text
        assert "Le registre contredit" not in (await browser.get("/")).text


async def test_a_sentence_is_mended_then_removed(register: World) -> None:
    """Half of the rows at most: true; then it is followed no more."""
    async with register.browser(register.camille) as browser:
        await browser.post(f"{PAGE}/nouvelle", data=FALSE)
        async with register.reading() as db:
            claim = (await db.exec(select(Claim).where(col(Claim.words) == FALSE["words"]))).one()
        here = f"{PAGE}/{claim.id}"
        assert 'value="1/4"' in (await browser.get(here)).text
        assert (await browser.post(here, data=FALSE | {"share": "50 %"})).status_code == 303
        assert "Contredit" not in (await browser.get(PAGE)).text
        assert (await browser.post(f"{here}/retrait")).status_code == 303
        assert FALSE["words"] not in (await browser.get(PAGE)).text


@pytest.mark.parametrize(("field", "value"), [("share", "beaucoup"), ("mark", "potentiel-9"), ("words", " ")])
async def test_what_is_wrong_is_said_beside_its_field(register: World, field: str, value: str) -> None:
    """422, and the form as typed."""
    async with register.browser(register.camille) as browser:
        answer = await browser.post(f"{PAGE}/nouvelle", data=FALSE | {field: value})
    assert answer.status_code == 422
    assert f'id="error-{field}"' in answer.text


async def test_only_keepers_write_sentences(register: World) -> None:
    """A mayor reads them all and writes none."""
    async with register.browser(register.denise) as browser:
        assert (await browser.post(f"{PAGE}/nouvelle", data=FALSE)).status_code == 403
