"""What a page is for comes first: what narrows it and what explains it are folded away, and still serve."""

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import ViewportSize, expect

from e2e.windows import CLAIRE, Windows, top_of

WIDE, PHONE = ViewportSize(width=1280, height=800), ViewportSize(width=390, height=844)
THINGS = {
    "/reservations/planning": "#plan",
    "/reservations/planning?vue=liste": "#plan-list",
    "/reservations": ".seek",
    "/pistes": "#ranking .table-wrap",
    "/pistes/arbre": "#tree",
    "/planning": "#grid",
    "/forums/technique": "#threads",
}
"""A page, and what one opens it for."""


@pytest.mark.parametrize(("path", "thing"), THINGS.items())
async def test_a_page_begins_with_what_it_is_for(windows: Windows, path: str, thing: str) -> None:
    """Within the first third of a screen, and the first half of a phone."""
    page = await windows.of(CLAIRE, path, viewport=WIDE)
    assert await top_of(page.locator(thing)) <= WIDE["height"] / 3

    await page.set_viewport_size(PHONE)
    assert await top_of(page.locator(thing)) <= PHONE["height"] / 2


async def test_filters_say_what_they_leave_out(windows: Windows) -> None:
    """Without a script and by keyboard: unfold, choose, and read on the fold what was chosen."""
    page = await windows.of(CLAIRE, "/reservations/planning", java_script_enabled=False)
    fold = page.locator(".folded summary", has_text="Filtrer")
    await expect(page.get_by_label("Type", exact=True)).to_be_hidden()
    await fold.press("Enter")
    await page.get_by_label("Type", exact=True).select_option(label="Nacelle")
    await page.get_by_label("Ranger par").select_option(label="commune")
    await page.get_by_role("button", name="Afficher").press("Enter")
    await expect(fold).to_have_text("Filtrer Nacelle, par commune")

    await page.get_by_role("link", name="Tout montrer").press("Enter")
    await expect(fold).to_have_text("Filtrer")


async def test_the_register_is_narrowed_and_sorted_from_its_fold(windows: Windows) -> None:
    """What is asked of the table stands on the fold; its other views are one word away."""
    page = await windows.of(CLAIRE, "/pistes", java_script_enabled=False)
    fold = page.locator(".folded summary")
    await fold.press("Enter")
    await page.get_by_label("Phase").select_option(label="Reportées")
    await page.get_by_label("Trier par").select_option(label="Intitulé")
    await page.get_by_role("button", name="Filtrer").press("Enter")
    await expect(fold).to_have_text("Filtrer et trier Reportées, par intitulé")

    await page.locator(".register-tabs summary", has_text="Tenir").press("Enter")
    await page.get_by_role("link", name="Règles", exact=True).press("Enter")
    await expect(page.locator(".register-tabs [aria-current]")).to_have_text("Règles")


@pytest.mark.parametrize("path", THINGS)
async def test_what_is_folded_is_for_everybody(windows: Windows, path: str) -> None:
    """Unfolded, on a narrow phone: axe finds nothing and nothing sticks out."""
    page = await windows.of(CLAIRE, path, viewport={"width": 320, "height": 640})
    await page.evaluate("() => document.querySelectorAll('main details').forEach((each) => { each.open = true })")
    assert (await Axe().run(page)).response["violations"] == []
    assert await page.evaluate("() => document.documentElement.scrollWidth") <= 320
