"""« Aujourd’hui »: what concerns one person, room by room."""

import re
from html import unescape

from entente.clock import today
from entente.web import words
from forums import service
from world import World


async def test_the_day_begins_with_threads_that_have_news(world: World) -> None:
    """Bruno is greeted with the day in words, and led to the first post he has not read."""
    async with world.browser(world.bruno) as browser:
        page = unescape((await browser.get("/")).text)

    assert "Bonjour Bruno" in page
    assert words.weekday_date(today()).capitalize() in page
    assert re.findall(r'<a href="(/forums/fils/[^"]+)">([^<]+)</a>', page) == [
        (f"/forums/fils/{world.snow.id}?depuis=non-lus#nouveaux", "Lame de déneigement")
    ]


async def test_whoever_has_read_everything_is_told_what_to_do(world: World) -> None:
    """Awa wrote all there is: the section says that she has read it all and where to begin a thread."""
    async with world.browser(world.awa) as browser:
        page = unescape((await browser.get("/")).text)

    assert "Vous avez tout lu" in page
    assert "/forums/fils/" not in page


async def test_whoever_has_left_is_told_why_nothing_is_here(world: World) -> None:
    """Gaspard has no function any more: no room speaks to him, and the page says whom to ask."""
    async with world.browser(world.gone) as browser:
        page = await browser.get("/")

    assert page.status_code == 200
    assert "Rien ne vous attend ici" in page.text
    assert "home-section" not in page.text


async def test_at_most_eight_threads_are_named(world: World) -> None:
    """With twelve threads to read, eight are named and the way to the others is shown."""
    for number in range(11):
        await world.open(world.awa, world.technique, f"Fil {number}", "Bonjour")
    async with world.browser(world.bruno) as browser:
        page = unescape((await browser.get("/")).text)

    assert len(re.findall(r'<a href="/forums/fils/', page)) == 8
    assert "D’autres fils ont du nouveau" in page


async def test_the_home_page_costs_the_same_whatever_is_new(world: World) -> None:
    """One thread or three: as many questions."""
    costs = []
    async with world.browser(world.bruno) as browser:
        for number in range(3):
            with world.counting() as statements:
                await browser.get("/")
            costs.append(len(statements))
            await world.open(world.awa, world.technique, f"Fil {number}", "Bonjour")

    assert costs == [costs[0]] * 3


async def test_what_is_read_leaves_the_home_page(world: World) -> None:
    """Bruno reads Awa's thread: it is not news any more."""
    async with world.browser(world.bruno) as browser:
        assert str(world.snow.id) in (await browser.get("/")).text
        async with world.working(world.bruno) as work:
            await service.mark_read(work, world.snow.id, 1)
        assert str(world.snow.id) not in (await browser.get("/")).text


async def test_strangers_are_led_to_the_sign_in_page(world: World) -> None:
    """Nobody sees the home page without signing in."""
    async with world.browser() as browser:
        answer = await browser.get("/")

    assert (answer.status_code, answer.headers["location"]) == (303, "/connexion?next=%2F")
