"""What no address shows: menus, questions, errors, empty lists, print; and what a first visit costs."""

from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Page, Response, expect

from e2e.windows import CLAIRE, CLUB, KEEPER, LUDIVINE, ROOT, Voice, Windows, live, more, posts

FIRST_LOAD, OUR_SCRIPTS = 100_000, 15 * 1024
"""Bytes."""


async def _is_accessible(page: Page) -> None:
    for scheme in ("light", "dark"):
        await page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        found = (await Axe().run(page)).response["violations"]
        assert [f"{each['id']}: {node['html'][:160]}" for each in found for node in each["nodes"]] == []


async def test_open_menus_questions_and_forms_are_accessible(windows: Windows, claire: Voice) -> None:
    """The person's menu, the question before a thread goes, an edit form and the question before a post goes."""
    page = await windows.of(CLAIRE, await claire.opens("Tout ouvert"))
    await live(page)

    await page.locator(".person > summary").click()
    await expect(page.get_by_role("button", name="Se déconnecter")).to_be_visible()
    await _is_accessible(page)
    await page.keyboard.press("Escape")

    await page.get_by_role("button", name="Supprimer le fil").click()
    await expect(page.get_by_text("disparaîtront pour tout le monde")).to_be_visible()
    await _is_accessible(page)
    await page.keyboard.press("Escape")

    await more(posts(page), "Supprimer")
    await expect(page.get_by_role("button", name="Supprimer le message")).to_be_visible()
    await _is_accessible(page)
    await page.get_by_role("link", name="Garder le message").click()
    await posts(page).get_by_role("link", name="Modifier").click()
    await expect(posts(page).locator("textarea")).to_be_focused()
    await _is_accessible(page)


async def test_refused_forms_are_accessible(windows: Windows) -> None:
    """A thread without words, a person without a name, a sign-in without an address."""
    windows.expect_wrong("422")
    hers, keepers = await windows.of(LUDIVINE, f"{CLUB}/nouveau"), await windows.of(KEEPER)
    await hers.get_by_role("button", name="Publier le fil").click()
    await expect(hers.get_by_role("alert").first).to_be_visible()
    await _is_accessible(hers)

    await keepers.goto("/administration/personnes/nouvelle")
    await keepers.locator("main form button[type=submit]").last.click()
    await expect(keepers.locator("#summary")).to_be_visible()
    await _is_accessible(keepers)

    stranger = await (await windows.device()).new_page()
    await stranger.goto("/connexion")
    await stranger.get_by_role("button", name="Recevoir un lien de connexion").click()
    await expect(stranger.locator("#summary")).to_be_visible()
    await _is_accessible(stranger)


async def test_a_page_that_is_not_there_is_accessible(windows: Windows) -> None:
    """A wrong address says so to a member and leads back."""
    windows.expect_wrong("404")
    page = await windows.of(LUDIVINE, "/nulle-part")

    await expect(page.get_by_role("heading", name="Cette page n’existe pas")).to_be_visible()
    await _is_accessible(page)


async def test_a_search_that_finds_nobody_is_accessible(windows: Windows) -> None:
    """The directory without a result says what to do."""
    page = await windows.of(LUDIVINE, "/annuaire?q=zzzzzz")

    await expect(page.locator(".empty")).to_be_visible()
    await _is_accessible(page)


async def test_a_printed_thread_is_the_thread_alone(windows: Windows, claire: Voice) -> None:
    """On paper there is no frame, no button and no form: the words remain."""
    page = await windows.of(LUDIVINE, await claire.opens("À imprimer", "Pour le conseil de mardi."))

    await page.emulate_media(media="print")

    for screen_only in (".rail", ".top", "#composer", ".post-actions"):
        await expect(page.locator(screen_only).first).to_be_hidden()
    await expect(page.get_by_role("heading", name="À imprimer")).to_be_visible()
    await expect(page.get_by_text("Pour le conseil de mardi.")).to_be_visible()


async def test_a_first_visit_is_light_and_stays_at_home(windows: Windows) -> None:
    """The liveliest thread weighs less than 100 kB with its scripts and styles, all ours; no cookie is in reach."""
    page = await windows.of(LUDIVINE)
    await page.goto(CLUB)
    address = await page.locator("#threads a[href^='/forums/fils/']").first.get_attribute("href")
    fresh = await (await windows.device()).new_page()
    await fresh.goto("/connexion")
    await fresh.get_by_role("button", name=LUDIVINE).click()
    await fresh.goto("about:blank")
    # The sign-in page has left its styles behind: a first visit has none.
    session = await fresh.context.new_cdp_session(fresh)
    await session.send("Network.clearBrowserCache")
    answers: list[Response] = []
    fresh.on("response", lambda answer: answers.append(answer))

    await fresh.goto(windows.house.base + (address or ""))
    await live(fresh)

    assert {answer.url.startswith(windows.house.base + "/") for answer in answers} == {True}
    loaded = [answer for answer in answers if "/live?" not in answer.url]
    sizes = [await answer.request.sizes() for answer in loaded]
    assert len(loaded) >= 4
    assert 20_000 < sum(size["responseBodySize"] + size["responseHeadersSize"] for size in sizes) < FIRST_LOAD
    assert await fresh.evaluate("() => document.cookie") == ""
    assert [cookie["name"] for cookie in await fresh.context.cookies()] == ["entente"]


def test_our_scripts_stay_small() -> None:
    """What keeps pages live weighs less than 15 KB before compression; what helps to write, no more than twice that;
    what the two plans of time need, two thirds of it for each."""
    weights = {script.name: script.stat().st_size for script in (ROOT / "platform" / "static").glob("*.js")}
    assert 0 < weights.pop("live.js") < OUR_SCRIPTS
    for room in ("timeline", "planning"):
        own = [weights.pop(name) for name in list(weights) if name.startswith(room)]
        assert 0 < sum(own) < OUR_SCRIPTS / 1.5
    assert sum(weights.values()) < 2 * OUR_SCRIPTS
