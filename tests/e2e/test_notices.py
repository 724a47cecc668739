"""The bell of open pages, the centre that follows it, and the menus of what one follows, as browsers show them."""

from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Page, expect

from e2e.windows import LUDIVINE, SOON, Voice, Windows, live


async def _is_accessible(page: Page) -> None:
    for scheme in ("light", "dark"):
        await page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        found = (await Axe().run(page)).response["violations"]
        assert [f"{each['id']}: {node['html'][:160]}" for each in found for node in each["nodes"]] == []


async def test_the_bell_moves_wherever_one_is_and_stops_where_one_reads(windows: Windows, claire: Voice) -> None:
    """Ludivine follows a thread; the bell of her profile moves when Claire answers, the centre shows it, and both are
    quiet once she has opened the thread on her phone.
    """
    thread = await claire.opens("Gants et vestes")
    hers = await windows.of(LUDIVINE, thread)
    await hers.get_by_role("button", name="Suivi").click()
    await _is_accessible(hers)
    await hers.get_by_role("button", name="Tout suivre").click()
    await expect(hers.get_by_role("button", name="Suivi : Tout suivre")).to_be_visible()

    async with windows.house.someone(LUDIVINE) as her:
        await her.post("/notifications/lecture")
    await hers.goto("/notifications")
    phone = await windows.of(LUDIVINE, "/profil", viewport={"width": 320, "height": 640})
    await live(hers, phone)
    before = await phone.locator("#bell").inner_text()
    await claire.says(thread, "Qui en commande cette année ?")

    bell = phone.locator("#bell").get_by_role("link")
    await expect(bell).not_to_have_text(before, timeout=SOON)
    await expect(bell).to_have_accessible_name(r"1 notification non lue")
    group = hers.locator(".notice-group", has_text="Gants et vestes")
    await expect(group.get_by_text("Qui en commande cette année ?")).to_be_visible(timeout=SOON)
    await expect(group.get_by_text("Vous suivez ce fil.")).to_be_visible()
    await _is_accessible(hers)
    await _is_accessible(phone)
    assert await phone.evaluate("() => document.documentElement.scrollWidth") <= 320

    await phone.goto(thread)
    await expect(hers.locator("#bell")).to_contain_text("rien de nouveau", timeout=SOON)
    await expect(group.locator("li").get_by_role("button")).to_have_count(0)


async def test_a_notice_is_read_with_the_keyboard_and_the_focus_stays_in_the_list(
    windows: Windows, claire: Voice
) -> None:
    """Two answers come while Ludivine is in the list: she stays where she was, and marks one, then the other."""
    thread = await claire.opens("Balais de voirie")
    hers = await windows.of(LUDIVINE, thread)
    await hers.get_by_role("button", name="Suivi").click()
    await hers.get_by_role("button", name="Tout suivre").click()
    await expect(hers.get_by_role("button", name="Suivi : Tout suivre")).to_be_visible()
    await hers.goto("/notifications")
    await live(hers)
    await hers.get_by_role("link", name="Réglages").focus()
    await claire.says(thread, "Un premier prix.", "Un second prix.")

    group = hers.locator(".notice-group", has_text="Balais de voirie")
    await expect(group.locator("li").get_by_role("button")).to_have_count(2, timeout=SOON)
    await expect(hers.get_by_role("link", name="Réglages")).to_be_focused()
    await group.locator("li").get_by_role("button").first.focus()
    await hers.keyboard.press("Enter")
    await expect(group.locator("li").get_by_role("button")).to_have_count(1, timeout=SOON)
    await expect(hers.locator("#notices :focus")).to_have_count(1)
    await hers.get_by_role("button", name="Tout marquer comme lu").press("Enter")
    await expect(hers.locator("#notices li").get_by_role("button")).to_have_count(0, timeout=SOON)
