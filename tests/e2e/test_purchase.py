"""What threads are for, in two windows: totals, answers that are retained, announcements that are noted."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Page, expect
from sqlalchemy import text

from e2e.windows import LUDIVINE, SAMIR, SOON, Voice, Windows, live, posts


async def _proposed(claire: Voice, title: str) -> str:
    soon = datetime.now(ZoneInfo("Europe/Paris")) + timedelta(days=3)
    asked = {
        "kind": "purchase",
        "need": "Du gravillon pour l’hiver.",
        "deadline_day": f"{soon:%Y-%m-%d}",
        "deadline_hour": "18:00",
        "lots": "2",
        "lot_1_name": "Gravillon",
        "lot_1_unit": "tonnes",
        "lot_1_estimate": "40",
        "lot_2_name": "Pelles",
        "lot_2_unit": "pelles",
    }
    return await claire.opens(title, "Vos besoins ?", **asked)


async def _faults(page: Page) -> list[str]:
    found = (await Axe().run(page)).response["violations"]
    return [f"{each['id']}: {node['html'][:160]}" for each in found for node in each["nodes"]]


async def test_totals_move_in_the_other_window(windows: Windows, claire: Voice) -> None:
    """Ludivine answers with the keyboard alone, Samir with the mouse; each sees the other's figures arrive."""
    thread = await _proposed(claire, "Gravillon")
    hers, his = await windows.of(LUDIVINE, thread), await windows.of(SAMIR, thread)
    await live(hers, his)

    await hers.get_by_role("radio", name="Participe").focus()
    for key in ("Space", "Tab"):
        await hers.keyboard.press(key)
    await hers.keyboard.type("12,5")
    await hers.keyboard.press("Enter")
    await expect(hers.get_by_role("link", name="Modifier la réponse de Gond-Pontouvre")).to_be_focused()
    totals = "#purchase tfoot tr:first-child td"
    await expect(his.locator(totals).first).to_have_text("12,5", timeout=SOON)
    await expect(his.locator("#purchase tbody")).to_contain_text("Gond-Pontouvre")
    await expect(his.locator("#purchase .plot-drawing")).to_be_visible()

    await his.get_by_label("Participe", exact=True).check()
    await his.get_by_label("Gravillon", exact=True).fill("8")
    await his.get_by_role("button", name="Enregistrer la réponse de L’Isle-d’Espagnac").click()
    await expect(hers.locator(totals).first).to_have_text("20,5", timeout=SOON)
    await expect(hers.locator("#purchase .tally")).to_contain_text("2 participent")


async def test_a_purchase_is_for_everybody_in_each_of_its_states(windows: Windows, claire: Voice) -> None:
    """With errors shown, with an answer, after the end: axe finds nothing, and nothing sticks out at 320 pixels."""
    windows.expect_wrong("422", "403")
    thread = await _proposed(claire, "Gravillon fin")
    hers = await windows.of(LUDIVINE, thread, viewport={"width": 320, "height": 640})
    await live(hers)

    await hers.get_by_label("Participe", exact=True).check()
    await hers.get_by_label("Gravillon", exact=True).fill("-3")
    await hers.get_by_label("Pelles", exact=True).fill("4")
    await hers.get_by_role("button", name="Enregistrer la réponse").click()
    await expect(hers.locator(".summary")).to_contain_text("Une quantité ne peut pas être négative")
    await expect(hers.get_by_label("Pelles", exact=True)).to_have_value("4")
    assert await _faults(hers) == []

    async with windows.house.house() as house, house.database.writing() as db:
        ended = "UPDATE purchase SET deadline = :at WHERE need LIKE 'Du gravillon%'"
        await db.execute(text(ended), {"at": "2026-01-31 17:00:00.000000"})
    await hers.get_by_label("Gravillon", exact=True).fill("3")
    await hers.get_by_role("button", name="Enregistrer la réponse").click()
    await expect(hers.get_by_role("alert")).to_contain_text("L’échéance est passée depuis le 31\u00a0janvier 2026")
    await expect(hers.get_by_label("Gravillon", exact=True)).to_have_value("3")
    assert await _faults(hers) == []
    assert await hers.evaluate("() => document.documentElement.scrollWidth") <= 320


async def test_answers_are_retained_and_announcements_noted_before_everybody_s_eyes(
    windows: Windows, claire: Voice
) -> None:
    """Claire asks and announces; Samir sees the answer that Ludivine retains, and the counter that she moves."""
    question = await claire.opens("Quel sel ?", "Gemme ou marin ?", kind="question")
    await claire.says(question, "Gemme.")
    hers, his = await windows.of(LUDIVINE, question), await windows.of(SAMIR, question)
    await live(hers, his)
    await expect(his.get_by_role("button", name="Retenir cette réponse")).to_have_count(0)
    await hers.get_by_role("button", name="Retenir cette réponse").press("Enter")
    await expect(posts(his, "Réponse retenue")).to_have_count(1, timeout=SOON)
    await expect(his.locator("#resolution")).to_contain_text("Résolu par Claire Sauzeau")
    assert await _faults(hers) == []

    announcement = await claire.opens("Règlement", "À lire.", kind="announcement")
    await hers.goto(announcement)
    await his.goto(announcement)
    await live(hers, his)
    await hers.get_by_role("button", name="J’ai pris connaissance").press("Enter")
    await expect(his.locator("#announcement")).to_contain_text("1 personne en a pris connaissance", timeout=SOON)
    await expect(hers.locator("#my-acknowledgement")).to_contain_text("Vous en avez pris connaissance le")
    assert await _faults(hers) == []
