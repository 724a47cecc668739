"""One person opens many tabs over HTTP/1.1, where a browser has six connections for all of them."""

import asyncio

from playwright.async_api import Page, Request, expect

from e2e.windows import LUDIVINE, SOON, Demo, Voice, Windows, live, posts

TABS = 20
TAKEN_OVER = 4_000
"""Two seconds to hand over and two to deliver, in milliseconds."""


async def test_twenty_tabs_share_one_connection_and_hand_it_over(windows: Windows, claire: Voice, demo: Demo) -> None:
    """Every tab loads and shows the news; when the one that leads closes, another takes over."""
    thread = await claire.opens("Vingt onglets")
    first = await windows.of(LUDIVINE, thread)
    await live(first)
    listening: list[Page] = []

    def note(request: Request) -> None:
        if "/live?" in request.url:
            listening.append(request.frame.page)

    first.context.on("request", note)
    tabs = [first]
    while len(tabs) < TABS:
        tab = await first.context.new_page()
        await tab.goto(thread)
        tabs.append(tab)
    await live(*tabs)
    await demo.until("entente_live_connections", 1)
    assert listening == []

    await claire.says(thread, "Pour tous les onglets.")
    await asyncio.gather(*(expect(posts(tab, "Pour tous")).to_have_count(1, timeout=SOON) for tab in tabs))

    await first.close()
    await claire.says(thread, "Pendant la relève.")
    others = tabs[1:]
    await asyncio.gather(*(expect(posts(tab, "la relève")).to_have_count(1, timeout=TAKEN_OVER) for tab in others))
    await demo.until("entente_live_connections", 1)
    assert len(set(listening)) == 1
    await asyncio.gather(*(expect(posts(tab)).to_have_count(3) for tab in others))
