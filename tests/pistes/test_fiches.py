"""Fiches-actions and AFOR grids: written once, read on screen and on one page of paper."""

import io
from uuid import UUID

import pytest
import pytest_asyncio
from docx import Document
from pypdf import PdfReader
from sqlmodel import select

from entente.rules import Conflict
from pistes.afor.models import Grid
from pistes.fiches import service
from pistes.fiches.models import MOST_BLOCK, MOST_TEXT, Fiche, FicheForm
from pistes.fiches.queries import PARTS
from registers import piste
from world import World

HOSTILE = "#set page(fill: red) $x$ *gras* <b>œuvre</b> & « ça »\u00a0; \x07\u202efin"
READ = "#set page(fill: red) $x$ *gras* <b>œuvre</b> & « ça »\u00a0; fin"
FORM = {
    "title": "Achats communs",
    "objective": "Réaliser des économies",
    "description": HOSTILE,
    "results": "- Un premier point\n- Un second",
    "envelope": "Centrale d’achat",
    "keys": "Un coordonnateur",
    "version": "0",
}


@pytest_asyncio.fixture
async def bought(register: World) -> UUID:
    """A piste with marks, whose fiche Camille has written."""
    found = await piste(register, "Achats groupés")
    async with register.browser(register.camille) as browser:
        assert (await browser.post(f"/pistes/{found.id}/fiche/modifier", data=FORM)).status_code == 303
    return found.id


async def _file(register: World, address: str) -> bytes:
    async with register.browser(register.denise) as browser:
        answer = await browser.get(address)
    assert answer.status_code == 200
    return answer.content


def _pdf(content: bytes) -> tuple[str, PdfReader]:
    read = PdfReader(io.BytesIO(content))
    return " ".join(" ".join(page.extract_text() for page in read.pages).split()), read


def _docx(content: bytes) -> list[str]:
    made = Document(io.BytesIO(content))
    cells = [cell.text for table in made.tables for row in table.rows for cell in row.cells]
    return [*(each.text for each in made.paragraphs), *cells]


async def test_a_fiche_holds_on_one_page_in_pdf_and_says_every_word(register: World, bought: UUID) -> None:
    """Fields of annex 4, the contribution from the evaluation, nothing that people wrote read as markup."""
    words, read = _pdf(await _file(register, f"/pistes/{bought}/fiche.pdf"))
    assert len(read.pages) == 1
    assert read.metadata
    assert read.metadata.title == "Achats communs"
    assert str(read.root_object["/Lang"]) == "fr"
    assert read.root_object["/MarkInfo"]["/Marked"]  # type: ignore[index]
    for said in (*PARTS.values(), " ".join(READ.split()), "Un second", "Centrale d’achat", "Aubrac", "Facteurs clés"):
        assert " ".join(said.split()) in words
    assert "Potentiel 1" in words
    assert "Freins" not in words


async def test_a_fiche_goes_out_as_a_text_in_french(register: World, bought: UUID) -> None:
    """The same words in DOCX, in the language they are written in."""
    content = await _file(register, f"/pistes/{bought}/fiche.docx")
    words = _docx(content)
    assert "Fiche-action\u00a0: Achats communs" in words
    assert READ in words
    assert words[words.index("Potentiel") + 1] == "1"
    made = Document(io.BytesIO(content))
    assert (made.core_properties.title, made.core_properties.language) == ("Achats communs", "fr-FR")
    assert 'w:val="fr-FR"' in made.styles["Normal"].element.xml


