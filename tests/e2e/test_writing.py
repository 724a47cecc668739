"""Writing in the forums: with the keyboard alone, twice at once, and whatever closes before one has finished."""

from contextlib import suppress

from playwright.async_api import Error, Page, expect

from e2e.test_states import _is_accessible
from e2e.windows import CLUB, LUDIVINE, Voice, Windows, live, posts

SAVED = "Brouillon enregistré."


async def _writes(page: Page, words: str) -> None:
    """Type in the composer, and wait until the server has it."""
    await page.locator("#field-body").focus()
    async with page.expect_response("**/forums/brouillons") as saved:
        await page.keyboard.type(words)
    assert (await saved.value).status == 200
    await expect(page.locator("#composer [data-draft-status]")).to_contain_text(SAVED)


async def test_the_keyboard_alone_formats_previews_and_undoes(windows: Windows, claire: Voice) -> None:
    """Ludivine writes, goes to the toolbar with Tab and through it with the arrows, looks, and changes her mind."""
    page = await windows.of(LUDIVINE, await claire.opens("À mettre en forme"))
    await live(page)
    area = page.locator("#field-body")
    await area.focus()
    await page.keyboard.type("sel et sable")

    await page.keyboard.press("Control+A")
    await page.keyboard.press("Control+B")
    await expect(area).to_have_value("**sel et sable**")
    await page.keyboard.press("Control+B")
    await expect(area).to_have_value("sel et sable")
    await page.keyboard.press("Shift+Tab")
    await expect(page.get_by_role("button", name="Gras")).to_be_focused()
    for _ in range(5):
        await page.keyboard.press("ArrowRight")
    await expect(page.get_by_role("button", name="Liste", exact=True)).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(area).to_have_value("- sel et sable")
    await expect(area).to_be_focused()
    await page.keyboard.press("Control+Z")
    await expect(area).to_have_value("sel et sable")
    await page.keyboard.press("Shift+Tab")
    await expect(page.get_by_role("button", name="Liste", exact=True)).to_be_focused()

    await page.keyboard.press("End")
    await page.keyboard.press("Enter")
    await page.keyboard.type("Ville")
    await page.get_by_role("button", name="Aperçu").focus()
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("region", name="Aperçu").locator("th").first).to_have_text("Ville")
    await page.locator(".formatting summary").click()
    await _is_accessible(page)
    await area.press("x")
    await expect(page.get_by_role("region", name="Aperçu")).to_be_hidden()


async def test_a_selection_is_quoted_with_its_author_and_its_place(windows: Windows, claire: Voice) -> None:
    """With a selection « Répondre » quotes it alone, and « Citer » stands beside it; nothing in it is formatting."""
    thread = await claire.opens("À citer", "Le prix du sel.\n\n**Deux** tonnes_à_part suffisent, 3 * 4 fois.")
    page = await windows.of(LUDIVINE, thread)
    await live(page)
    area = page.locator("#field-body")
    await page.locator("#field-body").fill("Bonjour")
    await (
        posts(page)
        .locator(".prose p")
        .last.evaluate("(element) => getSelection().setBaseAndExtent(element, 0, element, element.childNodes.length)")
    )
    await expect(page.get_by_role("button", name="Citer", exact=True)).to_be_visible()

    await posts(page).get_by_role("link", name="Répondre").focus()
    await page.keyboard.press("Enter")

    number = (await posts(page).first.get_attribute("id") or "").removeprefix("post-")
    head = f"> **Claire Sauzeau** [a écrit](/forums/messages/{number})\u00a0:"
    quote = f"Bonjour\n\n{head}\n>\n> Deux tonnes\\_à\\_part suffisent, 3 \\* 4 fois.\n\n"
    await expect(area).to_have_value(quote)
    await expect(area).to_be_focused()

    await posts(page).locator(".prose p").first.click(click_count=3)
    await page.get_by_role("button", name="Citer", exact=True).click()
    await expect(area).to_have_value(quote + f"{head}\n>\n> Le prix du sel.\n\n")


async def test_what_is_typed_survives_its_window(windows: Windows, claire: Voice) -> None:
    """Ludivine's window is killed; another has her text, and so has a third; posted from one, it is nowhere else."""
    thread = await claire.opens("À reprendre")
    page = await windows.of(LUDIVINE, thread)
    await _writes(page, "Nous prendrons 40 tonnes.")
    await page.close(run_before_unload=False)

    second, third = await page.context.new_page(), await page.context.new_page()
    for window in (second, third):
        await window.goto(thread)
        await expect(window.locator("#field-body")).to_have_value("Nous prendrons 40 tonnes.")
    await live(second)
    await _is_accessible(second)
    await _writes(third, "Ou 50 ?")
    await second.locator("#send").click()
    await expect(posts(second, "Nous prendrons 40 tonnes.")).to_have_count(1)
    await second.reload()
    await expect(second.locator("#field-body")).to_have_value("Ou 50 ?Nous prendrons 40 tonnes.")

    await second.get_by_role("button", name="Effacer ce brouillon").click()
    await expect(second.locator("#field-body")).to_have_value("")
    await second.goto("/forums/brouillons")
    await expect(second.get_by_text("À reprendre")).to_have_count(0)


