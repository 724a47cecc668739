"""The plan of the fleet in two windows, with the keyboard, and dragged."""

from contextlib import suppress
from datetime import timedelta

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Locator, Page, expect

from booking.fleet.opening import holiday
from e2e.windows import CLAIRE, LUDIVINE, SAMIR, SOON, Windows, live
from entente.clock import today

NEXT_MONDAY = today() + timedelta(days=7 - today().weekday())
WEEKS = (NEXT_MONDAY + timedelta(weeks=each) for each in range(3, 20))
MONDAY = next(each for each in WEEKS if not any(holiday(each + timedelta(days=day)) for day in range(7)))
"""Of the first week, three from now on, in which no depot is closed for a public holiday."""
DRAGGED = pytest.mark.flaky(reruns=4, reruns_delay=1)
"""A headless browser on a busy machine may lose a drag, and then those that follow on that page."""
WEEK = f"/reservations/planning?le={MONDAY}"


def _row(page: Page, unit: str) -> Locator:
    return page.get_by_role("row").filter(has=page.get_by_role("rowheader", name=unit))


async def _reserves(page: Page, purpose: str) -> None:
    await page.fill("#field-purpose", purpose)
    for agreed in await page.get_by_role("checkbox", name="règlement").all():
        await agreed.check()
    await page.get_by_role("button", name="Réserver").or_(page.get_by_role("button", name="Demander")).first.click()
    await expect(page.get_by_role("heading", level=1)).to_be_visible()


async def _carries(block: Locator, cell: Locator, words: str) -> None:
    """Drag a block onto a cell, and read what is said of it; one that the browser let fall is dragged again."""
    told = block.page.get_by_text(words)
    for _ in range(3):
        await block.drag_to(cell, steps=8)
        with suppress(AssertionError):
            await expect(told).to_be_visible(timeout=10_000)
            return
        await block.page.mouse.up()
        await block.page.reload()
    await block.drag_to(cell, steps=8)
    await expect(told).to_be_visible()


async def test_what_one_reserves_shows_in_the_other_window(windows: Windows) -> None:
    """Ludivine clicks on a free Tuesday and reserves; Samir, who looks at that week, sees it within two seconds."""
    hers, his = await windows.of(LUDIVINE, WEEK), await windows.of(SAMIR, WEEK)
    await live(hers, his)
    row = _row(his, "Minibus de Soyaux")
    await expect(row.locator(".block")).to_have_count(0)

    tuesday = _row(hers, "Minibus de Soyaux").locator(f'a[href$="{MONDAY + timedelta(days=1):%y%m%d}"]')
    await tuesday.click()
    await _reserves(hers, "Sortie du club")
    await expect(row.locator(".block")).to_have_count(1, timeout=SOON)
    found = (await Axe().run(his)).response["violations"]
    assert [each["id"] for each in found] == []


async def test_the_arrows_go_from_cell_to_cell(windows: Windows) -> None:
    """One stop for Tab; right, down and back up; Enter opens the form of that very day."""
    page = await windows.of(CLAIRE, WEEK)
    row = _row(page, "Minibus de GrandAngoulême")
    days = row.locator("p[role=gridcell] a")
    await days.first.focus()
    await page.keyboard.press("ArrowRight")
    await expect(days.nth(1)).to_be_focused()
    assert await page.locator('.plan a[tabindex="0"]').count() == 1
    await page.keyboard.press("ArrowUp")
    await expect(days.nth(1)).not_to_be_focused()
    await page.keyboard.press("ArrowDown")
    await expect(days.nth(1)).to_be_focused()
    await page.keyboard.press("End")
    await expect(days.last).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(page.locator("#field-day")).to_have_value(f"{MONDAY + timedelta(days=6)}")


@DRAGGED
async def test_a_block_of_ones_own_is_moved_by_dragging_or_by_a_key(windows: Windows) -> None:
    """Claire reserves a Monday, drags it to Wednesday, then presses D to move it by the form."""
    page = await windows.of(CLAIRE, WEEK)
    row = _row(page, "Nacelle 12 m")
    await row.locator(f'a[href$="{MONDAY:%y%m%d}"]').click()
    await _reserves(page, "Illuminations")
    await page.goto(WEEK)
    block = row.locator(".block")
    await expect(block).to_have_attribute("draggable", "true")
    await _carries(block, row.locator(f'a[href$="{MONDAY + timedelta(days=2):%y%m%d}"]'), "C’est déplacé.")
    await page.goto(WEEK)
    assert f"{MONDAY + timedelta(days=2)}T08:00" in str(await block.get_attribute("data-at"))
    await block.focus()
    await page.keyboard.press("d")
    await expect(page.locator("#field-day")).to_have_value(f"{MONDAY + timedelta(days=2)}")


@DRAGGED
async def test_a_block_is_carried_onto_another_unit_by_the_mouse_or_by_keys(windows: Windows) -> None:
    """Claire takes one minibus; it is refused on a nacelle, in words; it goes to the other one, and back by keys."""
    page = await windows.of(CLAIRE, WEEK)
    one, other = _row(page, "Minibus de GrandAngoulême"), _row(page, "Minibus de Soyaux")
    wednesday, friday = (f'a[href$="{MONDAY + timedelta(days=each):%y%m%d}"]' for each in (2, 4))
    await one.locator(wednesday).click()
    await _reserves(page, "Tournoi")
    await page.goto(WEEK)
    block = one.locator(".block[draggable=true]")
    await _carries(block, _row(page, "Nacelle 12 m").locator(friday), "Ce n’est pas le même type de matériel.")
    await _carries(block, other.locator(friday), "C’est déplacé.")
    await page.goto(WEEK)
    block = other.locator(f'.block[data-at^="{MONDAY + timedelta(days=4)}"]')
    await block.focus()
    await page.keyboard.press("m")
    await expect(page.locator("#announce")).to_contain_text("Bloc pris")
    for _ in range(2):  # by name, another minibus stands between the two
        await page.keyboard.press("ArrowUp")
    await expect(one.locator(friday)).to_be_focused()
    await expect(page.locator("#announce")).to_contain_text("Minibus de GrandAngoulême, vendredi")
    await page.keyboard.press("Enter")
    await expect(page.get_by_text("C’est déplacé.")).to_be_visible()
    await page.goto(WEEK)
    await expect(one.locator(f'.block[data-at^="{MONDAY + timedelta(days=4)}"]')).to_have_count(1)


async def test_the_list_of_a_telephone_hears_too(windows: Windows) -> None:
    """Samir reads that week as a list on his telephone: what Ludivine reserves on Thursday comes in by itself."""
    hers = await windows.of(LUDIVINE, WEEK)
    his = await windows.of(SAMIR, f"{WEEK}&vue=liste", viewport={"width": 320, "height": 640})
    await live(hers, his)
    lines = his.locator("#plan-list").get_by_role("row").filter(has_text="Minibus de Soyaux")
    before = await lines.count()
    await _row(hers, "Minibus de Soyaux").locator(f'a[href$="{MONDAY + timedelta(days=3):%y%m%d}"]').click()
    await _reserves(hers, "Marché")
    await expect(lines).to_have_count(before + 1, timeout=2 * SOON)
