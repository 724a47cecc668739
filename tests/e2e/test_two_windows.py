"""Two people look at the same thread, each in a window of their own."""

from playwright.async_api import expect

from e2e.windows import LUDIVINE, SAMIR, SOON, Voice, Windows, live, more, posts


async def test_two_windows_show_each_others_posts_edits_and_deletions(windows: Windows, claire: Voice) -> None:
    """Ludivine writes, corrects and withdraws; Samir sees each within two seconds, and answers."""
    thread = await claire.opens("Sel de déneigement")
    hers, his = await windows.of(LUDIVINE, thread), await windows.of(SAMIR, thread)
    await live(hers, his)

    await hers.fill("#field-body", "Nous prenons **12 tonnes**.")
    await hers.click("#send")
    await expect(posts(his, "Nous prenons 12 tonnes.")).to_have_count(1, timeout=SOON)

    await posts(hers, "12 tonnes").get_by_role("link", name="Modifier").click()
    await posts(hers).locator("textarea").fill("Nous prenons **15 tonnes**.")
    await hers.get_by_role("button", name="Enregistrer le message").click()
    await expect(posts(his, "Nous prenons 15 tonnes.")).to_have_count(1, timeout=SOON)
    await expect(posts(his, "12 tonnes")).to_have_count(0)

    await his.fill("#field-body", "Et nous dix.")
    await his.click("#send")
    await expect(posts(hers, "Et nous dix.")).to_have_count(1, timeout=SOON)

    await more(posts(hers, "15 tonnes"), "Supprimer")
    await hers.get_by_role("button", name="Supprimer le message").click()
    await expect(posts(his, "Message supprimé.")).to_have_count(1, timeout=SOON)
    await expect(posts(his, "15 tonnes")).to_have_count(0)


async def test_ones_own_post_shows_once_and_the_composer_is_ready_for_the_next(windows: Windows, claire: Voice) -> None:
    """Ludivine posts twice in a row without the mouse; the answer and the live arrival do not add up."""
    hers = await windows.of(LUDIVINE, await claire.opens("Fauchage des accotements"))
    await live(hers)

    for words in ("Premier passage en mai.", "Second passage en septembre."):
        await hers.fill("#field-body", words)
        await hers.click("#send")
        await expect(posts(hers, words)).to_have_count(1)
        await expect(hers.locator("#field-body")).to_have_value("")
        await expect(hers.locator("#field-body")).to_be_focused()
    await claire.says(hers.url.removeprefix(windows.house.base), "Merci Ludivine.")
    await expect(posts(hers, "Merci Ludivine.")).to_have_count(1, timeout=SOON)
    await expect(posts(hers)).to_have_count(4)


async def test_who_reads_and_who_writes_is_told_while_it_lasts(windows: Windows, claire: Voice) -> None:
    """Samir sees that two people read, then that Ludivine is writing."""
    thread = await claire.opens("Qui est là ?")
    hers, his = await windows.of(LUDIVINE, thread), await windows.of(SAMIR, thread)
    await live(hers, his)

    await expect(his.locator("#presence")).to_have_text("2\u00a0personnes lisent ce fil")
    await hers.locator("#field-body").press_sequentially("Je")
    await expect(his.locator("#typing")).to_have_text("Ludivine Charrier\u00a0: en train d’écrire…")


async def test_words_with_rare_line_ends_arrive_whole(windows: Windows, claire: Voice) -> None:
    """A line separator of Unicode does not cut an event short."""
    thread = await claire.opens("Copié d’un tableur")
    his = await windows.of(SAMIR, thread)
    await live(his)

    await claire.says(thread, "Avant\u2028milieu\u2029fin")

    await expect(posts(his, "fin")).to_have_count(1, timeout=SOON)
    await expect(posts(his, "Avant")).to_have_count(1)


async def test_the_list_of_a_forum_moves_up_the_thread_that_is_answered(windows: Windows, claire: Voice) -> None:
    """Samir looks at the list; an older thread that is answered comes first, as it would on a fresh page."""
    old = await claire.opens("Ancien sujet")
    await claire.opens("Nouveau sujet")
    his = await windows.of(SAMIR, "/forums/club-des-acheteurs")
    await live(his)
    await expect(his.locator("#threads > li", has_not_text="Épinglé").first).to_contain_text("Nouveau sujet")

    await claire.says(old, "Du neuf sur l’ancien.")

    await expect(his.locator("#threads > li", has_not_text="Épinglé").first).to_contain_text(
        "Ancien sujet", timeout=SOON
    )
    shown = await his.locator("#threads > li").evaluate_all("(rows) => rows.map((row) => row.id)")
    await his.reload()
    assert shown == await his.locator("#threads > li").evaluate_all("(rows) => rows.map((row) => row.id)")
