"""The register in two windows: what one does, the other sees."""

from playwright.async_api import expect

from e2e.windows import CLAIRE, KEEPER, SOON, Windows, live


async def test_a_mark_shows_on_the_table_and_on_the_page(windows: Windows) -> None:
    """Thomas fixes a mark by hand; Claire's filtered table and her page of the piste follow within two seconds."""
    table = await windows.of(CLAIRE, "/pistes?note=potentiel-3")
    row = table.get_by_role("row", name="Expertises courantes")
    address = await row.get_by_role("link").first.get_attribute("href")
    assert address
    hers, his = await windows.of(CLAIRE, address), await windows.of(KEEPER, address)
    await live(table, hers)

    await his.get_by_text("Fixer une note").click()
    note = his.locator(f'form[action="{address}/note"]')
    await note.get_by_label("Niveau").fill("2")
    await note.get_by_label("Motif").fill("Réunion du comité technique")
    await note.get_by_role("button").click()

    await expect(hers.get_by_text("Réunion du comité technique").first).to_be_visible(timeout=SOON)
    await expect(row).to_have_count(0, timeout=SOON)
    await expect(table.get_by_role("row", name="Support d'information")).to_be_visible()


async def test_a_card_is_moved_by_keyboard_and_the_other_board_follows(windows: Windows) -> None:
    """Thomas opens a card's form with keys alone; on Claire's board the card leaves its column by itself."""
    hers, his = await windows.of(CLAIRE, "/pistes/phases"), await windows.of(KEEPER, "/pistes/phases")
    await live(hers)
    title = "Observatoire des données financières des communes"
    card = his.locator(".board-card", has_text=title)
    await card.locator("summary").focus()
    await his.keyboard.press("Enter")
    await expect(card.get_by_label(f"Nouvelle phase de {title}")).to_have_value("initialisation")
    await card.get_by_role("button", name="Changer de phase").focus()
    await his.keyboard.press("Enter")

    arrived = hers.get_by_role("region", name="Initialisation").get_by_role("link", name=title)
    await expect(arrived).to_be_visible(timeout=SOON)
    await expect(hers.get_by_role("link", name=title)).to_have_count(1)
