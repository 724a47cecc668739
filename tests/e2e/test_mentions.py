"""Calling someone by keyboard alone, signs seen elsewhere, and one's reading followed from device to device."""

from axe_playwright_python.async_playwright import Axe
from playwright.async_api import expect

from e2e.windows import LUDIVINE, SAMIR, SOON, Voice, Windows, live, posts


async def test_someone_is_called_with_the_keyboard_alone(windows: Windows, claire: Voice) -> None:
    """Ludivine types « @ou », moves in the list, closes it, opens it again and inserts: Samir's name is a link."""
    hers = await windows.of(LUDIVINE, await claire.opens("Qui a une balayeuse ?"))
    area, list_ = hers.locator("#field-body"), hers.get_by_role("listbox")
    await area.focus()
    await area.press_sequentially("Et vous, @a")
    await expect(list_).to_be_visible()
    first = list_.get_by_role("option").first
    await expect(first).to_have_attribute("aria-selected", "true")
    found = (await Axe().run(hers)).response["violations"]
    assert [f"{each['id']}: {node['html'][:160]}" for each in found for node in each["nodes"]] == []

    await hers.keyboard.press("ArrowDown")
    await expect(first).to_have_attribute("aria-selected", "false")
    chosen = list_.locator("[aria-selected=true]")
    await expect(area).to_have_attribute("aria-activedescendant", await chosen.get_attribute("id") or "")
    await hers.keyboard.press("Escape")
    await expect(list_).to_be_hidden()
    await expect(area).to_be_focused()

    await area.fill("")
    await area.press_sequentially("Et vous, @oua")
    await expect(list_.get_by_role("option")).to_have_count(1)
    await hers.keyboard.press("Enter")
    await expect(area).to_have_value("Et vous, @samir-ouadah ")
    await area.press_sequentially("?")
    await hers.locator("#send").press("Enter")
    await expect(posts(hers).get_by_role("link", name="@Samir Ouadah")).to_have_count(1)


async def test_a_sign_is_seen_in_another_window_and_ones_own_once(windows: Windows, claire: Voice) -> None:
    """Ludivine agrees from the keyboard: the focus stays, Samir sees it; she takes it back."""
    thread = await claire.opens("Une convention type ?")
    hers, his = await windows.of(LUDIVINE, thread), await windows.of(SAMIR, thread)
    await live(hers, his)

    await hers.locator(".reactions summary").press("Enter")
    await hers.get_by_role("button", name="D’accord").press("Enter")
    mine = hers.get_by_role("button", name="D’accord 1 : Ludivine Charrier (vous compris : retirer)")
    await expect(mine).to_be_focused()
    await expect(his.get_by_role("button", name="D’accord 1 : Ludivine Charrier", exact=True)).to_be_visible(
        timeout=SOON
    )
    assert [each["id"] for each in (await Axe().run(hers)).response["violations"]] == []

    await mine.press("Enter")
    await expect(his.locator(".reaction:visible")).to_have_count(0, timeout=SOON)


async def test_what_is_read_here_is_read_on_the_other_device(windows: Windows, claire: Voice) -> None:
    """Samir's list at the office follows what he reads on his phone, and what he keeps for later there."""
    thread = await claire.opens("Relevé des compteurs")
    office = await windows.of(SAMIR, "/forums/club-des-acheteurs")
    phone = await windows.of(SAMIR, "/")
    await live(office)
    dot = office.locator(f"#thread-{thread.rsplit('/')[-1]} .dot")
    await expect(dot).to_be_visible()

    await phone.goto(thread)
    await expect(dot).to_be_hidden(timeout=SOON)

    await phone.get_by_text("Plus", exact=False).first.click()
    await phone.get_by_role("button", name="Marquer non lu à partir d’ici").click()
    await expect(dot).to_be_visible(timeout=SOON)
    await phone.goto(thread)
    await expect(dot).to_be_hidden(timeout=7_000)
