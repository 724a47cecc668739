"""Room by room, what no address shows: what unfolds, what is refused, what is empty, what has just been made; and the
keyboard alone, where a room has no journey of its own."""

from collections.abc import AsyncIterator, Sequence

import pytest
import pytest_asyncio
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, Page, expect

from e2e.keys import reach
from e2e.windows import CLAIRE, KEEPER, LUDIVINE, SAMIR, Demo, Voice, Windows, lines, posts

HUBERT = "Hubert Desbordes"
PATIENCE = 30_000
"""Milliseconds: nothing here is about speed."""
UNFOLD = """() => {
  const folded = [...document.querySelectorAll(":is(main, aside) details:not([open])")];
  for (const each of folded) each.open = true;
  return folded.length;
}"""
ASK = "() => document.querySelector(':is(main, aside) form[popover]').showPopover()"


async def _faults(page: Page) -> list[str]:
    """What axe holds against the page as it stands, in the light and in the dark."""
    found = []
    for scheme in ("light", "dark"):
        await page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        violations = (await Axe().run(page)).response["violations"]
        found += [f"{each['id']}: {node['html'][:160]}" for each in violations for node in each["nodes"]]
    return found


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def shelf(chromium: Browser, demo: Demo) -> AsyncIterator[dict[str, Page]]:
    """One window per person, kept from one state to the next: these look and change nothing."""
    windows, pages = Windows(chromium, demo), {}
    windows.expect_wrong("422")
    for name in (HUBERT, KEEPER, LUDIVINE, SAMIR, CLAIRE):
        pages[name] = await windows.of(name)
        pages[name].set_default_timeout(PATIENCE)
    yield pages
    assert await windows.close() == []


async def _follow(page: Page, address: str, *links: str) -> None:
    """Open an address, then the first link of the page that bears each name."""
    await page.goto(address)
    for name in links:
        link = page.locator("#main").get_by_role("link", name=name).first
        there = await link.get_attribute("href")
        assert there
        await page.goto(there if there.startswith("/") else page.url.split("?")[0] + there)


@pytest.mark.parametrize(
    ("name", "address", "links"),
    [
        (HUBERT, "/planning?vue=liste", ("Conseil communautaire",)),
        (HUBERT, "/planning", ()),
        (CLAIRE, "/planning?vue=liste", ("Comité technique",)),
        (SAMIR, "/reservations/a-approuver", ()),
        (KEEPER, "/pistes", ("Achats groupés",)),
        (KEEPER, "/pistes/phases", ()),
        (LUDIVINE, "/forums/club-des-acheteurs", ("Groupement de sel",)),
    ],
)
async def test_what_unfolds_is_accessible(
    shelf: dict[str, Page], name: str, address: str, links: Sequence[str]
) -> None:
    """A pouvoir to give, agendas to show, a refusal to explain, a mark to fix, a card to move: all of it unfolded."""
    page = shelf[name]
    await _follow(page, address, *links)
    assert await page.evaluate(UNFOLD) > 0
    assert await _faults(page) == []


@pytest.mark.parametrize(
    ("name", "address"),
    [
        (KEEPER, "/administration/domaines"),
        (HUBERT, "/planning/absences"),
        (LUDIVINE, "/reservations/miennes → Nacelle 18 m"),
    ],
)
async def test_the_question_before_what_cannot_be_undone_is_accessible(
    shelf: dict[str, Page], name: str, address: str
) -> None:
    """A domain, an absence, a reservation: the question is open, its words have the focus."""
    page = shelf[name]
    first, _, link = address.partition(" → ")
    await _follow(page, first, *([link] if link else []))
    await page.evaluate(ASK)
    await expect(page.locator("form[popover]:popover-open button")).to_be_visible(timeout=PATIENCE)
    assert await _faults(page) == []


@pytest.mark.parametrize(
    ("name", "address", "submit"),
    [
        (CLAIRE, "/planning/reunions/nouvelle", "Prévoir la réunion"),
        (KEEPER, "/pistes/nouvelle", "Ajouter la piste"),
        (LUDIVINE, "/reservations?what=nacelle&day=2026-02-30&start=8", "Voir ce qui est libre"),
        (KEEPER, "/administration/personnes/import", "Vérifier les lignes"),
        (HUBERT, "/planning/absences", "Annoncer l’absence"),
    ],
)
async def test_a_refused_form_is_accessible(shelf: dict[str, Page], name: str, address: str, submit: str) -> None:
    """Each says what is to be corrected, and the summary takes the focus."""
    page = shelf[name]
    await page.goto(address)
    await page.get_by_role("button", name=submit).last.click()
    await expect(page.locator("#summary")).to_be_visible(timeout=PATIENCE)
    assert await _faults(page) == []


@pytest.mark.parametrize("address", ["/reservations/miennes", "/reservations/a-approuver", "/forums/brouillons"])
async def test_an_empty_page_is_accessible(shelf: dict[str, Page], address: str) -> None:
    """Hubert has reserved nothing, keeps nothing and has written nothing: each page says what to do."""
    page = shelf[HUBERT]
    await page.goto(address)
    await expect(page.locator(".empty")).to_be_visible(timeout=PATIENCE)
    assert await _faults(page) == []


