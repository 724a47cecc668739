"""The keyboard alone: where the focus goes, and whether one sees it."""

from playwright.async_api import Locator, Page

FOCUS = """() => {
  const element = document.activeElement, outlined = [];
  // Where a whole row answers to its link, the outline is drawn around the row.
  for (let at = element; at !== document.body && at; at = at.parentElement) {
    const style = getComputedStyle(at);
    if (parseFloat(style.outlineWidth) > 0 && style.outlineStyle !== "none") outlined.push(at.tagName);
  }
  return {
    isLost: element === document.body || !element.checkVisibility(),
    isSeen: outlined.length > 0,
    what: element.outerHTML.slice(0, 120),
  };
}"""
FAR = 120
"""How many steps a page may ask of whoever has no mouse, in these journeys."""


async def stands_somewhere(page: Page) -> None:
    """The focus is in the page, and visible."""
    focus = await page.evaluate(FOCUS)
    assert not focus["isLost"], focus
    assert focus["isSeen"], focus


async def reach(page: Page, place: Locator, key: str = "Tab") -> None:
    """Press Tab until this place has the focus; every step on the way is visible."""
    await place.wait_for()
    for _ in range(FAR):
        await page.keyboard.press(key)
        if await place.evaluate("(element) => element === document.activeElement"):
            return await stands_somewhere(page)
        await stands_somewhere(page)
    raise AssertionError(f"the keyboard does not reach {place}")