async def test_a_server_that_does_not_answer_loses_no_text(windows: Windows, claire: Voice) -> None:
    """No save goes through and the window crashes: the next one sends the text and shows it; signing out forgets it."""
    windows.expect_wrong("Failed to load resource")
    thread = await claire.opens("Hors ligne")
    page = await windows.of(LUDIVINE, thread)
    await page.route("**/forums/brouillons", lambda route: route.abort())
    await page.locator("#field-body").focus()
    await page.keyboard.type("Écrit dans un tunnel")
    await expect(page.locator("#composer [data-draft-status]")).to_contain_text("gardé dans ce navigateur")
    async with page.expect_event("crash"):
        with suppress(Error):
            await page.goto("chrome://crash")

    again = await page.context.new_page()
    await again.goto(thread)
    await expect(again.locator("#field-body")).to_have_value("Écrit dans un tunnel")
    await expect(again.locator("#composer [data-draft-status]")).to_contain_text("retrouvé")
    await again.goto("/forums/brouillons")
    await expect(again.get_by_label("Votre texte").first).to_have_value("Écrit dans un tunnel")
    await _is_accessible(again)

    await again.goto(thread)
    await again.route("**/forums/brouillons", lambda route: route.abort())
    await again.locator("#field-body").press("x")
    await expect(again.locator("#composer [data-draft-status]")).to_contain_text("gardé dans ce navigateur")
    await again.locator(".person > summary").click()
    await again.get_by_role("button", name="Se déconnecter").click()
    await expect(again.get_by_role("heading", name="Se connecter")).to_be_visible()
    assert await again.evaluate("() => Object.keys(localStorage)") == []


async def test_keys_of_one_letter_move_answer_and_can_be_turned_off(windows: Windows, claire: Voice) -> None:
    """j and k walk through threads and messages, r answers, ? lists them; while writing they are letters, or off."""
    thread = await claire.opens("Au clavier, vite")
    await claire.says(thread, "Un", "Deux")
    page = await windows.of(LUDIVINE, CLUB)
    titles = page.locator("#threads .thread-title a")
    await page.keyboard.press("j")
    await expect(titles.nth(0)).to_be_focused()
    await page.keyboard.press("j")
    await page.keyboard.press("k")
    await expect(titles.nth(0)).to_be_focused()

    await page.goto(thread)
    await page.keyboard.press("j")
    await page.keyboard.press("j")
    await expect(posts(page).nth(1)).to_be_focused()
    await page.keyboard.press("r")
    await page.keyboard.type("jk?")
    await expect(page.locator("#field-body")).to_have_value("jk?")
    await page.locator("#main").focus()
    await page.keyboard.press("?")
    await expect(page.get_by_role("dialog", name="Raccourcis clavier")).to_be_visible()
    await _is_accessible(page)
    await page.get_by_label("Utiliser les raccourcis").uncheck()
    await page.keyboard.press("Escape")

    await page.goto(CLUB)
    await page.keyboard.press("j")
    await expect(titles.nth(0)).not_to_be_focused()
    await page.get_by_role("link", name="Raccourcis clavier").click()
    await expect(page.get_by_label("Utiliser les raccourcis")).not_to_be_checked()


async def test_without_scripts_one_looks_keeps_and_comes_back(windows: Windows, claire: Voice) -> None:
    """No toolbar shows that could not work; the help, the preview and the draft are buttons and words."""
    thread = await claire.opens("Sans script, écrire")
    page = await windows.of(LUDIVINE, thread, java_script_enabled=False)

    await expect(page.get_by_role("toolbar")).to_be_hidden()
    await page.get_by_label("Votre réponse").fill("Une **lame**")
    await page.get_by_role("button", name="Aperçu").click()
    await expect(page.get_by_role("region", name="Aperçu").locator("strong")).to_have_text("lame")
    await page.get_by_role("button", name="Garder le brouillon").click()
    await expect(page.get_by_text("Votre brouillon est gardé.")).to_be_visible()

    await page.goto("/forums/brouillons")
    await page.get_by_role("link", name="Reprendre").first.click()
    await expect(page.get_by_label("Votre réponse")).to_have_value("Une **lame**")
    await page.locator("#send").click()
    await expect(posts(page, "Une lame")).to_have_count(1)
    await expect(page.get_by_label("Votre réponse")).to_have_value("")
