"""The month in two windows, and with the keyboard."""

from datetime import timedelta
from itertools import count

from axe_playwright_python.async_playwright import Axe
from playwright.async_api import expect

from e2e.windows import CLAIRE, KEEPER, LUDIVINE, SOON, Windows, live
from entente.clock import now
from planning.grid.days import day_of, monday_of

MONDAY = monday_of(day_of(now())) + timedelta(days=140)
"""Where the demonstration has nothing yet."""
_hours = count(8)
"""Tried again, a test finds what it did before: it takes the next hour."""
MONTH = f"/planning?vue=mois&du={MONDAY}&avec=tout"


async def test_a_meeting_shows_in_the_month_that_others_look_at(windows: Windows) -> None:
    """Thomas plans a meeting; Ludivine, who stands on that day, sees it within 2 s and keeps her place."""
    hour = next(_hours)
    hers, his = await windows.of(LUDIVINE, MONTH), await windows.of(KEEPER, "/planning/reunions/nouvelle")
    await live(hers)
    day = hers.locator(f"#d-{MONDAY}")
    await day.focus()
    await his.select_option("#field-body_id", label="Comité technique de la mutualisation")
    await his.fill("#field-title", f"Essai de {hour} heures")
    await his.fill("#field-day", f"{MONDAY}")
    await his.fill("#field-start", f"{hour:02}:00")
    await his.fill("#field-end", f"{hour:02}:45")
    await his.get_by_role("button", name="Prévoir la réunion").click()
    shown = hers.locator("td", has=day).get_by_role("link", name=f"Essai de {hour} heures")
    await expect(shown).to_be_visible(timeout=SOON)
    await expect(day).to_be_focused()
    await expect(hers.locator("#announce")).to_have_text("Le planning a changé.")
    found = (await Axe().run(hers)).response["violations"]
    assert [each["id"] for each in found] == []


async def test_the_arrows_go_from_day_to_day(windows: Windows) -> None:
    """One stop among the days for Tab; a week down, a day right, the ends of a week; Enter opens that day."""
    page = await windows.of(CLAIRE, MONTH)
    await page.locator(f"#d-{MONDAY}").focus()
    for key, days in (("ArrowRight", 1), ("End", 6), ("Home", 0), ("ArrowDown", 7), ("ArrowUp", 0)):
        await page.keyboard.press(key)
        await expect(page.locator(f"#d-{MONDAY + timedelta(days=days)}")).to_be_focused()
    await expect(page.locator('.day-link[tabindex="0"]')).to_have_count(1)
    await page.keyboard.press("Enter")
    await page.wait_for_url(f"**du={MONDAY}**")
    await expect(page.locator(".hours.is-jour")).to_be_visible()
