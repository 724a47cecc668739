"""Everything that matters works in a browser that runs no script."""

import re

from playwright.async_api import Page, expect
from sqlmodel import select

from e2e.windows import CLUB, LUDIVINE, SAMIR, Voice, Windows, more, posts
from entente.people.models import Person


async def _plain(windows: Windows) -> Page:
    return await (await windows.device(java_script_enabled=False)).new_page()


async def test_one_reads_posts_edits_and_withdraws_without_scripts(windows: Windows, claire: Voice) -> None:
    """Ludivine enters with one click, finds the unread thread, answers, corrects, withdraws, and leaves."""
    await claire.opens("Sans JavaScript", "Cela marche-t-il aussi ?")
    page = await _plain(windows)
    await page.goto("/connexion")
    await page.get_by_role("button", name=LUDIVINE).click()

    await page.goto(CLUB)
    row = page.locator("#threads > li", has_text="Sans JavaScript")
    await expect(row.locator(".dot")).to_be_visible()
    await row.get_by_role("link").click()
    await expect(posts(page, "Cela marche-t-il aussi ?")).to_have_count(1)

    await page.fill("#field-body", "Oui, **très bien**.")
    await page.click("#send")
    await expect(posts(page, "Oui, très bien.")).to_have_count(1)
    await posts(page, "très bien").get_by_role("link", name="Modifier").click()
    await page.get_by_label("Votre message").fill("Oui, parfaitement.")
    await page.get_by_role("button", name="Enregistrer le message").click()
    await expect(posts(page, "Oui, parfaitement.")).to_have_count(1)
    await expect(page.get_by_text("Votre message est modifié.")).to_be_visible()

    await more(posts(page, "parfaitement"), "Supprimer")
    await page.get_by_role("button", name="Supprimer le message").click()
    await expect(posts(page, "Message supprimé.")).to_have_count(1)

    await page.goto(CLUB)
    await expect(row.locator(".dot")).to_be_hidden()
    await page.locator(".person > summary").click()
    await page.get_by_role("button", name="Se déconnecter").click()
    await page.goto(CLUB)
    await expect(page.get_by_role("heading", name="Se connecter")).to_be_visible()


async def test_the_link_of_a_mail_opens_the_house_without_scripts(windows: Windows) -> None:
    """Samir asks for a link, reads the mail of the demonstration, and enters."""
    page = await _plain(windows)
    await page.goto("/connexion")
    await page.get_by_label("Adresse électronique").first.fill(await _address_of(windows, "Ouadah"))
    await page.get_by_role("button", name="Recevoir un lien de connexion").click()

    link = page.locator("a[href*='/connexion/lien/']")
    for _ in range(50):
        await page.goto("/courrier")
        if await link.count():
            break
        await page.wait_for_timeout(100)
    await link.first.click()
    await page.get_by_role("button", name="Me connecter sur cet appareil").click()

    await expect(page.locator(".person-name")).to_have_text(SAMIR)


async def test_a_refused_form_comes_back_with_its_words_without_scripts(windows: Windows) -> None:
    """A thread without a title is not opened; the message that was typed is still there."""
    page = await windows.of(LUDIVINE, f"{CLUB}/nouveau", java_script_enabled=False)
    windows.expect_wrong("422")

    await page.get_by_label("Votre message").fill("Un long message écrit avec soin.")
    await page.get_by_role("button", name="Publier le fil").click()

    await expect(page.get_by_role("link", name="Donnez un titre à ce fil.")).to_be_visible()
    await expect(page.get_by_label("Votre message")).to_have_value("Un long message écrit avec soin.")
    await expect(page).to_have_title(re.compile("^Erreur"))


async def _address_of(windows: Windows, family_name: str) -> str:
    async with windows.house.house() as house, house.database.reading() as db:
        return (await db.exec(select(Person.email).where(Person.family_name == family_name))).one()
