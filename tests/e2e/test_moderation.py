"""Keeping the peace in a browser: what others see of it at once, the history, and every question with its errors."""

from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Page, expect

from e2e.windows import CLAIRE, CLUB, LUDIVINE, SAMIR, SOON, Voice, Windows, live, more, posts

AGREED = "Le conducteur de la balayeuse est libre jeudi."
RUDE = "Vous n’y connaissez rien."


async def _is_accessible(page: Page) -> None:
    for scheme in ("light", "dark"):
        await page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        found = (await Axe().run(page)).response["violations"]
        assert [f"{each['id']}: {node['html'][:160]}" for each in found for node in each["nodes"]] == []


async def test_a_post_that_is_hidden_leaves_other_windows_at_once(windows: Windows, claire: Voice) -> None:
    """Ludivine hides what Samir said: in Claire's window its words go, the reason comes; given back, they return."""
    thread = await claire.opens("Une balayeuse pour jeudi")
    samirs = await windows.of(SAMIR, thread)
    await samirs.locator("#field-body").fill(RUDE)
    await samirs.locator("#send").click()
    await expect(posts(samirs, RUDE)).to_have_count(1)
    claires, hers = await windows.of(CLAIRE, thread), await windows.of(LUDIVINE, thread)
    await live(claires, hers, samirs)

    await more(posts(hers, RUDE), "Masquer")
    await hers.get_by_label("Motif").fill("Propos déplacés")
    await _is_accessible(hers)
    await hers.get_by_role("button", name="Masquer le message").click()

    for page in (claires, samirs):
        await expect(posts(page, "Message masqué par la modération")).to_contain_text("Propos déplacés", timeout=SOON)
        await expect(page.get_by_text(RUDE)).to_have_count(0)
    await expect(posts(claires).last.get_by_role("link", name="Lire ce message masqué")).to_be_visible()
    await _is_accessible(samirs)
    await posts(samirs).last.get_by_role("link", name="Lire ce message masqué").click()
    await expect(samirs.locator(".prose")).to_have_text(RUDE)
    await expect(samirs.get_by_role("button", name="Rétablir le message")).to_have_count(0)
    await _is_accessible(samirs)

    await posts(hers).last.get_by_role("link", name="Lire ce message masqué").click()
    await hers.get_by_role("button", name="Rétablir le message").click()
    await expect(posts(claires, RUDE)).to_have_count(1, timeout=SOON)


async def test_a_menu_holds_what_is_rare_and_this_reader_may(windows: Windows, claire: Voice) -> None:
    """Samir may link and report Claire's message, neither hide nor withdraw it; the menu is accessible and narrow."""
    page = await windows.of(SAMIR, await claire.opens("Au menu", AGREED), viewport={"width": 320, "height": 640})
    menu = posts(page, AGREED).locator(".more")
    await menu.locator("summary").click()
    for name, count in (("Lien", 1), ("Signaler", 1), ("Masquer", 0), ("Supprimer", 0), ("Historique", 0)):
        await expect(menu.get_by_role("link", name=name)).to_have_count(count)
    await _is_accessible(page)
    assert await page.evaluate("() => document.documentElement.scrollWidth") <= 320
    box = await menu.locator(".pop").bounding_box()
    assert box is not None
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= 320
    await page.keyboard.press("Escape")
    await expect(menu.locator(".pop")).to_be_hidden()
    await expect(menu.locator("summary")).to_be_focused()


async def test_a_report_is_made_read_and_dismissed(windows: Windows, claire: Voice) -> None:
    """Samir forgets to say why, then says it; Claire, who moderates, finds it and dismisses it."""
    windows.expect_wrong("422")
    samirs = await windows.of(SAMIR, await claire.opens("À signaler", AGREED))
    await more(posts(samirs, AGREED), "Signaler")
    await samirs.get_by_role("button", name="Signaler le message").click()
    await expect(samirs.locator("#summary")).to_be_focused()
    await _is_accessible(samirs)
    await samirs.get_by_label("Autre chose").check()
    await samirs.get_by_label("Précisions").fill("Jeudi est férié.")
    await samirs.get_by_role("button", name="Signaler le message").click()
    await expect(samirs.get_by_text("les modérateurs du forum sont prévenus")).to_be_visible()

    hers = await windows.of(LUDIVINE, CLUB)
    await hers.get_by_role("link", name="signalement").click()
    report = hers.locator(".report", has_text="Jeudi est férié.")
    await expect(report).to_contain_text(AGREED)
    await _is_accessible(hers)
    await report.get_by_role("button", name="Classer sans suite").click()
    await expect(hers.get_by_text("classé sans suite")).to_be_visible()
    await expect(hers.get_by_text("Jeudi est férié.")).to_have_count(0)


async def test_an_earlier_text_is_compared_and_brought_back(windows: Windows, claire: Voice) -> None:
    """Claire corrects her message, looks at what she changed, and restores the first version."""
    page = await windows.of(CLAIRE, await claire.opens("À comparer", "La benne est libre lundi."))
    await live(page)
    await posts(page).get_by_role("link", name="Modifier").click()
    await posts(page).locator("textarea").first.fill("La benne est libre mardi.")
    await page.get_by_role("button", name="Enregistrer le message").click()
    await expect(posts(page, "libre mardi")).to_have_count(1)
    await more(posts(page, "libre mardi"), "Historique")
    await expect(page.locator("ins")).to_have_text("[ajouté\u00a0: mardi]")
    await expect(page.locator("del")).to_have_text("[retiré\u00a0: lundi]")
    await _is_accessible(page)
    await page.get_by_role("button", name="Rétablir la version 1").click()
    await expect(posts(page, "libre lundi")).to_have_count(1)


async def test_a_pinned_thread_climbs_and_a_moved_one_leaves_in_other_windows(windows: Windows, claire: Voice) -> None:
    """Samir looks at the list: what Ludivine pins goes on top, what she moves goes away, with no reload."""
    thread = await claire.opens("À épingler puis déplacer")
    await claire.opens("Plus récent que l’autre")
    samirs = await windows.of(SAMIR, CLUB)
    hers, reader = await windows.of(LUDIVINE, f"{thread}/epingle"), await windows.of(SAMIR, thread)
    await live(samirs, reader)
    await hers.get_by_role("button", name="Épingler le fil").click()
    row = samirs.locator("#threads > li", has_text="À épingler puis déplacer")
    await expect(row).to_contain_text("Épinglé", timeout=SOON)
    newer = samirs.locator("#threads > li", has_text="Plus récent que l’autre")
    tops = [await each.evaluate("(element) => element.getBoundingClientRect().top") for each in (row, newer)]
    assert tops[0] < tops[1]
    await _is_accessible(samirs)

    await hers.goto(f"{thread}/deplacement")
    await hers.get_by_label("Nouveau forum").select_option(label="Technique")
    await hers.get_by_role("button", name="Déplacer le fil").click()
    await expect(row).to_have_count(0, timeout=SOON)
    # The page of the thread itself starts afresh: it is still Samir's to read, and says where it stands now.
    await expect(reader.locator("#thread-place")).to_contain_text("Technique", timeout=SOON)
