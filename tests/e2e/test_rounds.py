"""A round of evaluation in two windows."""

from axe_playwright_python.async_playwright import Axe
from playwright.async_api import expect

from e2e.windows import KEEPER, SOON, Windows, live

ANNE_LAURE = "Anne-Laure Gendreau"
"""She speaks for Soyaux, which has yet to answer."""


async def test_the_count_grows_as_another_commune_answers(windows: Windows) -> None:
    """Anne-Laure gives Soyaux's last mark, saved as she goes: Thomas sees one more, a name less, and no mark."""
    his = await windows.of(KEEPER, "/pistes/evaluation")
    await his.get_by_role("heading", name="Réévaluation des pistes numériques").get_by_role("link").click()
    await expect(his.get_by_text("13 sur 16").first).to_be_visible()
    await expect(his.locator(".missing")).to_contain_text("Soyaux")
    hers = await windows.of(ANNE_LAURE, his.url)
    await hers.get_by_role("link", name="Donner les notes de Soyaux").click()
    await expect(hers.get_by_role("heading", name="Vos notes")).to_be_visible()
    found = await Axe().run(hers)
    assert found.response["violations"] == []
    await live(his, hers)

    cells = hers.locator(".answers select")
    for number in range(await cells.count()):
        await cells.nth(number).select_option(index=1)
    await expect(hers.locator("#saved")).to_contain_text("12\u00a0notes", timeout=SOON)

    await expect(his.locator(".round-progress")).to_contain_text("14 sur 16", timeout=SOON)
    await expect(his.locator(".missing")).not_to_contain_text("Soyaux")
