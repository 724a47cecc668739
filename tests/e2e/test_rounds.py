"""A round of evaluation in several windows, and what a committee and a council do with what comes out of it."""

import asyncio
import io
import re
import secrets
from datetime import timedelta

from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Locator, Page, expect
from pypdf import PdfReader
from sqlmodel import col, select

from e2e.windows import KEEPER, SOON, Windows, live
from entente.clock import now, today
from entente.people.models import Person, Session
from entente.people.queries import hash_of

ANNE_LAURE = "Anne-Laure Gendreau"
"""She speaks for Soyaux, which has yet to answer."""
COTECH, COPIL = ("Olivier", "Kerdraon"), ("Farid", "Mansouri")
"""Their secretaries: one runs rounds and keeps the register, the other writes the decisions down."""
TOWNS = {
    "Soyaux": ("Anne-Laure", "Gendreau"),
    "Touvre": ("Hubert", "Desbordes"),
    "Angoulême": ("Isabelle", "Montreuil"),
}
PATIENCE = 30_000
"""How long, in milliseconds, one waits for what must come: four windows and a server share two cores."""


async def _window(windows: Windows, person: tuple[str, str], address: str) -> Page:
    """A window of anybody of the demonstration, those who do not stand at its door included."""
    secret = secrets.token_urlsafe(32)
    async with windows.house.house() as house, house.database.writing() as db:
        given, family = person
        asked = select(Person.id).where(col(Person.given_name) == given, col(Person.family_name) == family)
        until = now() + timedelta(days=1)
        db.add(Session(hash=hash_of(secret), person_id=(await db.exec(asked)).one(), device="Essai", expires_at=until))
    device = await windows.device()
    device.set_default_timeout(PATIENCE)
    await device.add_cookies([{"name": "entente", "value": secret, "url": windows.house.base}])
    page = await device.new_page()
    await page.goto(address)
    return page


async def _press(place: Locator, key: str = "Enter") -> None:
    """Do it with the keyboard: the focus goes there, and a key is pressed."""
    await place.focus()
    await expect(place).to_be_focused(timeout=PATIENCE)
    await place.press(key)


async def _live(*pages: Page) -> None:
    """Wait until these pages follow what happens, however busy the machine is."""
    for page in pages:
        state = page.locator("#link-state")
        await expect(state).to_have_attribute("aria-label", "en direct", timeout=PATIENCE)


async def test_the_count_grows_as_another_commune_answers(windows: Windows) -> None:
    """Anne-Laure gives Soyaux's last mark, saved as she goes: Thomas sees one more, a name less, and no mark."""
    his = await windows.of(KEEPER, "/pistes/evaluation")
    await his.get_by_role("heading", name="Réévaluation des pistes numériques").get_by_role("link").click()
    await expect(his.get_by_text("13 sur 16").first).to_be_visible()
    await expect(his.locator(".missing")).to_contain_text("Soyaux")
    hers = await windows.of(ANNE_LAURE, his.url)
    await hers.get_by_role("link", name="Donner les notes de Soyaux").click()
    await expect(hers.get_by_role("heading", name="Vos notes")).to_be_visible()
    found = await Axe().run(hers)
    assert found.response["violations"] == []
    await live(his, hers)

    cells = hers.locator(".answers select")
    for number in range(await cells.count()):
        await cells.nth(number).select_option(index=1)
    await expect(hers.locator("#saved")).to_contain_text("12\u00a0notes", timeout=SOON)

    await expect(his.locator(".round-progress")).to_contain_text("14 sur 16", timeout=SOON)
    await expect(his.locator(".missing")).not_to_contain_text("Soyaux")