async def test_the_longest_fiche_holds_on_one_page_too(register: World, bought: UUID) -> None:
    """Letters grow smaller before a second page begins."""
    async with register.working(register.camille) as work:
        long = {
            name: "mot " * (most // 4)
            for name, most in (
                ("description", MOST_TEXT),
                ("results", MOST_TEXT),
                ("envelope", MOST_BLOCK),
                ("brakes", MOST_BLOCK),
                ("gains", MOST_BLOCK),
                ("keys", MOST_BLOCK),
            )
        }
        form = FicheForm.model_validate({**FORM, **long, "version": "1"})
        await service.write(work, await piste(register, "Achats groupés"), form)
    words, read = _pdf(await _file(register, f"/pistes/{bought}/fiche.pdf"))
    assert len(read.pages) == 1
    assert words.count("mot") >= (2 * MOST_TEXT + 4 * MOST_BLOCK) // 4


async def test_whoever_writes_over_newer_words_is_told_and_keeps_theirs(register: World, bought: UUID) -> None:
    """The form comes back as typed; the fiche stays as it was."""
    async with register.browser(register.camille) as browser:
        late = await browser.post(f"/pistes/{bought}/fiche/modifier", data={**FORM, "keys": "Mes mots"})
        wrong = await browser.post(f"/pistes/{bought}/fiche/modifier", data={**FORM, "title": " ", "version": "1"})
    assert (late.status_code, wrong.status_code) == (409, 422)
    assert "entre-temps" in late.text
    assert "Mes mots" in late.text
    assert "Donnez un intitulé" in wrong.text
    async with register.reading() as db:
        assert (await db.exec(select(Fiche.keys))).all() == ["Un coordonnateur"]


async def test_two_first_fiches_meet_the_key(register: World) -> None:
    """The second writer is told, whatever their form said."""
    found = await piste(register, "Forum")
    async with register.working(register.camille) as work:
        await service.write(work, found, FicheForm(title="La première"))
        with pytest.raises(Conflict):
            await service.write(work, found, FicheForm(title="La seconde"))


async def test_members_read_and_those_who_keep_the_register_write(register: World, bought: UUID) -> None:
    """A mayor finds no form and may not send one; a piste without a fiche has nothing to print."""
    forum = await piste(register, "Forum")
    async with register.browser(register.denise) as browser:
        page = (await browser.get(f"/pistes/{bought}/fiche")).text
        assert "&lt;b&gt;œuvre&lt;/b&gt;" in page
        assert "/fiche/modifier" not in page
        for address in (f"/pistes/{bought}/fiche/modifier", f"/pistes/{forum.id}/afor/nouvelle"):
            assert (await browser.get(address)).status_code == 403
            assert (await browser.post(address, data=FORM | {"strengths": "x"})).status_code == 403
        assert (await browser.get(f"/pistes/{forum.id}/fiche.pdf")).status_code == 404
        assert (await browser.get(f"/pistes/{bought}/fiche.exe")).status_code == 404
        assert "Achats communs" in (await browser.get("/pistes/fiches")).text
    async with register.browser(register.camille) as browser:
        form = (await browser.get(f"/pistes/{forum.id}/fiche/modifier")).text
    assert 'value="Esprit"' in form


async def test_an_activity_has_one_grid(register: World) -> None:
    """The whole and two activities, each once; an empty grid says what is missing."""
    forum = await piste(register, "Forum")
    page = f"/pistes/{forum.id}/afor"
    async with register.browser(register.camille) as browser:
        for activity in ("", "Juridique"):
            sent = {"activity": activity, "strengths": f"Un\n- Deux {HOSTILE}", "risks": "Oubli"}
            assert (await browser.post(f"{page}/nouvelle", data=sent)).status_code == 303
        for sent, said in (({"activity": "juridique", "risks": "x"}, "déjà"), ({"activity": "Autre"}, "au moins un")):
            refused = await browser.post(f"{page}/nouvelle", data=sent)
            assert refused.status_code == 422
            assert said in refused.text
    async with register.reading() as db:
        grids = (await db.exec(select(Grid).order_by(Grid.key))).all()
    assert [grid.about for grid in grids] == ["La piste dans son ensemble", "Juridique"]
    words, read = _pdf(await _file(register, f"{page}/{grids[1].id}.pdf"))
    assert len(read.pages) == 1
    assert f"Deux {' '.join(READ.split())}" in words
    assert "Grille AFOR\u00a0: Forum, Juridique" in _docx(await _file(register, f"{page}/{grids[1].id}.docx"))


async def test_a_grid_is_changed_and_taken_away_on_its_own_piste(register: World, bought: UUID) -> None:
    """Not from another piste, not over newer words; the story keeps that it was there."""
    forum = await piste(register, "Forum")
    async with register.browser(register.camille) as browser:
        sent = await browser.post(f"/pistes/{forum.id}/afor/nouvelle", data={"risks": "Oubli"})
        grid = sent.headers["location"].rpartition("grille-")[2]
        for method, address in (("GET", "modifier"), ("POST", "retrait")):
            asked = await browser.request(method, f"/pistes/{bought}/afor/{grid}/{address}")
            assert asked.status_code == 404
        assert (await browser.get(f"/pistes/{forum.id}/afor/rien.pdf")).status_code == 404
        for version, status in (("1", 303), ("1", 409)):
            data = {"risks": "Autre risque", "version": version}
            assert (await browser.post(f"/pistes/{forum.id}/afor/{grid}/modifier", data=data)).status_code == status
        assert "Autre risque" in (await browser.get(f"/pistes/{forum.id}/afor")).text
        assert (await browser.post(f"/pistes/{forum.id}/afor/{grid}/retrait")).status_code == 303
        assert "Aucune grille" in (await browser.get(f"/pistes/{forum.id}/afor")).text
        assert "grille AFOR est retirée" in (await browser.get(f"/pistes/{forum.id}")).text