async def test_what_arrives_while_one_reads_above_is_accessible(windows: Windows, claire: Voice) -> None:
    """Ludivine reads the beginning of a long thread; Claire answers: a bar says so. « ? » opens the keys."""
    thread = await claire.opens("Une barre qui annonce")
    await claire.says(thread, *lines(25))
    page = await windows.of(LUDIVINE, thread)
    await expect(page.locator("#link-state")).to_have_attribute("aria-label", "en direct", timeout=PATIENCE)
    await page.evaluate("() => scrollTo({ top: 0, behavior: 'instant' })")
    await claire.says(thread, "Un mot de plus.")
    await expect(posts(page, "Un mot de plus.")).to_have_count(1, timeout=PATIENCE)
    await expect(page.locator("#news-bar")).to_be_visible(timeout=PATIENCE)
    assert await _faults(page) == []

    await page.locator("h1").click()
    await page.keyboard.press("?")
    await expect(page.locator("dialog#keys")).to_be_visible(timeout=PATIENCE)
    assert await _faults(page) == []


async def test_the_keyboard_alone_answers_a_meeting(windows: Windows) -> None:
    """Hubert is excused, then comes after all, from the first page, and his focus is never lost."""
    page = await windows.of(HUBERT)
    for word in ("Excusé", "Présent"):
        answer = page.get_by_role("button", name=f"{word} : Comité de pilotage", exact=False).first
        await reach(page, answer)
        await page.keyboard.press("Enter")
        await expect(answer).to_have_attribute("aria-pressed", "true", timeout=PATIENCE)


async def test_the_keyboard_alone_makes_an_address_for_a_telephone_and_takes_it_back(windows: Windows) -> None:
    """Hubert names his telephone, reads the address and its square, then revokes it behind a question."""
    page = await windows.of(HUBERT, "/agendas")
    await reach(page, page.get_by_label("Pour quel appareil ?"))
    await page.keyboard.type("Téléphone de la mairie")
    await page.keyboard.press("Enter")
    await expect(page.locator("#field-address")).to_be_visible(timeout=PATIENCE)
    assert await _faults(page) == []
    await reach(page, page.get_by_role("link", name="Revenir à mes agendas"))
    await page.keyboard.press("Enter")
    mine = page.locator("li", has_text="Téléphone de la mairie")
    await reach(page, mine.get_by_role("button", name="Révoquer").first)
    await page.keyboard.press("Enter")
    await expect(page.get_by_text("ne recevra plus rien")).to_be_visible(timeout=PATIENCE)
    assert await _faults(page) == []
    await reach(page, mine.locator("form[popover]").get_by_role("button", name="Révoquer"))
    await page.keyboard.press("Enter")
    await expect(mine).to_have_count(0, timeout=PATIENCE)


async def test_the_keyboard_alone_invites_someone(windows: Windows) -> None:
    """Thomas finds the form from the list of people, fills it, and is told that the invitation is on its way."""
    page = await windows.of(KEEPER, "/administration/personnes")
    await reach(page, page.get_by_role("link", name="Inviter une personne"))
    await page.keyboard.press("Enter")
    for label, words in (
        ("Adresse e-mail", "jeanne.morel@soyaux.example"),
        ("Prénom", "Jeanne"),
        ("Nom", "Morel"),
        ("Organisation", "Soyaux"),
        ("Fonction", "Acheteur"),
    ):
        await reach(page, page.get_by_label(label, exact=True))
        await page.keyboard.type(words)
    await reach(page, page.get_by_role("button", name="Envoyer l’invitation"))
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", level=1, name="Jeanne Morel")).to_be_visible(timeout=PATIENCE)
    assert await _faults(page) == []


async def test_the_keyboard_alone_has_someone_forgotten(windows: Windows) -> None:
    """Thomas invites someone by mistake, reads what will disappear, ticks the box: the name is in no list."""
    page = await windows.of(KEEPER, "/administration/personnes/nouvelle")
    await page.get_by_label("Adresse e-mail").fill("ludovic.passage@soyaux.example")
    await page.get_by_label("Prénom").fill("Ludovic")
    await page.get_by_label("Nom", exact=True).fill("Passage")
    await page.get_by_label("Organisation").select_option(label="Soyaux")
    await page.get_by_label("Fonction").select_option(label="Agent")
    await page.get_by_role("button", name="Envoyer l’invitation").click()
    await reach(page, page.get_by_role("link", name="Anonymiser…"))
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", level=1, name="Anonymiser Ludovic Passage")).to_be_visible(
        timeout=PATIENCE
    )
    assert await _faults(page) == []
    await page.set_viewport_size({"width": 320, "height": 700})
    assert await page.evaluate("document.documentElement.scrollWidth") <= 320
    submit = page.get_by_role("button", name="Anonymiser définitivement")
    await reach(page, page.get_by_label("Je sais que cela ne s’annule pas"))
    await page.keyboard.press("Space")
    await reach(page, submit)
    await page.keyboard.press("Enter")
    await expect(page.get_by_text("La personne est anonymisée.")).to_be_visible(timeout=PATIENCE)
    await page.goto("/administration/personnes?q=passage")
    await expect(page.get_by_text("Ludovic Passage")).to_have_count(0)