async def test_three_communes_evaluate_without_seeing_each_other_until_the_round_closes(windows: Windows) -> None:
    """In four windows and with the keyboard alone: the CoTech opens, Soyaux says 1, Touvre 2, Angoulême 3.

    Nothing of it shows anywhere before the closing, which every window then hears of by itself.
    """
    title = "Sessions délocalisées du Conservatoire de musique"
    cotech = await _window(windows, COTECH, "/pistes/evaluation/nouveau")
    await _press(cotech.get_by_label("Titre"), "T")
    await cotech.keyboard.type("our de musique")
    await _press(cotech.get_by_text("Ou choisir les pistes une à une"))
    await _press(cotech.get_by_role("checkbox", name=title), "Space")
    await _press(cotech.get_by_role("button", name="Ouvrir le tour"))
    await expect(cotech.get_by_role("heading", name="Tour de musique")).to_be_visible(timeout=PATIENCE)
    here = cotech.url
    piste = await cotech.get_by_role("link", name=title).get_attribute("href")
    assert piste
    await _live(cotech)

    pages = {}
    for number, (town, person) in enumerate(TOWNS.items(), start=1):
        pages[town] = page = await _window(windows, person, here)
        await _press(page.get_by_role("link", name=f"Donner les notes de {town}"))
        await expect(page.get_by_role("heading", name="Vos notes")).to_be_visible(timeout=PATIENCE)
        cells = page.locator(".answers select")
        await expect(cells).to_have_count(3, timeout=PATIENCE)
        for cell in range(3):
            await _press(cells.nth(cell), str(number))
            await expect(cells.nth(cell)).to_have_value(str(number), timeout=PATIENCE)
            await expect(page.locator("#saved")).to_contain_text(f"donné {cell + 1}\u00a0note", timeout=PATIENCE)
        await expect(cotech.locator(".round-progress")).to_contain_text(f"{number} sur 16", timeout=PATIENCE)
    await _live(*pages.values())

    for page in (cotech, *pages.values()):
        told = await asyncio.gather(*(page.request.get(each) for each in (here, f"{here}/resultats.csv", piste)))
        assert [answer.status for answer in told] == [200, 404, 200]
        whole = await told[0].text() + await told[2].text()
        assert not re.search(r'class="spread"|quartiles|\(calculée', whole)

    await _press(cotech.get_by_role("button", name="Clore le tour").first)
    await _press(cotech.locator("form.question").get_by_role("button", name="Clore le tour"))
    median = cotech.get_by_role("row", name=title).get_by_role("cell").first
    await expect(median).to_contain_text("2 Bon", timeout=PATIENCE)
    await expect(median).to_contain_text("de 1 à 3, 3\u00a0voix", timeout=PATIENCE)
    for page in pages.values():
        await expect(page.get_by_text("Ce tour est clos")).to_be_visible(timeout=PATIENCE)
    await cotech.goto(piste)
    await expect(cotech.get_by_text("(calculée").first).to_be_visible(timeout=PATIENCE)


async def test_a_ranking_is_frozen_a_fiche_printed_and_a_gate_passed(windows: Windows) -> None:
    """The CoTech freezes, writes a fiche, prints it and engages the piste; the CoPil says go, and its page follows."""
    title = "Maintenance des véhicules"
    cotech = await _window(windows, COTECH, "/pistes/classements")
    await _press(cotech.get_by_label("Titre"), "P")
    await cotech.keyboard.type("our le CoPil")
    await cotech.keyboard.press("Enter")
    await expect(cotech.get_by_text("Empreinte vérifiée")).to_be_visible(timeout=PATIENCE)
    await expect(cotech.get_by_text("Identique au classement d’aujourd’hui")).to_be_visible()

    await cotech.goto("/pistes")
    await _press(cotech.get_by_role("link", name=title))
    await expect(cotech.get_by_role("heading", name=title, level=1)).to_be_visible(timeout=PATIENCE)
    piste = cotech.url
    await _press(cotech.get_by_role("link", name="Fiche-action"))
    await _press(cotech.get_by_role("link", name="Rédiger la fiche"))
    await _press(cotech.get_by_label("Résultats attendus"), "U")
    await cotech.keyboard.type("n atelier pour seize communes.")
    await _press(cotech.get_by_role("button", name="Enregistrer la fiche"))
    paper = cotech.get_by_role("link", name="PDF")
    await expect(paper).to_be_visible(timeout=PATIENCE)
    address = await paper.get_attribute("href")
    assert address
    printed = PdfReader(io.BytesIO(await (await cotech.request.get(address)).body()))
    assert len(printed.pages) == 1
    assert "Un atelier pour seize communes." in printed.pages[0].extract_text()

    await cotech.goto(piste)
    await _press(cotech.get_by_text("Changer de phase").first)
    await _press(cotech.get_by_role("button", name="Changer de phase").last)
    gate = cotech.locator("#course ~ p", has_text="Prochain jalon")
    await expect(gate).to_contain_text("Étude", timeout=PATIENCE)
    await _live(cotech)

    copil = await _window(windows, COPIL, piste)
    await _press(copil.get_by_role("link", name="Enregistrer la décision"))
    await copil.get_by_label("Jour de la séance").fill(today().isoformat())
    await _press(copil.get_by_role("button", name="Voir qui siégeait ce jour-là"))
    await _press(copil.locator(".seats select").first, "ArrowDown")
    await _press(copil.get_by_role("radio", name="Go", exact=True), "Space")
    await _press(copil.get_by_label("Motif"), "V")
    await copil.keyboard.type("u en séance.")
    await _press(copil.get_by_role("button", name="Enregistrer la décision"))
    await expect(copil.get_by_text("est enregistrée")).to_be_visible(timeout=PATIENCE)
    await expect(cotech.locator(".piste header")).to_contain_text("Étude", timeout=PATIENCE)
