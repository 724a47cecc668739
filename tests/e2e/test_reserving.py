"""Reserving on a phone, without a mouse or a finger: three choices from the need to « C’est réservé »."""

from datetime import date, timedelta

from axe_playwright_python.async_playwright import Axe
from holidays import country_holidays
from playwright.async_api import Locator, Page, expect

from e2e.windows import LUDIVINE, Windows
from entente.clock import today

AHEAD = timedelta(days=35)
"""Beyond the reservations of the demonstration, and short of the horizon of its types."""


def _thursday() -> date:
    """A Thursday on which depots are open: neither a public holiday nor between the years."""
    day = today() + AHEAD
    while day.weekday() != 3 or day in country_holidays("FR") or (day.month, day.day) > (12, 19) or day.day < 6:
        day += timedelta(days=1)
    return day


async def _reach(page: Page, place: Locator) -> None:
    """Press Tab until this place has the focus."""
    await place.wait_for()
    for _ in range(80):
        await page.keyboard.press("Tab")
        if await place.evaluate("(element) => element === document.activeElement"):
            return
    raise AssertionError(f"the keyboard does not reach {place}")


async def _types(page: Page, field: Locator, day: date) -> None:
    """Type a day, its parts in the order in which this browser writes them."""
    for order in (f"{day:%m%d%Y}", f"{day:%d%m%Y}"):
        await page.keyboard.type(order)
        if await field.input_value() == f"{day:%Y-%m-%d}":
            return
        for _ in range(3):
            await page.keyboard.press("ArrowLeft")
    raise AssertionError("the keyboard cannot write a day")


async def _is_for_everybody(page: Page) -> None:
    found = (await Axe().run(page)).response["violations"]
    assert [f"{each['id']}: {node['html'][:160]}" for each in found for node in each["nodes"]] == []
    assert await page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")


async def test_a_tall_nacelle_on_thursday_morning_in_three_choices(windows: Windows) -> None:
    """Ludivine needs a nacelle of 12 m at least on a Thursday morning: she seeks, chooses, reserves, by keys alone."""
    page = await windows.of(LUDIVINE, "/reservations", viewport={"width": 390, "height": 844})
    await _is_for_everybody(page)

    await _reach(page, page.get_by_label("Quoi", exact=True))
    await page.keyboard.type("Nacelle")
    height = page.get_by_label("Hauteur de travail")
    await expect(height).to_be_visible()
    await _reach(page, height)
    await page.keyboard.type("12")
    field = page.get_by_label("Du", exact=True)
    await _reach(page, field)
    await _types(page, field, _thursday())
    await page.keyboard.press("Enter")

    free = page.get_by_role("link", name="Réserver Nacelle").first
    await expect(free).to_be_visible()
    await expect(page.get_by_text("Hauteur de travail\u00a0:").first).to_be_visible()
    await _is_for_everybody(page)
    await _reach(page, free)
    await page.keyboard.press("Enter")

    confirm = page.get_by_role("button", name="Réserver «")
    await expect(confirm).to_be_visible()
    await _is_for_everybody(page)
    await _reach(page, confirm)
    await page.keyboard.press("Enter")

    await expect(page.get_by_text("C’est réservé.")).to_be_visible()
    await expect(page.get_by_text("confirmée").first).to_be_visible()
    await _is_for_everybody(page)
