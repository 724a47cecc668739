"""The search in a browser: from the box of any page to the exact post, in every state, on a narrow screen."""

import asyncio

from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Page, expect

from e2e.windows import CLAIRE, LUDIVINE, Voice, Windows

STATES = (
    "/recherche?q=nacelle",
    "/recherche?q=sauzeau",
    "/recherche?q=sel+xylophone&forum=club-des-acheteurs&tri=date",
    "/recherche?q=le+la",
    "/recherche?q=xylophone",
    "/recherche?q=nacelle&du=hier",
)
"""Results, people, some of the words with filters open, nothing to look for, nothing found, a filter to correct."""


async def _is_for_everybody(page: Page) -> None:
    for scheme, width in (("light", 1280), ("dark", 320)):
        await page.emulate_media(color_scheme="light" if scheme == "light" else "dark", reduced_motion="reduce")
        await page.set_viewport_size({"width": width, "height": 700})
        assert await page.evaluate("() => document.documentElement.scrollWidth") <= width
        found = (await Axe().run(page)).response["violations"]
        assert [f"{each['id']}: {node['html'][:160]}" for each in found for node in each["nodes"]] == []


async def test_the_search_is_for_everybody_in_every_state(windows: Windows) -> None:
    """Axe finds nothing, and nothing sticks out at 320 pixels."""
    windows.expect_wrong("422")
    page = await windows.of(CLAIRE, STATES[0])
    for state in STATES:
        await page.goto(state)
        await _is_for_everybody(page)


async def test_from_the_box_to_the_exact_post_with_the_keyboard(windows: Windows, claire: Voice) -> None:
    """Claire asks elsewhere; a moment later Ludivine finds it from the first page, on a telephone."""
    thread = await claire.opens("Sableuse à prêter", "Notre gravillonneuse dort au dépôt.")
    page = await windows.of(LUDIVINE, "/", viewport={"width": 320, "height": 640})
    result = page.locator(".find-title a")
    # The worker follows the journal: asked again until it has.
    async with asyncio.timeout(20):
        while not await result.count():
            await page.locator("#search").focus()
            await page.keyboard.type("gravillonneuses dépôt")
            await page.keyboard.press("Enter")
            await page.wait_for_url("**/recherche?**")
    await expect(page.locator(".find-words mark")).to_have_text(["gravillonneuse", "dépôt"])
    await result.focus()
    await page.keyboard.press("Enter")
    await expect(page.locator(".post", has_text="gravillonneuse")).to_be_in_viewport()
    assert thread in page.url
