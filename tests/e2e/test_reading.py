"""What arrives never disturbs what one is reading or writing."""

from playwright.async_api import Request, expect

from e2e.windows import LUDIVINE, SAMIR, SOON, Demo, Voice, Windows, lines, live, more, posts, top_of

AWAY = "Object.defineProperty(document, 'hidden', { configurable: true, get: () => Boolean(window.isAway) })"
"""The browser, not our code, is told that nobody looks at the page."""
TURN = """(isAway) => {
  window.isAway = isAway;
  document.dispatchEvent(new Event("visibilitychange", { bubbles: true }));
}"""


async def test_words_caret_and_focus_survive_what_arrives(windows: Windows, claire: Voice) -> None:
    """Ludivine corrects a message in one window; another window of hers and Claire change the page meanwhile."""
    thread = await claire.opens("Deux mains sur un texte")
    hers, other = await windows.of(LUDIVINE, thread), await windows.of(LUDIVINE, thread)
    await live(hers, other)
    await hers.fill("#field-body", "Version une.")
    await hers.click("#send")
    await posts(hers, "Version une.").get_by_role("link", name="Modifier").click()
    form = posts(hers).locator("textarea")
    await form.fill("Je suis en train de corriger.")
    await form.evaluate("(area) => area.setSelectionRange(3, 7)")

    await posts(other, "Version une.").get_by_role("link", name="Modifier").click()
    await posts(other).locator("textarea").fill("Version deux.")
    await other.get_by_role("button", name="Enregistrer le message").click()
    await expect(posts(other, "Version deux.")).to_have_count(1)
    await claire.says(thread, "Pendant ce temps.")
    await expect(posts(hers, "Pendant ce temps.")).to_have_count(1, timeout=SOON)

    await expect(form).to_have_value("Je suis en train de corriger.")
    await expect(form).to_be_focused()
    assert await form.evaluate("(area) => [area.selectionStart, area.selectionEnd]") == [3, 7]
    windows.expect_wrong("409")
    await hers.get_by_role("button", name="Enregistrer le message").click()
    await expect(hers.get_by_label("Texte actuel")).to_have_value("Version deux.")
    await expect(hers.get_by_label("Votre message")).to_have_value("Je suis en train de corriger.")


async def test_a_button_under_the_finger_stays_under_the_focus(windows: Windows, claire: Voice) -> None:
    """Samir stands on « Répondre » of a message that its author corrects and then withdraws: he is not thrown out."""
    thread = await claire.opens("Là où j’en suis")
    hers, his = await windows.of(LUDIVINE, thread), await windows.of(SAMIR, thread)
    await live(hers, his)
    await hers.fill("#field-body", "À relire.")
    await hers.click("#send")
    await posts(his, "À relire.").get_by_role("link", name="Répondre").focus()

    await posts(hers, "À relire.").get_by_role("link", name="Modifier").click()
    await posts(hers).locator("textarea").fill("Relu.")
    await hers.get_by_role("button", name="Enregistrer le message").click()
    await expect(posts(his, "Relu.").get_by_role("link", name="Répondre")).to_be_focused(timeout=SOON)

    await more(posts(hers, "Relu."), "Supprimer")
    await hers.get_by_role("button", name="Supprimer le message").click()
    await expect(posts(his, "Message supprimé.")).to_be_focused(timeout=SOON)


async def test_the_text_being_read_does_not_move_and_a_bar_leads_to_the_news(windows: Windows, claire: Voice) -> None:
    """Samir reads in the middle of a long thread; a message above shrinks, three arrive below."""
    thread = await claire.opens("Long échange")
    hers = await windows.of(LUDIVINE, thread)
    await hers.fill("#field-body", "Un long début.\n\n" * 12)
    await hers.click("#send")
    await claire.says(thread, *lines(24))
    his = await windows.of(SAMIR, thread)
    await live(hers, his)
    await posts(his, "Ligne 12,").evaluate("(post) => post.scrollIntoView({ block: 'center' })")
    before = await top_of(posts(his, "Ligne 12,"))

    await posts(hers, "Un long début.").get_by_role("link", name="Modifier").click()
    await posts(hers).locator("textarea").fill("Court.")
    await hers.get_by_role("button", name="Enregistrer le message").click()
    await expect(posts(his, "Court.")).to_have_count(1, timeout=SOON)
    await claire.says(thread, *lines(3, "Nouvelle"))

    bar = his.locator("#news-bar a")
    await expect(bar).to_have_text("3\u00a0nouvelles réponses", timeout=SOON)
    assert abs(await top_of(posts(his, "Ligne 12,")) - before) < 2
    await bar.click()
    await expect(posts(his, "Nouvelle 1,")).to_be_in_viewport()
    await expect(posts(his, "Nouvelle 1,")).to_be_focused()
    await his.keyboard.press("End")
    await expect(bar).to_be_hidden()


async def test_a_reader_at_the_foot_sees_the_news_without_a_bar(windows: Windows, claire: Voice) -> None:
    """Samir has read everything: the next message simply appears, and counts as read five seconds later."""
    thread = await claire.opens("Au pied du fil")
    his = await windows.of(SAMIR, thread)
    await live(his)

    async with his.expect_request(lambda request: request.url.endswith("/lecture"), timeout=8_000) as asked:
        await claire.says(thread, "Vous me lisez ?")
        await expect(posts(his, "Vous me lisez ?")).to_be_in_viewport()
        await expect(his.locator("#news-bar")).to_be_hidden()

    assert (await asked.value).post_data == "number=2"


async def test_a_thread_that_closes_leaves_what_was_being_typed_in_sight(windows: Windows, claire: Voice) -> None:
    """Claire moderates the club and closes the thread: Ludivine's words stay, Samir's empty composer goes."""
    thread = await claire.opens("Décision prise")
    hers, his = await windows.of(LUDIVINE, thread), await windows.of(SAMIR, thread)
    await live(hers, his)
    await hers.fill("#field-body", "Une dernière chose")

    await claire.closes(thread)

    await expect(his.get_by_text("Ce fil est fermé")).to_be_visible(timeout=SOON)
    await expect(his.locator("#field-body")).to_be_hidden()
    await expect(hers.get_by_text("Ce fil est fermé")).to_be_visible(timeout=SOON)
    await expect(hers.locator("#field-body")).to_be_visible()
    await expect(hers.locator("#field-body")).to_have_value("Une dernière chose")


async def test_a_page_nobody_looks_at_rests_and_catches_up_once(windows: Windows, claire: Voice, demo: Demo) -> None:
    """After a minute in the background the page lets go of its connection; on return it asks once what it missed."""
    thread = await claire.opens("Pause café")
    his = await windows.of(SAMIR)
    await his.add_init_script(AWAY)
    await his.clock.install()
    await his.goto(thread)
    await live(his)
    asked: list[Request] = []
    his.on("request", lambda request: asked.append(request) if "/live?" in request.url else None)

    await his.evaluate(TURN, True)
    await his.clock.fast_forward(61_000)
    await expect(his.locator("#link-state")).to_have_attribute("aria-label", "hors direct")
    await demo.until("entente_live_connections", 0)
    await claire.says(thread, "Pendant la pause.", "Encore pendant la pause.")
    await expect(posts(his)).to_have_count(1)
    asked.clear()

    await his.evaluate(TURN, False)
    await expect(posts(his, "endant la pause.")).to_have_count(2, timeout=SOON)
    await live(his)
    assert len(asked) == 1
