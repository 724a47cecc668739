"""The keyboard alone is enough, and one always sees where one is."""

from playwright.async_api import Page, expect

from e2e.keys import FOCUS, reach, stands_somewhere
from e2e.windows import CLUB, LUDIVINE, Voice, Windows, live, posts


async def _lands_somewhere(page: Page) -> None:
    """Once what was swapped has settled, the focus is in the page and visible."""
    await page.wait_for_timeout(80)
    await stands_somewhere(page)


async def test_the_keyboard_alone_signs_in_posts_edits_and_signs_out(windows: Windows, claire: Voice) -> None:
    """Ludivine never touches the mouse; her focus is always visible and never lost when the page changes."""
    await claire.opens("Au clavier")
    page = await (await windows.device()).new_page()
    await page.goto("/connexion")
    await reach(page, page.get_by_role("button", name=LUDIVINE))
    await page.keyboard.press("Enter")
    await expect(page.locator(".person-name")).to_have_text(LUDIVINE)

    await page.goto(CLUB)
    await page.keyboard.press("Tab")
    await expect(page.locator(".skip")).to_be_focused()
    await page.keyboard.press("Enter")
    await reach(page, page.get_by_role("link", name="Au clavier", exact=True))
    await page.keyboard.press("Enter")
    await live(page)

    await reach(page, page.locator("#field-body"))
    await page.keyboard.type("Écrit sans souris.")
    await reach(page, page.locator("#send"))
    await page.keyboard.press("Enter")
    await expect(posts(page, "Écrit sans souris.")).to_have_count(1)
    await expect(page.locator("#field-body")).to_be_focused()
    await _lands_somewhere(page)

    mine = posts(page, "Écrit sans souris.")
    await reach(page, mine.get_by_role("link", name="Modifier"), "Shift+Tab")
    await page.keyboard.press("Enter")
    await expect(posts(page).locator("textarea")).to_be_focused()
    await _lands_somewhere(page)
    await page.keyboard.press("Control+A")
    await page.keyboard.type("Corrigé sans souris.")
    await reach(page, page.get_by_role("button", name="Enregistrer le message"))
    await page.keyboard.press("Enter")
    await expect(posts(page, "Corrigé sans souris.")).to_have_count(1)
    await page.wait_for_timeout(100)
    await _lands_somewhere(page)

    await reach(page, posts(page, "Corrigé").locator(".more > summary"))
    await page.keyboard.press("Enter")
    await reach(page, posts(page, "Corrigé").get_by_role("link", name="Supprimer"))
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("button", name="Supprimer le message")).to_be_visible()
    await _lands_somewhere(page)
    await reach(page, page.get_by_role("button", name="Supprimer le message"))
    await page.keyboard.press("Enter")
    await expect(posts(page, "Message supprimé.")).to_be_focused()
    await _lands_somewhere(page)

    await reach(page, page.locator(".person > summary"), "Shift+Tab")
    await page.keyboard.press("Enter")
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("button", name="Se déconnecter")).to_be_hidden()
    await expect(page.locator(".person > summary")).to_be_focused()
    await page.keyboard.press("Enter")
    await reach(page, page.get_by_role("button", name="Se déconnecter"))
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", name="Se connecter")).to_be_visible()


async def test_closing_and_reopening_a_thread_keeps_the_focus_in_the_page(windows: Windows, claire: Voice) -> None:
    """Claire closes her thread with the keyboard: the button goes, the focus does not fall out of the page."""
    page = await windows.of("Claire Sauzeau", await claire.opens("À clore"))
    await live(page)
    await page.get_by_role("button", name="Fermer le fil").focus()

    await page.keyboard.press("Enter")
    await expect(page.get_by_text("Ce fil est fermé")).to_be_visible()
    await page.wait_for_timeout(100)

    assert not (await page.evaluate(FOCUS))["isLost"]
