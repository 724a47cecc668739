"""Those who sit at a meeting look at its page together."""

from uuid import UUID

from playwright.async_api import expect
from sqlalchemy import text

from e2e.windows import SOON, Windows, live

CLAIRE, HUBERT = "Claire Sauzeau", "Hubert Desbordes"


async def test_the_quorum_changes_on_open_pages(windows: Windows) -> None:
    """Hubert, who sits, is excused in one tap: Claire's page, which keeps the secretariat, counts him at once."""
    async with windows.house.house() as house, house.database.reading() as db:
        asked = text(
            "SELECT meeting.id FROM meeting JOIN body ON body.id = body_id "
            "WHERE kind = 'conseil_communautaire' AND state IN ('planned', 'convened') ORDER BY starts_at LIMIT 1"
        )
        here = f"/planning/reunions/{UUID(str((await db.execute(asked)).scalar_one()))}"
    hers, his = await windows.of(CLAIRE, here), await windows.of(HUBERT, here)
    await live(hers, his)
    mine = hers.locator(".members li", has_text=HUBERT)

    for word, said in (("Excusé", "excusé"), ("Présent", "présent")):
        await his.get_by_role("button", name=word, exact=True).first.click()
        await expect(his.locator(".my-answer .state").first).to_have_text(said)
        await expect(mine.locator(".state")).to_have_text(said, timeout=SOON)
